import { spawnSync } from 'node:child_process';
import {
  chmod,
  link,
  mkdir,
  readFile as read,
  rename,
  rm,
  stat,
  symlink,
  utimes,
  writeFile as write,
} from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { refusal, ToolBench } from '../testing.ts';
import { createDirectory } from './create-directory.ts';
import { editFile } from './edit-file.ts';
import { writeFile } from './write-file.ts';

let bench: ToolBench;
beforeEach(async () => {
  bench = await ToolBench.create({
    'a.txt': 'one\ntwo\nthree\n',
    'crlf.txt': 'one\r\ntwo\r\n',
    'bom.txt': '\ufeffone\ntwo\n',
    'mixed.txt': 'a\r\nb\nc\n',
    'dir/': '',
  });
});
afterEach(() => bench.remove());

describe('write_file', () => {
  test('replaces a file, keeps its mode, and keeps the pre-image first', async () => {
    await chmod(bench.path('a.txt'), 0o750);
    const { output, plan } = await bench.call(writeFile, { path: 'a.txt', content: 'new\r\n' });
    expect(output).toEqual({ path: 'a.txt', created: false, bytes: 5 });
    expect(await bench.text('a.txt')).toBe('new\r\n');
    expect((await stat(bench.path('a.txt'))).mode & 0o777).toBe(0o750);
    expect(plan.effects).toEqual([{ kind: 'write', workspace: 'ws', path: 'a.txt', op: 'modify' }]);
    expect(bench.journal).toMatchObject([
      {
        op: 'modify',
        path: 'a.txt',
        absolute: bench.path('a.txt'),
        content: 'one\ntwo\nthree\n',
        done: true,
      },
    ]);
  });

  test('creates a file with the folders above it', async () => {
    const { plan, output } = await bench.call(writeFile, { path: 'x/y/new.txt', content: 'hi' });
    expect(output.created).toBe(true);
    expect(await bench.text('x/y/new.txt')).toBe('hi');
    expect((await stat(bench.path('x/y/new.txt'))).mode & 0o777).toBe(0o644 & ~process.umask());
    expect(plan.effects.map((one) => one.kind === 'write' && [one.op, one.path])).toEqual([
      ['mkdir', 'x'],
      ['mkdir', 'x/y'],
      ['create', 'x/y/new.txt'],
    ]);
    expect(bench.journal.map((one) => [one.op, one.path, one.done])).toEqual([
      ['mkdir', 'x', true],
      ['mkdir', 'x/y', true],
      ['create', 'x/y/new.txt', true],
    ]);
  });

  test('two calls that both make the same folder both succeed', async () => {
    const one = await bench.plan(writeFile, { path: 'x/1', content: '' });
    const two = await bench.plan(writeFile, { path: 'x/2', content: '' });
    await bench.run(writeFile, one);
    await bench.run(writeFile, two);
    expect(bench.journal.map((kept) => kept.path)).toEqual(['x', 'x/1', 'x/2']);
  });

  test('writes through a link that stays inside, to where it leads, and says so', async () => {
    await symlink('a.txt', bench.path('l'));
    const plan = await bench.plan(writeFile, { path: 'l', content: 'x' });
    expect(plan.effects).toMatchObject([{ path: 'a.txt' }]);
    expect((await bench.preview(plan)).warnings).toEqual([{ code: 'throughLink', about: ['a.txt'] }]);
    await bench.run(writeFile, plan);
    expect(await bench.text('a.txt')).toBe('x');
    expect(await bench.text('l')).toBe('x');
  });

  test('a hard link elsewhere keeps the old content', async () => {
    await link(bench.path('a.txt'), join(bench.base, 'twin'));
    const plan = await bench.plan(writeFile, { path: 'a.txt', content: 'x' });
    expect((await bench.preview(plan)).warnings).toEqual([{ code: 'otherNames', about: ['a.txt'] }]);
    await bench.run(writeFile, plan);
    expect(await read(join(bench.base, 'twin'), 'utf8')).toBe('one\ntwo\nthree\n');
  });

  test('leaves no other file behind', async () => {
    await bench.call(writeFile, { path: 'dir/only', content: 'x' });
    expect([...(await bench.snapshot()).keys()].filter((path) => path.includes('/dir/'))).toEqual([
      bench.path('dir/only'),
    ]);
  });

  test('shows a diff; of binary, that it cannot', async () => {
    const shown = await bench.preview(
      await bench.plan(writeFile, { path: 'a.txt', content: 'one\n2\nthree\n' }),
    );
    expect(shown.previews).toMatchObject([{ kind: 'diff', path: 'a.txt', added: 1, removed: 1, omitted: 0 }]);
    expect(shown.previews[0]?.kind === 'diff' && shown.previews[0].diff).toContain('-two\n+2');
    await bench.put('bin', Buffer.from([0, 1, 2]));
    expect(
      (await bench.preview(await bench.plan(writeFile, { path: 'bin', content: 'x' }))).warnings,
    ).toEqual([{ code: 'unshown', about: ['bin'] }]);
  });

  test('a long diff keeps head and tail and counts what it leaves out', async () => {
    const content = Array.from({ length: 9000 }, (_, i) => `row ${i}`).join('\n');
    const [shown] = (await bench.preview(await bench.plan(writeFile, { path: 'new', content }))).previews;
    if (shown?.kind !== 'diff') throw new Error('no diff');
    expect(shown.added).toBe(9000);
    expect(shown.omitted).toBeGreaterThan(6000);
    expect(shown.diff).toContain('+row 0\n');
    expect(shown.diff).toContain('+row 8999');
  });

  test.each([
    ['.github/workflows/ci.yml', 'runByCi'],
    ['package.json', 'holdsCommands'],
    ['sub/.envrc', 'changesTools'],
    ['.hidden/x', 'hiddenFolder'],
    ['CLAUDE.md', 'tellsAgents'],
    ['.VSCode/tasks.json', 'startsCommands'],
    ['.husky/pre-commit', 'holdsHooks'],
  ])('%s warns: %s', async (path, code) => {
    expect((await bench.preview(await bench.plan(writeFile, { path, content: 'x' }))).warnings).toEqual([
      { code, about: [path] },
    ]);
  });

  test('says when it is too large to be undone', async () => {
    bench.set({ journal: { maxFileBytes: 5 } });
    expect(
      (await bench.preview(await bench.plan(writeFile, { path: 'a.txt', content: 'x' }))).warnings,
    ).toContainEqual({ code: 'noCopy', about: ['a.txt'] });
  });

  test.each([
    ['a folder', 'dir', 'invalid_input'],
    ['git’s data', '.git/config', 'path_refused'],
    ['the policy', '.fastband/policy.yaml', 'path_refused'],
    ['outside', '../x', 'outside_workspace'],
    ['below a file', 'a.txt/x', 'not_found'],
  ])('%s is refused', async (_, path, code) => {
    expect((await refusal(bench.plan(writeFile, { path, content: '' }))).code).toBe(code);
  });

  test('text that no file can hold is refused', async () => {
    expect((await refusal(bench.plan(writeFile, { path: 'n', content: 'a\ud800' }))).code).toBe(
      'invalid_input',
    );
  });
});

