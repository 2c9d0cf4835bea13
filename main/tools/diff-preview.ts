import { createTwoFilesPatch } from 'diff';
import type { Preview, PreviewTitle } from '../../contract/approvals.ts';
import { middleCut } from '../../contract/display.ts';

const MAX_LINES = 2000;
/** Of one line, and of all together: a file of one enormous line must not be held and drawn whole. */
const MAX_LINE = 4000;
const MAX_CHARACTERS = 400_000;
/** Comparing is quadratic at worst; past this many edits the whole file is shown as replaced. */
const MAX_EDITS = 5000;

/** A unified diff for a person. A long one keeps its head and tail and says how many lines are left out between. */
export function diffPreview(path: string, before: string, after: string): Extract<Preview, { kind: 'diff' }> {
  const patch =
    createTwoFilesPatch(path, path, before, after, '', '', { context: 3, maxEditLength: MAX_EDITS }) ??
    replaceAll(path, before, after);
  return diffFromPatch(
    path,
    patch
      .split('\n')
      .filter((line) => !/^(?:=+|Index: .*)$/.test(line))
      .join('\n'),
  );
}

/** The same of several files, from a patch that is there already. */
export function diffOfFiles(files: number, patch: string): Extract<Preview, { kind: 'diff' }> {
  return { ...diffFromPatch('', patch), files };
}

function diffFromPatch(path: string, patch: string): Extract<Preview, { kind: 'diff' }> {
  const lines = patch.split('\n');
  const added = lines.filter((line) => line.startsWith('+') && !line.startsWith('+++')).length;
  const removed = lines.filter((line) => line.startsWith('-') && !line.startsWith('---')).length;
  const { text, omitted } = headAndTail(lines);
  return { kind: 'diff', path, diff: text, added, removed, omitted };
}

/** Text for a person, shortened in the middle only. */
export function textPreview(title: PreviewTitle, text: string): Extract<Preview, { kind: 'text' }> {
  const { text: shown, omitted } = headAndTail(text.split('\n'));
  return { kind: 'text', title, text: shown, omitted };
}

function headAndTail(lines: readonly string[]): { text: string; omitted: number } {
  const whole = lines.length <= MAX_LINES;
  const head = fitting(
    whole ? lines : lines.slice(0, MAX_LINES / 2),
    whole ? MAX_CHARACTERS : MAX_CHARACTERS / 2,
  );
  if (head.length === lines.length) return { text: head.join('\n'), omitted: 0 };
  const first = fitting(head.slice(0, MAX_LINES / 2), MAX_CHARACTERS / 2);
  const last = fitting(
    lines.slice(Math.max(first.length, lines.length - MAX_LINES / 2)).reverse(),
    MAX_CHARACTERS / 2,
  );
  const omitted = lines.length - first.length - last.length;
  return {
    text: [...first, `⋯ ${omitted} lines left out ⋯`, ...last.reverse()].join('\n'),
    omitted,
  };
}

/** The first lines that together have so many characters, each shortened in its middle where it is enormous. */
function fitting(lines: readonly string[], max: number): string[] {
  const kept: string[] = [];
  let left = max;
  for (const line of lines) {
    const shown = middleCut(line, MAX_LINE);
    left -= shown.length + 1;
    if (left < 0) break;
    kept.push(shown);
  }
  return kept;
}

function replaceAll(path: string, before: string, after: string): string {
  const mark = (sign: string, text: string) => text.split('\n').map((line) => sign + line);
  const [old, now] = [before.split('\n').length, after.split('\n').length];
  return [
    `--- ${path}`,
    `+++ ${path}`,
    `@@ -1,${old} +1,${now} @@`,
    ...mark('-', before),
    ...mark('+', after),
  ].join('\n');
}
