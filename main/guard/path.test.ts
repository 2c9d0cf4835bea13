import { spawnSync } from 'node:child_process';
import { constants } from 'node:fs';
import { rm, symlink } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Workspace } from '../../contract/entities.ts';
import { outcome as code, makeGround, type PathGround } from './fs-testing.ts';
import { openResolved } from './path.ts';

let ground: PathGround;
let base: string;
let ws: Workspace;
let home: string;
beforeEach(async () => {
  ground = await makeGround();
  ({ base, ws, home } = ground);
});
afterEach(() => ground.remove());

const read: PathGround['read'] = (path, more) => ground.read(path, more);
const write: PathGround['write'] = (path, more) => ground.write(path, more);

describe('paths that stay inside', () => {
  test.each([
    ['a.txt', 'a.txt'],
    ['./a.txt', 'a.txt'],
    ['.', '.'],
    ['dir/', 'dir'],
    ['dir//b.txt', 'dir/b.txt'],
    ['dir/../a.txt', 'a.txt'],
    ['dir/./deep/../b.txt', 'dir/b.txt'],
  ])('%s is %s', async (path, relative) => {
    const found = await read(path);
    expect(found).toMatchObject({ relative, requested: path, viaLink: false });
    expect(found.absolute).toBe(relative === '.' ? ws.root : join(ws.root, relative));
  });

  test('an absolute path in the workspace', async () => {
    expect(await read(join(ws.root, 'dir/b.txt'))).toMatchObject({ relative: 'dir/b.txt', type: 'file' });
  });

  test.each([
    'notes..txt',
    '..notes',
    '...',
    'a b',
    'naïve-日本語-🙂.md',
    '%2e%2e',
    '..%2fout',
    '-rf',
    '~',
    '$HOME',
    '*',
    'a\\b',
    'new\nline',
  ])('%j is a plain new name', async (name) => {
    expect(await write(name)).toMatchObject({
      relative: name,
      type: null,
      stat: null,
      absolute: join(ws.root, name),
    });
  });

  test('a workspace known under a linked name', async () => {
    await symlink(base, join(base, 'out/alias'));
    expect(await read(join(base, 'out/alias/ws/a.txt'))).toMatchObject({
      relative: 'a.txt',
      absolute: join(ws.root, 'a.txt'),
    });
  });

  test('missing folders are named for a write and are an error for a read', async () => {
    expect(await write('x/y/z.txt')).toMatchObject({
      type: null,
      missing: ['x', 'x/y'],
      absolute: join(ws.root, 'x/y/z.txt'),
    });
    expect(await code(read('x/y/z.txt'))).toBe('not_found');
    expect(await code(write('x/y/z.txt', { missingParents: false }))).toBe('not_found');
    expect(await code(write('a.txt/z'))).toBe('not_found');
    expect(await code(read('a.txt/'))).toBe('not_found');
  });
});

describe('ways out by name [FS-1]', () => {
  test.each([
    '..',
    '../out/secret',
    '../ws-evil/secret',
    'dir/../../out/secret',
    'dir/deep/../../../out/secret',
    './../out/secret',
    '../ws/../out/secret',
    'nowhere/../../out/secret',
    '/etc/passwd',
    '/',
    '//etc/passwd',
    '/proc/self/root/etc/passwd',
    '/proc/self/environ',
    '/dev/null',
  ])('%s is refused, for reading and writing', async (path) => {
    expect(await code(read(path))).toBe('outside_workspace');
    expect(await code(write(path))).toBe('outside_workspace');
    expect(await code(write(path, { followLast: false }))).toBe('outside_workspace');
  });

  test('a folder whose name begins like the workspace is another folder', async () => {
    expect(await code(read(join(base, 'ws-evil/secret')))).toBe('outside_workspace');
    expect(await code(read(join(base, 'ws-evil')))).toBe('outside_workspace');
    expect(await code(read(`${ws.root}/../ws-evil/secret`))).toBe('outside_workspace');
  });

  test('whether something exists outside is not told', async () => {
    await symlink(join(base, 'out/secret'), join(ws.root, 'there'));
    await symlink(join(base, 'out/nothing'), join(ws.root, 'not-there'));
    await symlink(join(base, 'out'), join(ws.root, 'out'));
    const messages = await Promise.all(
      [
        'there',
        'not-there',
        'out/secret',
        'out/nothing',
        join(base, 'out/secret'),
        join(base, 'out/nothing'),
      ].map((path) =>
        read(path).then(
          () => 'allowed',
          (error: Error) => error.message.replace(path, 'X'),
        ),
      ),
    );
    expect(new Set(messages).size).toBe(1);
    expect(messages[0]).not.toBe('allowed');
  });
});

describe('malformed paths [FS-1]', () => {
  test.each([
    ['empty', ''],
    ['NUL at the end', 'a.txt\0'],
    ['NUL before an extension', 'a.txt\0.png'],
    ['longer than any path', 'd/'.repeat(2100)],
    ['a name longer than any name', 'n'.repeat(256)],
    ['a name of many bytes', '日'.repeat(86)],
    ['half a Unicode pair', 'a\ud800b'],
  ])('%s', async (_, path) => {
    expect(await code(read(path))).toBe('path_refused');
    expect(await code(write(path))).toBe('path_refused');
  });
});