describe('what changed between the plan and the run is never overwritten [CALL-2]', () => {
  test.each<[string, () => Promise<unknown>]>([
    ['content', () => write(bench.path('a.txt'), 'somebody else\n')],
    ['mode', () => chmod(bench.path('a.txt'), 0o600)],
    ['removal', () => rm(bench.path('a.txt'))],
    [
      'replacement',
      async () => {
        await write(bench.path('b'), 'one\ntwo\nthree\n');
        await rename(bench.path('b'), bench.path('a.txt'));
      },
    ],
    [
      'a link out',
      async () => {
        await rm(bench.path('a.txt'));
        await write(join(bench.base, 'outside'), 'one\ntwo\nthree\n');
        await symlink(join(bench.base, 'outside'), bench.path('a.txt'));
      },
    ],
    [
      'a folder',
      async () => {
        await rm(bench.path('a.txt'));
        await mkdir(bench.path('a.txt'));
      },
    ],
  ])('%s', async (_, change) => {
    const plan = await bench.plan(writeFile, { path: 'a.txt', content: 'mine' });
    await change();
    expect((await refusal(bench.run(writeFile, plan))).code).toBe('changed_since_plan');
    expect(bench.journal.filter((one) => one.done)).toEqual([]);
  });

  test('content of the same length, its time set back', async () => {
    await utimes(bench.path('a.txt'), 1000, 1000);
    const plan = await bench.plan(writeFile, { path: 'a.txt', content: 'mine' });
    await write(bench.path('a.txt'), 'ONE\ntwo\nthree\n');
    await utimes(bench.path('a.txt'), 1000, 1000);
    expect((await refusal(bench.run(writeFile, plan))).code).toBe('changed_since_plan');
    expect(await bench.text('a.txt')).toBe('ONE\ntwo\nthree\n');
  });

  test('also in the moment after the pre-image was kept', async () => {
    const plan = await bench.plan(writeFile, { path: 'a.txt', content: 'mine' });
    bench.afterKept = () => write(bench.path('a.txt'), 'somebody else');
    // The test's own change is no effect of the plan, so the bench is not asked to compare.
    expect((await refusal(Promise.resolve(writeFile.run(plan, bench.runContext())))).code).toBe(
      'changed_since_plan',
    );
    expect(await bench.text('a.txt')).toBe('somebody else');
  });

  test('a new file does not replace one that has come to be', async () => {
    const plan = await bench.plan(writeFile, { path: 'new', content: 'mine' });
    await bench.put('new', 'theirs');
    expect((await refusal(bench.run(writeFile, plan))).code).toBe('changed_since_plan');
    expect(await bench.text('new')).toBe('theirs');
  });

  test('a folder that became a link out gets nothing', async () => {
    const plan = await bench.plan(writeFile, { path: 'dir/deep/new', content: 'mine' });
    await rm(bench.path('dir'), { recursive: true });
    await mkdir(join(bench.base, 'outside'));
    await symlink(join(bench.base, 'outside'), bench.path('dir'));
    expect((await refusal(bench.run(writeFile, plan))).code).toBe('changed_since_plan');
  });

  test('a cancelled call changes nothing', async () => {
    const plan = await bench.plan(writeFile, { path: 'a.txt', content: 'mine' });
    bench.controller.abort(new Error('stopped'));
    expect((await refusal(bench.run(writeFile, plan))).message).toBe('stopped');
    expect(await bench.text('a.txt')).toBe('one\ntwo\nthree\n');
  });

  test('a full disk changes nothing and leaves nothing', async (context) => {
    const small = bench.path('small');
    await mkdir(small);
    if (spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', small]).status !== 0)
      context.skip('needs a file system of its own');
    try {
      await write(join(small, 'f'), 'old');
      const plan = await bench.plan(writeFile, { path: 'small/f', content: 'x'.repeat(200_000) });
      const { code, message } = await refusal(bench.run(writeFile, plan));
      expect([code, message]).toEqual(['tool_failed', expect.stringContaining('the disk is full')]);
      expect(await read(join(small, 'f'), 'utf8')).toBe('old');
    } finally {
      spawnSync('umount', [small]);
    }
  });
});

describe('edit_file', () => {
  test.each([
    ['one edit', [{ old: 'x', new: 'y'.repeat(1_000_000), all: true }]],
    [
      'edits that each make more of the last one',
      Array.from({ length: 12 }, (_, i) => ({
        old: String.fromCharCode(120 + (i % 2)),
        new: String.fromCharCode(121 - (i % 2)).repeat(10),
        all: true,
      })),
    ],
  ])('%s: a file does not become larger than can be read [CALL-6]', async (_, edits) => {
    await write(bench.path('bomb.txt'), 'x'.repeat(1000));
    expect((await refusal(bench.plan(editFile, { path: 'bomb.txt', edits }))).code).toBe('too_large');
  });

  test('replaces exact texts in order', async () => {
    const { output } = await bench.call(editFile, {
      path: 'a.txt',
      edits: [
        { old: 'two', new: '2' },
        { old: '2\nthree', new: '2+3' },
      ],
    });
    expect(output).toEqual({ path: 'a.txt', replacements: 2 });
    expect(await bench.text('a.txt')).toBe('one\n2+3\n');
  });

  test('special characters of replacement patterns mean themselves', async () => {
    await bench.call(editFile, { path: 'a.txt', edits: [{ old: 'two', new: "$& $1 $' $$" }] });
    expect(await bench.text('a.txt')).toBe("one\n$& $1 $' $$\nthree\n");
  });

  test('keeps CRLF, also where the caller sends LF', async () => {
    await bench.call(editFile, { path: 'crlf.txt', edits: [{ old: 'one\ntwo', new: '1\n2\n3' }] });
    expect(await bench.text('crlf.txt')).toBe('1\r\n2\r\n3\r\n');
  });

  test('touches nothing but the text in a file of mixed line ends', async () => {
    await bench.call(editFile, { path: 'mixed.txt', edits: [{ old: 'b', new: 'B' }] });
    expect(await bench.text('mixed.txt')).toBe('a\r\nB\nc\n');
  });

  test('keeps a byte order mark', async () => {
    await bench.call(editFile, { path: 'bom.txt', edits: [{ old: 'one', new: '1' }] });
    expect(await bench.text('bom.txt')).toBe('\ufeff1\ntwo\n');
  });

  test('all replaces every occurrence', async () => {
    const { output } = await bench.call(editFile, {
      path: 'a.txt',
      edits: [{ old: 'e', new: 'E', all: true }],
    });
    expect(output.replacements).toBe(3);
    expect(await bench.text('a.txt')).toBe('onE\ntwo\nthrEE\n');
  });

  test('one edit that does not fit leaves the others undone', async () => {
    const { code, message } = await refusal(
      bench.plan(editFile, {
        path: 'a.txt',
        edits: [
          { old: 'one', new: '1' },
          { old: 'nope nope', new: '' },
        ],
      }),
    );
    expect(code).toBe('invalid_input');
    expect(message).toContain('Edit 2');
    expect(await bench.text('a.txt')).toBe('one\ntwo\nthree\n');
  });

  test('an ambiguous text names how often and where', async () => {
    const { message } = await refusal(
      bench.plan(editFile, { path: 'a.txt', edits: [{ old: 'o', new: '0' }] }),
    );
    expect(message).toContain('2 times');
    expect(message).toContain('lines 1, 2');
  });

  test('an absent text names the line most like it', async () => {
    await bench.put(
      'code.ts',
      'import x from "y";\nfunction total(items: Item[]): number {\n  return 1;\n}\n',
    );
    const { message } = await refusal(
      bench.plan(editFile, {
        path: 'code.ts',
        edits: [{ old: 'function total(items: Item[]): string {', new: '' }],
      }),
    );
    expect(message).toContain('line 2');
    const spaces = await refusal(
      bench.plan(editFile, {
        path: 'code.ts',
        edits: [{ old: 'function total(items: Item[]): number {\n\treturn 1;', new: '' }],
      }),
    );
    expect(spaces.message).toContain('Line 2');
  });

  test('what the rules hide is not told by an error [FS-8]', async () => {
    await bench.put('secret.txt', 'password hunter2');
    bench.hidden.add('ws:secret.txt');
    for (const old of ['password', 'password hunter3', 's']) {
      const { code, message } = await refusal(
        bench.plan(editFile, { path: 'secret.txt', edits: [{ old, new: 'x' }] }),
      );
      expect(code).toBe('denied_by_rule');
      expect(message).not.toContain('hunter');
    }
  });

  test('edits that change nothing, empty texts and binary files are errors', async () => {
    expect(
      (await refusal(bench.plan(editFile, { path: 'a.txt', edits: [{ old: 'one', new: 'one' }] }))).code,
    ).toBe('invalid_input');
    expect(editFile.input.safeParse({ path: 'a.txt', edits: [{ old: '', new: 'x' }] }).success).toBe(false);
    expect(editFile.input.safeParse({ path: 'a.txt', edits: [] }).success).toBe(false);
    await bench.put('bin', Buffer.from([0, 1]));
    expect((await refusal(bench.plan(editFile, { path: 'bin', edits: [{ old: 'a', new: 'b' }] }))).code).toBe(
      'invalid_input',
    );
    expect(
      (await refusal(bench.plan(editFile, { path: 'nope', edits: [{ old: 'a', new: 'b' }] }))).code,
    ).toBe('not_found');
  });

  test('an edit planned on other content does not run', async () => {
    const plan = await bench.plan(editFile, { path: 'a.txt', edits: [{ old: 'two', new: '2' }] });
    await write(bench.path('a.txt'), 'zero\ntwo\n');
    expect((await refusal(bench.run(editFile, plan))).code).toBe('changed_since_plan');
  });
});

describe('create_directory', () => {
  test('makes what is missing', async () => {
    const { output, plan } = await bench.call(createDirectory, { path: 'dir/p/q' });
    expect(output).toEqual({ path: 'dir/p/q', created: ['dir/p', 'dir/p/q'] });
    expect(plan.effects).toHaveLength(2);
    expect((await stat(bench.path('dir/p/q'))).isDirectory()).toBe(true);
  });

  test('one that is there is no change', async () => {
    const { output, plan } = await bench.call(createDirectory, { path: 'dir' });
    expect(output.created).toEqual([]);
    expect(plan.effects).toEqual([{ kind: 'read', workspace: 'ws', path: 'dir' }]);
  });

  test.each([
    ['a.txt', 'conflict'],
    ['.git', 'path_refused'],
    ['x/.git/hooks', 'path_refused'],
    ['../x', 'outside_workspace'],
  ])('%s is refused', async (path, code) => {
    expect((await refusal(bench.plan(createDirectory, { path }))).code).toBe(code);
  });
});
