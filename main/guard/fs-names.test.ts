import { describe, expect, test } from 'vitest';
import { holds, isGitName, isPolicyFolderName, pathProblem, windowsPathProblem } from './fs-names.ts';

describe('what Windows takes for something else [FS-1]', () => {
  test.each([
    'CON',
    'con',
    'nul',
    'NUL.txt',
    'aux.tar.gz',
    'dir/PRN',
    'dir\\com1',
    'COM9.log',
    'lpt¹',
    'COM²',
    'CONIN$',
    'conout$',
    'nul .txt',
    'a.txt:hidden',
    'a.txt::$DATA',
    'C:evil',
    'C:\\dir\\a:b',
    'dir:stream/x',
    'a.txt.',
    'a.txt ',
    'dir./x',
    'dir /x',
    '.git.',
    '.git ',
    '\\\\server\\share',
    '//server/share',
    '\\\\.\\PhysicalDrive0',
    '\\\\?\\C:\\x',
    '\\\\?\\UNC\\s\\x',
    '\\??\\C:\\x',
    'a<b',
    'a>b',
    'a"b',
    'a|b',
    'a?b',
    'a*b',
    'a\u0001b',
  ])('%j is refused there', (path) => {
    expect(windowsPathProblem(path)).toBeTypeOf('string');
    expect(pathProblem(path, 'win32')).toBeTypeOf('string');
    expect(pathProblem(path, 'linux')).toBeUndefined();
  });

  test.each([
    'a.txt',
    'C:\\work\\a.txt',
    'c:/code/a.txt',
    'console',
    'com',
    'com10',
    'nullable.ts',
    'auxiliary',
    'dir/..',
    './x',
    'notes..txt',
    '.gitignore',
    'a b',
    'lpt',
  ])('%j is a plain path there', (path) => {
    expect(pathProblem(path, 'win32')).toBeUndefined();
  });
});

test.each([
  '.git',
  '.GIT',
  '.Git',
  '.git.',
  '.git ',
  '.git. .',
  '.git:x',
  '.git::$INDEX_ALLOCATION',
  'GIT~1',
  'git~1',
  '.g\u200cit',
  '.\ufeffgit',
  '．git',
  '.ｇｉｔ',
])('%j is .git to some file system [FS-4]', (name) => {
  expect(isGitName(name)).toBe(true);
});

test.each(['git', '.gitignore', '.github', '.git2', 'a.git', 'git~2', '.gi t', 'x.git.'])(
  '%j is not .git',
  (name) => {
    expect(isGitName(name)).toBe(false);
  },
);

test('the policy folder goes by any case [FS-4]', () => {
  for (const name of ['.fastband', '.FASTBAND', '.Fastband', '.fastband.', '.fast\u200dband'])
    expect(isPolicyFolderName(name)).toBe(true);
  for (const name of ['fastband', '.fastbands', '.fastband2']) expect(isPolicyFolderName(name)).toBe(false);
});

test('containment goes by whole names', () => {
  expect(holds('/ws', '/ws')).toBe(true);
  expect(holds('/ws', '/ws/a')).toBe(true);
  expect(holds('/', '/ws')).toBe(true);
  for (const other of ['/ws-evil', '/wsx/a', '/w', '/', '/other/ws']) expect(holds('/ws', other)).toBe(false);
  if (process.platform === 'linux') expect(holds('/ws', '/WS/a')).toBe(false);
  else expect(holds('/ws', '/WS/a')).toBe(true);
});