describe('symbolic links [FS-1]', () => {
  test.each([
    ['a file outside', async () => symlink(join(base, 'out/secret'), join(ws.root, 'l')), 'l'],
    ['a file outside, relative', async () => symlink('../out/secret', join(ws.root, 'l')), 'l'],
    ['a folder outside', async () => symlink(join(base, 'out'), join(ws.root, 'l')), 'l/secret'],
    ['a folder outside, new file', async () => symlink(join(base, 'out'), join(ws.root, 'l')), 'l/new'],
    [
      'a folder outside, further down',
      async () => symlink('../../out', join(ws.root, 'dir/l')),
      'dir/l/secret',
    ],
    ['the twin of the workspace', async () => symlink('../ws-evil', join(ws.root, 'l')), 'l/secret'],
    ['the root', async () => symlink('/', join(ws.root, 'l')), 'l/etc/passwd'],
    [
      'a chain',
      async () => {
        await symlink(join(base, 'out'), join(ws.root, 'l3'));
        await symlink('l3', join(ws.root, 'l2'));
        await symlink('l2', join(ws.root, 'l'));
      },
      'l/secret',
    ],
    [
      'a chain through the inside',
      async () => {
        await symlink('../../out', join(ws.root, 'dir/up'));
        await symlink('dir', join(ws.root, 'l'));
      },
      'l/up/secret',
    ],
    ['nothing, outside', async () => symlink(join(base, 'out/none'), join(ws.root, 'l')), 'l'],
    ['nothing, inside', async () => symlink('none', join(ws.root, 'l')), 'l'],
    ['Fastband’s own folder', async () => symlink(home, join(ws.root, 'l')), 'l/fastband.db'],
  ])('to %s are refused', async (_, make, path) => {
    await make();
    expect(await code(read(path))).toBe('outside_workspace');
    expect(await code(write(path))).toBe('outside_workspace');
  });

  test('in a loop are refused', async () => {
    await symlink('two', join(ws.root, 'one'));
    await symlink('one', join(ws.root, 'two'));
    await symlink('self', join(ws.root, 'self'));
    for (const path of ['one', 'one/x', 'self', 'self/self']) {
      expect(await code(read(path))).toBe('path_refused');
      expect(await code(write(path))).toBe('path_refused');
    }
  });

  test('that stay inside are followed, and said', async () => {
    await symlink('dir', join(ws.root, 'folder'));
    await symlink('../a.txt', join(ws.root, 'dir/file'));
    expect(await read('folder/b.txt')).toMatchObject({ relative: 'dir/b.txt', viaLink: true, type: 'file' });
    expect(await write('folder/file')).toMatchObject({ relative: 'a.txt', viaLink: true, type: 'file' });
    expect(await write('folder/new')).toMatchObject({ relative: 'dir/new', viaLink: true, type: null });
  });

  test('a `..` after a link is taken from the text, never from where the link leads', async () => {
    await symlink('dir/deep', join(ws.root, 'l'));
    expect(await read('l/../a.txt')).toMatchObject({ relative: 'a.txt' });
  });

  test('to delete or move a link means the link, wherever it leads', async () => {
    await symlink(join(base, 'out/secret'), join(ws.root, 'l'));
    await symlink('none', join(ws.root, 'dangling'));
    await symlink(join(base, 'out'), join(ws.root, 'o'));
    expect(await write('l', { followLast: false })).toMatchObject({
      relative: 'l',
      isLink: true,
      type: 'file',
    });
    expect(await write('dangling', { followLast: false })).toMatchObject({
      relative: 'dangling',
      isLink: true,
    });
    expect(await code(write('o/secret', { followLast: false }))).toBe('outside_workspace');
  });
});

describe('things that are no files [FS-1]', () => {
  test.skipIf(process.platform === 'win32')('a FIFO is refused and never waited for', async () => {
    expect(spawnSync('mkfifo', [join(ws.root, 'pipe')]).status).toBe(0);
    expect(await code(read('pipe'))).toBe('path_refused');
    expect(await code(write('pipe'))).toBe('path_refused');
  });

  test.skipIf(process.platform === 'win32')(
    'a FIFO put there after the check does not hang the open',
    async () => {
      const planned = await read('a.txt');
      await rm(planned.absolute);
      expect(spawnSync('mkfifo', [planned.absolute]).status).toBe(0);
      expect(await code(openResolved(planned, constants.O_RDONLY))).toBe('changed_since_plan');
    },
  );

  test.skipIf(process.platform === 'win32')('a socket', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(join(ws.root, 'sock'), resolve));
    try {
      expect(await code(read('sock'))).toBe('path_refused');
      expect(await code(write('sock'))).toBe('path_refused');
    } finally {
      server.close();
    }
  });

  test('a device, in a workspace or linked into one', async (context) => {
    const made = spawnSync('mknod', [join(ws.root, 'null'), 'c', '1', '3']);
    await symlink('/dev/null', join(ws.root, 'linked'));
    expect(await code(read('linked'))).toBe('outside_workspace');
    if (made.status !== 0) context.skip('only root makes devices');
    expect(await code(read('null'))).toBe('path_refused');
    expect(await code(write('null'))).toBe('path_refused');
  });
});
