import { describe, expect, it } from 'vitest';
import { addedLines } from './added-lines.ts';

const patch = (...lines: string[]) => ['diff --git a/x b/x', '--- a/x', '+++ b/x', ...lines, ''].join('\n');

describe('what a patch adds [GIT-2]', () => {
  it.each([
    ['a line that looks like a heading', ['@@ -0,0 +1,2 @@', '+++ b/other', '+two'], ['++ b/other', 'two']],
    ['lines taken away that look like a hunk', ['@@ -1 +1 @@', '-@@ -0,0 +1 @@', '+x'], ['x']],
    ['no end of line', ['@@ -1 +1 @@', '-a', '\\ No newline at end of file', '+b', '\\ No newline…'], ['b']],
    ['a hunk of nothing but deletions', ['@@ -1,2 +0,0 @@', '-a', '-b'], []],
  ])('%s', (_, lines, expected) => {
    expect([...addedLines(patch(...lines)).values()].flat().map(({ text }) => text)).toEqual(expected);
  });

  it.each([
    ['a hunk that is cut', ['@@ -0,0 +1,3 @@', '+a']],
    ['a hunk with something else in it', ['@@ -0,0 +1,2 @@', '+a', '[… 9 bytes left out …]', '+b']],
    ['more lines than the hunk says', ['@@ -0,0 +1 @@', '+a', '+b']],
    ['a file taken for binary', ['Binary files /dev/null and b/x differ']],
    ['a hunk of another form', ['@@@ -1 -1 +1 @@@', '++a']],
  ])('is not guessed from %s', (_, lines) => {
    expect(() => addedLines(patch(...lines))).toThrow('looked through');
  });
});
