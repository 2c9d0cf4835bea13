import { FastbandError } from '../../core/errors.ts';
import { findSecrets } from '../../core/redact.ts';
import { DIFF } from './common.ts';

/** For a patch that holds each line that is added: no file is taken for binary, and no heading is the repository's choice. */
export const SCANNED = [...DIFF, '--text', '--unified=0', '--src-prefix=a/', '--dst-prefix=b/'];

/**
 * The lines that a patch made with `SCANNED` adds, by file. What is a heading and what a line of a file goes by the
 * counts of each hunk: an added line "++ x" looks like the heading "+++ x".
 *
 * @throws FastbandError `git_refused` where it is no such patch
 */
export function addedLines(patch: string): Map<string, { text: string; line: number }[]> {
  const added = new Map<string, { text: string; line: number }[]>();
  let lines: { text: string; line: number }[] = [];
  let [removedLeft, addedLeft, line] = [0, 0, 0];
  for (const one of patch.split('\n')) {
    const hunk = /^@@ -\d+(?:,(\d+))? \+(\d+)(?:,(\d+))? @@/.exec(one);
    if (one.startsWith('\\')) continue;
    if (removedLeft + addedLeft > 0) {
      if (one.startsWith('+') && addedLeft > 0) {
        lines.push({ text: one.slice(1), line: line++ });
        addedLeft--;
      } else if (one.startsWith('-') && removedLeft > 0) removedLeft--;
      else throw unread();
    } else if (hunk !== null) {
      [removedLeft, addedLeft, line] = [Number(hunk[1] ?? 1), Number(hunk[3] ?? 1), Number(hunk[2])];
    } else if (one.startsWith('+++ ')) {
      lines = [];
      added.set(one.replace(/^\+\+\+ "?(?:b\/)?/, '').replace(/"?\t?$/, ''), lines);
    } else if (/^(?:@@|[+ ]|-(?!-- )|Binary files|\* Unmerged)/.test(one)) throw unread();
  }
  if (removedLeft + addedLeft > 0) throw unread();
  return added;
}

/** @throws FastbandError `secret_found` when a patch made with `SCANNED` adds what looks like a key */
export function refuseAddedSecrets(patch: string): void {
  for (const [name, lines] of addedLines(patch)) {
    const text = lines.map((one) => one.text).join('\n');
    // UTF-16 is plain text with a zero beside each character.
    const [secret] = [text, ...(text.includes('\0') ? [text.replaceAll('\0', '')] : [])].flatMap(findSecrets);
    if (secret === undefined) continue;
    const at = lines[secret.line - 1]?.line ?? 0;
    throw new FastbandError(
      'secret_found',
      `${name} line ${at} holds what looks like a secret (${secret.name}): ${secret.excerpt} Take it out, stage again. Nothing was committed.`,
    );
  }
}

function unread(): FastbandError {
  return new FastbandError(
    'git_refused',
    'What is staged could not be looked through for keys. Nothing was committed.',
  );
}
