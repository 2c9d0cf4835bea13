import { describe, expect, it } from 'vitest';
import { diffLines, pairLines } from './diff-lines.ts';

const brief = (diff: string): string[] =>
  diffLines(diff).map((line) => `${line.kind} ${line.old ?? '-'} ${line.new ?? '-'} ${line.text}`);

describe('a diff as a person sees it', () => {
  it('has its lines numbered on both sides', () => {
    const diff =
      '--- a/x\n+++ b/x\n@@ -3,3 +3,4 @@ function f() {\n one\n-two\n+2\n+two and a half\n three\n';
    expect(brief(diff)).toEqual([
      'hunk - - function f() {',
      'same 3 3 one',
      'removed 4 - two',
      'added - 4 2',
      'added - 5 two and a half',
      'same 5 6 three',
    ]);
  });

  it('shows changed lines that look like headings', () => {
    const diff = '--- a/q.sql\n+++ b/q.sql\n@@ -1,2 +1,2 @@\n--- drop the guard\n-x\n+++ i\n+@@ -1 +1 @@\n';
    expect(brief(diff)).toEqual([
      'hunk - - ',
      'removed 1 - -- drop the guard',
      'removed 2 - x',
      'added - 1 ++ i',
      'added - 2 @@ -1 +1 @@',
    ]);
  });

  it('names each file of a commit', () => {
    const diff =
      'diff --git a/a b/a\nindex 12ab..34cd 100644\n--- a/a\n+++ b/a\n@@ -1 +1 @@\n-1\n+2\ndiff --git a/b b/b\nold mode 100644\nnew mode 100755\nBinary files a/c and b/c differ\n';
    expect(brief(diff)).toEqual([
      'note - - diff --git a/a b/a',
      'hunk - - ',
      'removed 1 - 1',
      'added - 1 2',
      'note - - diff --git a/b b/b',
      'note - - old mode 100644',
      'note - - new mode 100755',
      'note - - Binary files a/c and b/c differ',
    ]);
  });

  it('says where a last line has no end, and where lines were left out', () => {
    const diff = '@@ -0,0 +1,9 @@\n+a\n… 7 lines left out …\n+b\n\\ No newline at end of file\n';
    expect(brief(diff)).toEqual([
      'hunk - - ',
      'added - 1 a',
      'note - - … 7 lines left out …',
      'added - 2 b',
      'note - - No newline at end of file',
    ]);
  });

  it('that is no diff is shown as it is', () =>
    expect(brief('hello\nworld')).toEqual(['note - - hello', 'note - - world']));
});

it('side by side, what was removed stands beside what came in its stead', () => {
  const lines = diffLines('@@ -1,3 +1,4 @@\n same\n-old 1\n-old 2\n+new 1\n+new 2\n+new 3\n');
  expect(pairLines(lines)).toEqual([
    [0, undefined],
    [1, 1],
    [2, 4],
    [3, 5],
    [undefined, 6],
  ]);
});
