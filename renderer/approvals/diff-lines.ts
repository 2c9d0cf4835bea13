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

/**
 * Places of lines for a view side by side: what was removed beside what was added in its stead. A hunk's or note's line
 * stands on the left alone.
 */
export function pairLines(
  lines: readonly DiffLine[],
): readonly (readonly [old: number | undefined, now: number | undefined])[] {
  const pairs: [number | undefined, number | undefined][] = [];
  let [removed, added]: [number[], number[]] = [[], []];
  const flush = () => {
    for (let row = 0; row < Math.max(removed.length, added.length); row++)
      pairs.push([removed[row], added[row]]);
    [removed, added] = [[], []];
  };
  lines.forEach(({ kind }, at) => {
    if (kind === 'removed') {
      if (added.length > 0) flush();
      removed.push(at);
    } else if (kind === 'added') added.push(at);
    else {
      flush();
      pairs.push(kind === 'same' ? [at, at] : [at, undefined]);
    }
  });
  flush();
  return pairs;
}
