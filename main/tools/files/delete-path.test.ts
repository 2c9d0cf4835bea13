import { spawnSync } from 'node:child_process';
import { mkdir, readdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { refusal, ToolBench } from '../testing.ts';
import { deletePath } from './delete-path.ts';

let bench: ToolBench;
beforeEach(async () => {
  bench = await ToolBench.create({
    'a.txt': 'one\ntwo\n',
    'tree/x/1': '1',
    'tree/x/2': '22',
    'tree/y': 'y',
    'empty/': '',
  });
  await mkdir(join(bench.base, 'outside'));
  await writeFile(join(bench.base, 'outside/kept'), 'kept');
});
afterEach(() => bench.remove());

test('a file goes, after its content was kept', async () => {
  const plan = await bench.plan(deletePath, { path: 'a.txt' });
  const { previews } = await bench.preview(plan);
  expect(previews).toMatchObject([{ kind: 'diff', path: 'a.txt', added: 0, removed: 2 }]);
  const { output } = await bench.run(deletePath, plan);
  expect(output).toEqual({ path: 'a.txt', removed: 1 });
  expect(await readdir(bench.root)).not.toContain('a.txt');
  expect(bench.journal).toMatchObject([{ op: 'delete', path: 'a.txt', content: 'one\ntwo\n', done: true }]);
});

test('a folder needs recursive, and goes with all in it', async () => {
  expect((await refusal(bench.plan(deletePath, { path: 'tree' }))).message).toContain('recursive');
  const plan = await bench.plan(deletePath, { path: 'tree', recursive: true });
  expect(plan.effects.map((one) => one.kind === 'write' && one.path)).toEqual([
    'tree/x',
    'tree/y',
    'tree/x/1',
    'tree/x/2',
    'tree',
  ]);
  const [shown] = (await bench.preview(plan)).previews;
  expect(shown).toMatchObject({
    kind: 'text',
    title: { code: 'deleteFolder', about: ['tree', 4, expect.any(Number)] },
    text: expect.stringContaining('tree/x/2'),
  });
  await bench.run(deletePath, plan);
  expect((await readdir(bench.root)).sort()).toEqual(['a.txt', 'empty']);
  expect(bench.journal).toMatchObject([{ op: 'delete', path: 'tree', done: true }]);
});

test('of many files the folder stands for all', async () => {
  for (let i = 0; i < 250; i++) await bench.put(`many/${i}`, '');
  const { plan } = await bench.call(deletePath, { path: 'many', recursive: true });
  expect(plan.effects).toEqual([{ kind: 'write', workspace: 'ws', path: 'many', op: 'delete', tree: true }]);
});

test('a link goes; what it leads to stays', async () => {
  await symlink(join(bench.base, 'outside'), bench.path('l'));
  await symlink('nowhere', bench.path('dangling'));
  await symlink(join(bench.base, 'outside'), bench.path('tree/l'));
  for (const path of ['l', 'dangling', 'tree']) await bench.call(deletePath, { path, recursive: true });
  expect(await readdir(bench.root)).toEqual(['a.txt', 'empty']);
  expect(await readFile(join(bench.base, 'outside/kept'), 'utf8')).toBe('kept');
});

describe('refused', () => {
  test.each([
    ['the workspace itself', '.', 'path_refused'],
    ['the workspace by another way', 'tree/..', 'path_refused'],
    ['nothing', 'nope', 'not_found'],
    ['outside', '../outside', 'outside_workspace'],
    ['git’s data', '.git', 'path_refused'],
    ['the policy', '.fastband', 'path_refused'],
  ])('%s', async (_, path, code) => {
    await bench.put('.git/config', '');
    await bench.put('.fastband/policy.yaml', '');
    expect((await refusal(bench.plan(deletePath, { path, recursive: true }))).code).toBe(code);
  });

  test.each(['tree/x/.git/HEAD', 'tree/.GIT', 'tree/.fastband/policy.yaml', 'tree/x/.git'])(
    'a folder that holds %s',
    async (path) => {
      await bench.put(path, '');
      expect((await refusal(bench.plan(deletePath, { path: 'tree', recursive: true }))).code).toBe(
        'path_refused',
      );
    },
  );

  test('a folder that holds Fastband’s own, or another workspace', async () => {
    const home = {
      ...bench.planContext(),
      ports: { ...bench.planContext().ports, home: bench.path('tree/x') },
    };
    expect(
      (await refusal(Promise.resolve(deletePath.plan({ path: 'tree', recursive: true }, home)))).code,
    ).toBe('path_refused');
    bench.workspaces.push({ name: 'inner', root: bench.path('tree/x'), readOnly: false, createdAt: 0 });
    expect((await refusal(bench.plan(deletePath, { path: 'ws/tree', recursive: true }))).code).toBe(
      'path_refused',
    );
    expect((await refusal(bench.plan(deletePath, { path: 'ws/tree/x', recursive: true }))).code).toBe(
      'path_refused',
    );
  });

  test.skipIf(process.platform === 'win32')('a folder that holds a pipe', async () => {
    expect(spawnSync('mkfifo', [bench.path('tree/pipe')]).status).toBe(0);
    expect((await refusal(bench.plan(deletePath, { path: 'tree', recursive: true }))).code).toBe(
      'path_refused',
    );
  });
});

describe('what changed since the plan is not deleted [CALL-2]', () => {
  test.each<[string, string, () => Promise<unknown>]>([
    ['a file’s content', 'a.txt', () => writeFile(bench.path('a.txt'), 'new work')],
    [
      'a file that is a folder now',
      'a.txt',
      async () => {
        await rm(bench.path('a.txt'));
        await mkdir(bench.path('a.txt'));
      },
    ],
    ['a file in the folder', 'tree', () => writeFile(bench.path('tree/x/1'), 'new work')],
    ['a new file in the folder', 'tree', () => writeFile(bench.path('tree/x/3'), 'new work')],
    ['a new repository in the folder', 'tree', () => mkdir(bench.path('tree/.git'))],
    [
      'the folder for a link out',
      'tree',
      async () => {
        await rename(bench.path('tree'), bench.path('t2'));
        await symlink(join(bench.base, 'outside'), bench.path('tree'));
      },
    ],
    [
      'a folder in it for a link out',
      'tree',
      async () => {
        await rename(bench.path('tree/x'), bench.path('x2'));
        await symlink(join(bench.base, 'outside'), bench.path('tree/x'));
      },
    ],
  ])('%s', async (_, path, change) => {
    const plan = await bench.plan(deletePath, { path, recursive: true });
    await change();
    expect((await refusal(bench.run(deletePath, plan))).code).toBe('changed_since_plan');
    expect(bench.journal).toEqual([]);
  });

  test('what is added after the pre-image was kept stays, and undo knows what is left', async () => {
    const plan = await bench.plan(deletePath, { path: 'tree', recursive: true });
    bench.afterKept = () => writeFile(bench.path('tree/x/late'), 'new work');
    expect((await refusal(Promise.resolve(deletePath.run(plan, bench.runContext())))).code).toBe(
      'changed_since_plan',
    );
    expect(await bench.text('tree/x/late')).toBe('new work');
    expect(bench.journal).toMatchObject([{ path: 'tree', done: true }]);
  });

  test('a link that takes a folder’s place after the pre-image was kept leads nowhere', async () => {
    const plan = await bench.plan(deletePath, { path: 'tree', recursive: true });
    await writeFile(join(bench.base, 'outside/1'), 'kept');
    bench.afterKept = async () => {
      await rename(bench.path('tree/x'), bench.path('moved'));
      await symlink(join(bench.base, 'outside'), bench.path('tree/x'));
    };
    expect((await refusal(Promise.resolve(deletePath.run(plan, bench.runContext())))).code).toBe(
      'changed_since_plan',
    );
    expect((await readdir(join(bench.base, 'outside'))).sort()).toEqual(['1', 'kept']);
  });
});
