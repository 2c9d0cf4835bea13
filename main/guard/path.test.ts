import { spawn, spawnSync } from 'node:child_process';
import { constants } from 'node:fs';
import { link, mkdir, mkdtemp, realpath, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Workspace } from '../../contract/entities.ts';
import { FastbandError } from '../core/errors.ts';
import { callerPath, openResolved, type ResolvedPath, resolvePath } from './path.ts';

const linux = process.platform === 'linux';
let base: string;
let ws: Workspace;
let home: string;

beforeEach(async () => {
  base = await realpath(await mkdtemp(join(tmpdir(), 'fastband-path-')));
  home = join(base, 'home');
  ws = { name: 'ws', root: join(base, 'ws'), readOnly: false, createdAt: 0 };
  await Promise.all([mkdir(home), mkdir(join(base, 'out')), mkdir(join(base, 'ws-evil')), mkdir(join(ws.root, 'dir/deep'), { recursive: true })]);
  await writeFile(join(ws.root, 'a.txt'), 'inside');
  await writeFile(join(ws.root, 'dir/b.txt'), 'deeper');
  await writeFile(join(base, 'out/secret'), 'SECRET');
  await writeFile(join(base, 'ws-evil/secret'), 'SECRET');
  await writeFile(join(home, 'fastband.db'), 'SECRET');
});

afterEach(() => rm(base, { recursive: true, force: true }));

type More = { workspaces?: Workspace[]; followLast?: boolean; missingParents?: boolean };
const read = (path: string, more: More = {}) => resolvePath(path, { workspaces: [ws], home, intent: 'read', ...more });
const write = (path: string, more: More = {}) => resolvePath(path, { workspaces: [ws], home, intent: 'write', ...more });

async function code(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
    return 'allowed';
  } catch (error) {
    if (!(error instanceof FastbandError)) throw error;
    expect(error.message).not.toContain('SECRET');
    return error.code;
  }
}

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

  test.each(['notes..txt', '..notes', '...', 'a b', 'naïve-日本語-🙂.md', '%2e%2e', '..%2fout', '-rf', '~', '$HOME', '*', 'a\\b', 'new\nline'])(
    '%j is a plain new name',
    async (name) => {
      expect(await write(name)).toMatchObject({ relative: name, type: null, stat: null, absolute: join(ws.root, name) });
    },
  );

  test('a workspace known under a linked name', async () => {
    await symlink(base, join(base, 'out/alias'));
    expect(await read(join(base, 'out/alias/ws/a.txt'))).toMatchObject({ relative: 'a.txt', absolute: join(ws.root, 'a.txt') });
  });

  test('missing folders are named for a write and are an error for a read', async () => {
    expect(await write('x/y/z.txt')).toMatchObject({ type: null, missing: ['x', 'x/y'], absolute: join(ws.root, 'x/y/z.txt') });
    expect(await code(read('x/y/z.txt'))).toBe('not_found');
    expect(await code(write('x/y/z.txt', { missingParents: false }))).toBe('not_found');
    expect(await code(write('a.txt/z'))).toBe('not_found');
    expect(await code(read('a.txt/'))).toBe('not_found');
  });
});

