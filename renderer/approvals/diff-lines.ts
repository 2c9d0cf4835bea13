/** One line of a shown diff. `note` is what stands between hunks: a file's name, a mode, a binary file. */
export interface DiffLine {
  readonly kind: 'added' | 'removed' | 'same' | 'hunk' | 'note';
  readonly old?: number;
  readonly new?: number;
  readonly text: string;
}

const HUNK = /^@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@(.*)$/;
/** Says again what the preview's own heading says. */
const SAID_ALREADY = /^(?:Index: |=+$|index [0-9a-f]+\.\.|--- |\+\+\+ )/;

/**
 * A unified diff as lines with their numbers. Nothing of a hunk is ever taken for a heading: a removed line
 * `-- secret` reads `--- secret` in a diff, and must not vanish. Lines are counted as the hunk says.
 */
export function diffLines(diff: string): DiffLine[] {
  const lines: DiffLine[] = [];
  let [oldLine, newLine, oldLeft, newLeft] = [0, 0, 0, 0];
  for (const line of diff.replace(/\n$/, '').split('\n')) {
    const inside = oldLeft > 0 || newLeft > 0;
    const text = line.slice(1);
    const hunk = HUNK.exec(line);
    if (hunk !== null) {
      [oldLine, newLine] = [Number(hunk[1]), Number(hunk[3])];
      [oldLeft, newLeft] = [Number(hunk[2] ?? 1), Number(hunk[4] ?? 1)];
      lines.push({ kind: 'hunk', text: (hunk[5] ?? '').trim() });
    } else if (inside && line.startsWith('+')) {
      newLeft--;
      lines.push({ kind: 'added', new: newLine++, text });
    } else if (inside && line.startsWith('-')) {
      oldLeft--;
      lines.push({ kind: 'removed', old: oldLine++, text });
    } else if (inside && (line.startsWith(' ') || line === '')) {
      oldLeft--;
      newLeft--;
      lines.push({ kind: 'same', old: oldLine++, new: newLine++, text });
    } else if (line.startsWith('\\')) {
      lines.push({ kind: 'note', text: text.trim() });
    } else if (inside || !SAID_ALREADY.test(line)) {
      lines.push({ kind: 'note', text: line });
    }
  }
  return lines;
}
