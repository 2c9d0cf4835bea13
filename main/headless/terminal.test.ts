import { CommanderError } from 'commander';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { FastbandError } from '../core/errors.ts';
import { report, table, UsageError } from './terminal.ts';

describe('a table', () => {
  test('aligns its columns', () => {
    const text = table(
      [
        { name: 'a', root: '/x' },
        { name: 'longer', root: '/y' },
      ],
      [
        { title: 'NAME', of: (row) => row.name },
        { title: 'FOLDER', of: (row) => row.root },
      ],
    );
    expect(text.split('\n').map((line) => line.replace(/\s{2,}/g, '|'))).toEqual([
      'NAME|FOLDER',
      'a|/x',
      'longer  /y'.replace('  ', '|'),
    ]);
  });

  test('shows what would move the cursor, clear the screen or turn the reading direction [UI-3]', () => {
    const text = table([{ name: 'a\u001b[2Jb\rc\nd\u202Ee' }], [{ title: 'NAME', of: (row) => row.name }]);
    expect(text).toContain('a⟦ESC⟧[2Jb⟦CR⟧c⟦LF⟧d⟦RLO⟧e');
    expect(text.split('\n')).toHaveLength(2);
  });
});

describe('what is said of an error', () => {
  let said = '';
  beforeEach(() => {
    said = '';
    vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
      said += String(text);
      return true;
    });
  });
  afterEach(() => {
    vi.restoreAllMocks();
  });

  test.each([
    [
      'a failure',
      new FastbandError('not_found', 'There is no such rule.'),
      1,
      'fastband: There is no such rule.\n',
    ],
    ['a wrong call', new UsageError('Say one of them.'), 2, 'fastband: Say one of them.\n'],
    [
      'what the core calls wrong input',
      new FastbandError('invalid_input', 'Not so.'),
      2,
      'fastband: Not so.\n',
    ],
    [
      'an unknown option',
      new CommanderError(1, 'commander.unknownOption', "error: unknown option '-x'"),
      2,
      "fastband: unknown option '-x'\n",
    ],
    ['help that was asked for', new CommanderError(0, 'commander.helpDisplayed', '(outputHelp)'), 0, ''],
    [
      'an escape sequence in a message',
      new FastbandError('conflict', 'a\u001b[31mb'),
      1,
      'fastband: a⟦ESC⟧[31mb\n',
    ],
  ])('%s', (_name, error, code, text) => {
    expect(report(error, false)).toBe(code);
    expect(said).toBe(text);
  });

  test('with --json it is JSON', () => {
    report(new FastbandError('port_in_use', 'Port 1 is in use.'), true);
    expect(JSON.parse(said)).toEqual({ error: { code: 'port_in_use', message: 'Port 1 is in use.' } });
  });

  test('a defect shows neither its message nor its stack: they may hold anything', () => {
    expect(report(new Error('token fb_secret leaked'), false)).toBe(1);
    expect(said).not.toContain('fb_secret');
    expect(said).not.toContain('.ts:');
  });
});