describe('ways out by name', () => {
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
      ['there', 'not-there', 'out/secret', 'out/nothing', join(base, 'out/secret'), join(base, 'out/nothing')].map((path) =>
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

describe('malformed paths', () => {
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

describe('symbolic links', () => {
  test.each([
    ['a file outside', async () => symlink(join(base, 'out/secret'), join(ws.root, 'l')), 'l'],
    ['a file outside, relative', async () => symlink('../out/secret', join(ws.root, 'l')), 'l'],
    ['a folder outside', async () => symlink(join(base, 'out'), join(ws.root, 'l')), 'l/secret'],
    ['a folder outside, new file', async () => symlink(join(base, 'out'), join(ws.root, 'l')), 'l/new'],
    ['a folder outside, further down', async () => symlink('../../out', join(ws.root, 'dir/l')), 'dir/l/secret'],
    ['the twin of the workspace', async () => symlink('../ws-evil', join(ws.root, 'l')), 'l/secret'],
    ['the root', async () => symlink('/', join(ws.root, 'l')), 'l/etc/passwd'],
    ['a chain', async () => {
      await symlink(join(base, 'out'), join(ws.root, 'l3'));
      await symlink('l3', join(ws.root, 'l2'));
      await symlink('l2', join(ws.root, 'l'));
    }, 'l/secret'],
    ['a chain through the inside', async () => {
      await symlink('../../out', join(ws.root, 'dir/up'));
      await symlink('dir', join(ws.root, 'l'));
    }, 'l/up/secret'],
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
    expect(await write('l', { followLast: false })).toMatchObject({ relative: 'l', isLink: true, type: 'file' });
    expect(await write('dangling', { followLast: false })).toMatchObject({ relative: 'dangling', isLink: true });
    expect(await code(write('o/secret', { followLast: false }))).toBe('outside_workspace');
  });
});

describe('things that are no files', () => {
  test.skipIf(process.platform === 'win32')('a FIFO is refused and never waited for', async () => {
    expect(spawnSync('mkfifo', [join(ws.root, 'pipe')]).status).toBe(0);
    expect(await code(read('pipe'))).toBe('path_refused');
    expect(await code(write('pipe'))).toBe('path_refused');
  });

  test.skipIf(process.platform === 'win32')('a FIFO put there after the check does not hang the open', async () => {
    const planned = await read('a.txt');
    await rm(planned.absolute);
    expect(spawnSync('mkfifo', [planned.absolute]).status).toBe(0);
    expect(await code(openResolved(planned, constants.O_RDONLY))).toBe('changed_since_plan');
  });

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

describe('what belongs to Fastband', () => {
  test('its home inside a workspace', async () => {
    const inner = join(ws.root, '.config/fastband');
    await mkdir(inner, { recursive: true });
    await writeFile(join(inner, 'fastband.db'), 'SECRET');
    await symlink('.config', join(ws.root, 'l'));
    for (const path of ['.config/fastband', '.config/fastband/fastband.db', '.config/fastband/new', 'l/fastband/fastband.db']) {
      expect(await code(resolvePath(path, { workspaces: [ws], home: inner, intent: 'read' }))).toBe('path_refused');
      expect(await code(resolvePath(path, { workspaces: [ws], home: inner, intent: 'write' }))).toBe('path_refused');
    }
    expect(await code(resolvePath('.config', { workspaces: [ws], home: inner, intent: 'read' }))).toBe('allowed');
  });

  test('its home under a linked name', async () => {
    await mkdir(join(ws.root, 'real'));
    await writeFile(join(ws.root, 'real/fastband.db'), 'SECRET');
    await symlink(join(ws.root, 'real'), join(base, 'linked-home'));
    expect(await code(resolvePath('real/fastband.db', { workspaces: [ws], home: join(base, 'linked-home'), intent: 'read' }))).toBe('path_refused');
  });

  test('a workspace inside its home', async () => {
    const inner = { ...ws, root: join(home, 'work') };
    await mkdir(inner.root);
    await writeFile(join(inner.root, 'a'), 'SECRET');
    expect(await code(read('a', { workspaces: [inner] }))).toBe('path_refused');
    expect(await code(read('.', { workspaces: [inner] }))).toBe('path_refused');
  });

  test('a hard link to its database', async () => {
    await link(join(home, 'fastband.db'), join(ws.root, 'mine.db'));
    expect(await code(read('mine.db'))).toBe('path_refused');
    expect(await code(write('mine.db'))).toBe('path_refused');
  });

  test('a workspace’s policy is read and never written', async () => {
    await mkdir(join(ws.root, '.fastband'));
    await writeFile(join(ws.root, '.fastband/policy.yaml'), 'version: 1');
    expect(await code(read('.fastband/policy.yaml'))).toBe('allowed');
    for (const path of ['.fastband', '.fastband/policy.yaml', '.fastband/new', '.FASTBAND/policy.yaml', '.Fastband']) {
      expect(await code(write(path))).toBe('path_refused');
      expect(await code(write(path, { followLast: false }))).toBe('path_refused');
    }
    expect(await code(write('dir/.fastband/x'))).toBe('allowed');
  });

  test('links do not get around the policy folder', async () => {
    await mkdir(join(ws.root, '.fastband'));
    await symlink('.fastband', join(ws.root, 'l'));
    expect(await code(write('l/policy.yaml'))).toBe('path_refused');
  });
});

describe('git internals', () => {
  beforeEach(async () => {
    await mkdir(join(ws.root, '.git/hooks'), { recursive: true });
    await writeFile(join(ws.root, '.git/config'), '');
  });

  test.each([
    '.git',
    '.git/config',
    '.git/hooks/pre-commit',
    '.GIT/config',
    '.Git/hooks/x',
    'dir/.git',
    'dir/.git/config',
    'dir/../.git/config',
    './.git/./config',
    '.git./config',
    '.git /config',
    '.git::$INDEX_ALLOCATION/config',
    '.g\u200cit/config',
    'GIT~1/config',
    'ｄir/．git/config',
  ])('%j is not written', async (path) => {
    expect(await code(write(path))).toBe('path_refused');
    expect(await code(write(path, { followLast: false }))).toBe('path_refused');
  });

  test('they are not written through links, either way', async () => {
    await symlink('.git/hooks', join(ws.root, 'h'));
    await mkdir(join(ws.root, 'elsewhere'));
    await symlink('../elsewhere', join(ws.root, 'dir/.git'));
    expect(await code(write('h/pre-commit'))).toBe('path_refused');
    expect(await code(write('dir/.git/config'))).toBe('path_refused');
  });

  test.each(['.gitignore', '.github/workflows/ci.yml', 'git/config', 'a.git', '.gitattributes', 'x.git/config'])('%s is written like any file', async (path) => {
    expect(await code(write(path))).toBe('allowed');
  });

  test('they are read', async () => {
    expect(await read('.git/config')).toMatchObject({ type: 'file' });
  });
});

describe('several workspaces', () => {
  let shop: Workspace;
  let inner: Workspace;
  beforeEach(async () => {
    shop = { name: 'shop', root: join(base, 'shop'), readOnly: true, createdAt: 0 };
    inner = { name: 'inner', root: join(ws.root, 'dir'), readOnly: false, createdAt: 0 };
    await mkdir(shop.root);
    await writeFile(join(shop.root, 'a.txt'), '');
  });

  test('relative paths begin with a workspace’s name', async () => {
    const workspaces = [ws, shop];
    expect(await read('ws/a.txt', { workspaces })).toMatchObject({ relative: 'a.txt', workspace: { name: 'ws' } });
    expect(await read('shop', { workspaces })).toMatchObject({ relative: '.', workspace: { name: 'shop' } });
    expect(await read('shop//a.txt', { workspaces })).toMatchObject({ relative: 'a.txt' });
    for (const path of ['a.txt', '.', './ws/a.txt', 'shop/../ws/a.txt', 'shop/../shop-evil', 'SHOP/a.txt', '../ws/a.txt']) {
      expect(await code(read(path, { workspaces }))).toBe('outside_workspace');
    }
    expect(callerPath(workspaces, 'shop', 'a.txt')).toBe('shop/a.txt');
    expect(callerPath([ws], 'ws', 'a.txt')).toBe('a.txt');
  });

  test('a read-only one is not written', async () => {
    const workspaces = [ws, shop];
    expect(await code(write('shop/a.txt', { workspaces }))).toBe('read_only');
    expect(await code(write('shop/new', { workspaces }))).toBe('read_only');
    expect(await code(read('shop/a.txt', { workspaces }))).toBe('allowed');
  });

  test('a link from one into another leads out', async () => {
    await symlink(join(shop.root, 'a.txt'), join(ws.root, 'l'));
    expect(await code(read('ws/l', { workspaces: [ws, shop] }))).toBe('outside_workspace');
  });

  test('a path belongs to the innermost, however it is written', async () => {
    for (const workspaces of [[ws, inner], [inner, ws]]) {
      for (const path of ['ws/dir/b.txt', 'inner/b.txt', join(ws.root, 'dir/b.txt')]) {
        expect(await read(path, { workspaces })).toMatchObject({ relative: 'b.txt', workspace: { name: 'inner' } });
      }
    }
    expect(await code(write('ws/dir/new', { workspaces: [ws, { ...inner, readOnly: true }] }))).toBe('read_only');
  });

  test('with none, nothing is inside', async () => {
    expect(await code(read('a.txt', { workspaces: [] }))).toBe('outside_workspace');
    expect(await code(read(join(ws.root, 'a.txt'), { workspaces: [] }))).toBe('outside_workspace');
  });
});

describe('a swap between check and use', () => {
  async function swapped(swap: (planned: ResolvedPath) => Promise<unknown>, path = 'dir/b.txt'): Promise<string> {
    const planned = await read(path);
    await swap(planned);
    return code(
      openResolved(planned, constants.O_RDONLY).then(async (handle) => {
        await handle.close();
      }),
    );
  }

  test.each<[string, (planned: ResolvedPath) => Promise<unknown>]>([
    ['the file for a link', async (p) => (await rm(p.absolute), symlink(join(base, 'out/secret'), p.absolute))],
    ['the file for another file', async (p) => (await writeFile(`${p.absolute}2`, 'x'), rename(`${p.absolute}2`, p.absolute))],
    ['the file for a folder', async (p) => (await rm(p.absolute), mkdir(p.absolute))],
    ['the file for nothing', async (p) => rm(p.absolute)],
    ['its folder for a link outside', async () => {
      await rename(join(ws.root, 'dir'), join(ws.root, 'dir2'));
      await writeFile(join(base, 'out/b.txt'), 'SECRET');
      await symlink(join(base, 'out'), join(ws.root, 'dir'));
    }],
    ['its folder for a link, with the very file moved outside', async () => {
      await rename(join(ws.root, 'dir'), join(base, 'out/dir'));
      await symlink(join(base, 'out/dir'), join(ws.root, 'dir'));
    }],
    ['the workspace for a link', async () => {
      await rename(ws.root, join(base, 'out/ws'));
      await symlink(join(base, 'out/ws'), ws.root);
    }],
  ])('%s is noticed', async (_, swap) => {
    expect(await swapped(swap)).toBe('changed_since_plan');
  });

  test('nothing swapped opens', async () => {
    expect(await swapped(async () => {})).toBe('allowed');
  });

  test('a file with several names is not opened for writing in place', async () => {
    await link(join(ws.root, 'a.txt'), join(ws.root, 'again.txt'));
    const planned = await write('a.txt');
    expect(await code(openResolved(planned, constants.O_WRONLY))).toBe('path_refused');
    const handle = await openResolved(planned, constants.O_RDONLY);
    await handle.close();
  });

  test('creating and truncating are not opened at all', async () => {
    const planned = await write('a.txt');
    await expect(openResolved(planned, constants.O_WRONLY | constants.O_TRUNC)).rejects.toThrow(TypeError);
    await expect(openResolved(planned, constants.O_WRONLY | constants.O_CREAT)).rejects.toThrow(TypeError);
  });

  test.skipIf(!linux)('a process that swaps a folder and a link as fast as it can never gets the outside read', async () => {
    await mkdir(join(base, 'out/race'));
    await mkdir(join(ws.root, 'race'));
    await writeFile(join(base, 'out/race/f'), 'SECRET');
    await writeFile(join(ws.root, 'race/f'), 'inside');
    await symlink(join(base, 'out/race'), join(base, 'evil-link'));
    // Exchanges the folder and the link by renames until it is stopped.
    const racer = spawn(
      process.execPath,
      ['-e', `const fs=require('fs');const [d,l]=process.argv.slice(1);process.stdout.write('x');for(;;){fs.renameSync(d,d+'.t');fs.renameSync(l,d);fs.renameSync(d,l);fs.renameSync(d+'.t',d);}`, join(ws.root, 'race'), join(base, 'evil-link')],
      { stdio: ['ignore', 'pipe', 'ignore'] },
    );
    await new Promise((resolve) => racer.stdout.once('data', resolve));
    const seen: Record<string, number> = {};
    try {
      const end = Date.now() + 1500;
      while (Date.now() < end) {
        const outcome = await (async () => {
          const planned = await read('race/f');
          const handle = await openResolved(planned, constants.O_RDONLY);
          try {
            return await handle.readFile('utf8');
          } finally {
            await handle.close();
          }
        })().catch((error: unknown) => {
          if (error instanceof FastbandError) return error.code;
          throw error;
        });
        seen[outcome] = (seen[outcome] ?? 0) + 1;
      }
    } finally {
      racer.kill('SIGKILL');
    }
    expect(seen).not.toHaveProperty('SECRET');
    // The race was real: both what was allowed and what was refused happened.
    expect(seen.inside).toBeGreaterThan(0);
    expect(Object.keys(seen).length).toBeGreaterThan(1);
  });
});
