import { lstat, mkdir, readlink, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { refusal, ToolBench } from '../testing.ts';
import { movePath } from './move-path.ts';

let bench: ToolBench;
beforeEach(async () => {
  bench = await ToolBench.create({ 'a.txt': 'one', 'b.txt': 'two', 'tree/x/1': '1', 'dir/': '' });
});
afterEach(() => bench.remove());

test('a file moves, with its folder made', async () => {
  const { plan, output } = await bench.call(movePath, { from: 'a.txt', to: 'new/place.txt' });
  expect(output).toEqual({ from: 'a.txt', to: 'new/place.txt' });
  expect(await bench.text('new/place.txt')).toBe('one');
  expect((await lstat(bench.path('new/place.txt'))).nlink).toBe(1);
  expect(
    plan.effects.map(
      (one) => `${one.kind} ${one.kind === 'write' ? one.op : ''} ${'path' in one ? one.path : ''}`,
    ),
  ).toEqual(['read  a.txt', 'write mkdir new', 'write move a.txt', 'write create new/place.txt']);
  expect(bench.journal).toMatchObject([
    { op: 'mkdir', path: 'new' },
    {
      op: 'move',
      path: 'a.txt',
      movedTo: { path: 'new/place.txt', absolute: bench.path('new/place.txt') },
      done: true,
    },
  ]);
});

test('a folder moves with all in it', async () => {
  const { plan } = await bench.call(movePath, { from: 'tree', to: 'dir/tree2' });
  expect(await bench.text('dir/tree2/x/1')).toBe('1');
  expect(plan.effects).toEqual([
    { kind: 'read', workspace: 'ws', path: 'tree', tree: true },
    { kind: 'write', workspace: 'ws', path: 'tree', op: 'move', tree: true },
    { kind: 'write', workspace: 'ws', path: 'dir/tree2', op: 'create', tree: true },
  ]);
});

test('a link moves as a link', async () => {
  await symlink('nowhere', bench.path('l'));
  await bench.call(movePath, { from: 'l', to: 'dir/l' });
  expect(await readlink(bench.path('dir/l'))).toBe('nowhere');
});

describe('refused', () => {
  test.each([
    ['onto a file', 'a.txt', 'b.txt', 'conflict'],
    ['onto a folder', 'a.txt', 'dir', 'conflict'],
    ['onto itself', 'a.txt', 'a.txt', 'conflict'],
    ['into itself', 'tree', 'tree/x/y', 'invalid_input'],
    ['nothing', 'nope', 'x', 'not_found'],
    ['the workspace', '.', 'x', 'path_refused'],
    ['to outside', 'a.txt', '../a.txt', 'outside_workspace'],
    ['from outside', '../home', 'x', 'outside_workspace'],
    ['into git’s data', 'a.txt', '.git/hooks/pre-commit', 'path_refused'],
    ['to be git’s data', 'dir', 'tree/.git', 'path_refused'],
    ['to be the policy', 'dir', '.fastband', 'path_refused'],
  ])('%s', async (_, from, to, code) => {
    expect((await refusal(bench.plan(movePath, { from, to }))).code).toBe(code);
  });

  test('a folder that holds a repository', async () => {
    await bench.put('tree/.git/config', '');
    expect((await refusal(bench.plan(movePath, { from: 'tree', to: 'tree2' }))).code).toBe('path_refused');
  });

  test('what the rules hide does not move to where they do not, alone or in a folder [FS-8]', async () => {
    bench.hidden.add('ws:a.txt').add('ws:tree/x/1');
    expect((await refusal(bench.plan(movePath, { from: 'a.txt', to: 'open.txt' }))).code).toBe(
      'denied_by_rule',
    );
    expect((await refusal(bench.plan(movePath, { from: 'tree', to: 'open' }))).code).toBe('denied_by_rule');
    expect((await refusal(bench.plan(movePath, { from: 'tree/x', to: 'open' }))).code).toBe('denied_by_rule');
  });

  test('into a read-only workspace, or across workspaces', async () => {
    await mkdir(join(bench.base, 'other'));
    bench.workspaces.push({ name: 'other', root: join(bench.base, 'other'), readOnly: false, createdAt: 0 });
    expect((await refusal(bench.plan(movePath, { from: 'ws/a.txt', to: 'other/a.txt' }))).code).toBe(
      'invalid_input',
    );
    bench.workspaces[1] = { name: 'other', root: join(bench.base, 'other'), readOnly: true, createdAt: 0 };
    expect((await refusal(bench.plan(movePath, { from: 'ws/a.txt', to: 'other/a.txt' }))).code).toBe(
      'read_only',
    );
  });
});

describe('what changed since the plan stays [CALL-2]', () => {
  test.each<[string, string, () => Promise<unknown>]>([
    ['a file’s content', 'a.txt', () => writeFile(bench.path('a.txt'), 'new work')],
    ['something where it would go', 'a.txt', () => writeFile(bench.path('dir/to'), 'new work')],
    ['a link where it would go', 'a.txt', () => symlink(join(bench.base, 'home/x'), bench.path('dir/to'))],
    ['a new file in the folder', 'tree', () => writeFile(bench.path('tree/x/2'), 'new work')],
    [
      'the folder it would go to is a link out',
      'a.txt',
      async () => {
        await rm(bench.path('dir'), { recursive: true });
        await symlink(bench.home, bench.path('dir'));
      },
    ],
    [
      'the folder it comes from is a link',
      'tree/x',
      async () => {
        await rename(bench.path('tree'), join(bench.base, 't'));
        await symlink(join(bench.base, 't'), bench.path('tree'));
      },
    ],
  ])('%s', async (_, from, change) => {
    const plan = await bench.plan(movePath, { from, to: 'dir/to' });
    await change();
    expect((await refusal(bench.run(movePath, plan))).code).toBe('changed_since_plan');
  });
});
