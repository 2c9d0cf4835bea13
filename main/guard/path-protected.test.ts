import { link, mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Workspace } from '../../contract/entities.ts';
import { outcome as code, makeGround, type PathGround } from './fs-testing.ts';
import { callerPath, resolvePath } from './path.ts';

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

describe('what belongs to Fastband [FS-3]', () => {
  test('its home inside a workspace', async () => {
    const inner = join(ws.root, '.config/fastband');
    await mkdir(inner, { recursive: true });
    await writeFile(join(inner, 'fastband.db'), 'SECRET');
    await symlink('.config', join(ws.root, 'l'));
    for (const path of [
      '.config/fastband',
      '.config/fastband/fastband.db',
      '.config/fastband/new',
      'l/fastband/fastband.db',
    ]) {
      expect(await code(resolvePath(path, { workspaces: [ws], home: inner, intent: 'read' }))).toBe(
        'path_refused',
      );
      expect(await code(resolvePath(path, { workspaces: [ws], home: inner, intent: 'write' }))).toBe(
        'path_refused',
      );
    }
    expect(await code(resolvePath('.config', { workspaces: [ws], home: inner, intent: 'read' }))).toBe(
      'allowed',
    );
  });

  test('its home under a linked name', async () => {
    await mkdir(join(ws.root, 'real'));
    await writeFile(join(ws.root, 'real/fastband.db'), 'SECRET');
    await symlink(join(ws.root, 'real'), join(base, 'linked-home'));
    expect(
      await code(
        resolvePath('real/fastband.db', {
          workspaces: [ws],
          home: join(base, 'linked-home'),
          intent: 'read',
        }),
      ),
    ).toBe('path_refused');
  });

  test('a workspace inside its home', async () => {
    const inner = { ...ws, root: join(home, 'work') };
    await mkdir(inner.root);
    await writeFile(join(inner.root, 'a'), 'SECRET');
    expect(await code(read('a', { workspaces: [inner] }))).toBe('path_refused');
    expect(await code(read('.', { workspaces: [inner] }))).toBe('path_refused');
  });

  test('its home in other letters, which part of a disk may not tell apart', async () => {
    const inner = join(ws.root, 'conf/Fastband');
    await mkdir(inner, { recursive: true });
    for (const path of ['conf/FASTBAND/settings.json', 'CONF/fastband', 'conf/fastband'])
      for (const intent of ['read', 'write'] as const)
        expect(await code(resolvePath(path, { workspaces: [ws], home: inner, intent }))).toBe('path_refused');
    expect(await code(read('conf/fastband-notes', { home: inner }))).toBe('allowed');
  });

  test('a hard link to a file in a folder of it', async () => {
    await mkdir(join(home, 'journal/ab'), { recursive: true });
    await writeFile(join(home, 'journal/ab/copy'), 'SECRET');
    await link(join(home, 'journal/ab/copy'), join(ws.root, 'mine.txt'));
    expect(await code(read('mine.txt'))).toBe('path_refused');
    expect(await code(write('mine.txt'))).toBe('path_refused');
  });

  test('a hard link to its database', async () => {
    await link(join(home, 'fastband.db'), join(ws.root, 'mine.db'));
    expect(await code(read('mine.db'))).toBe('path_refused');
    expect(await code(write('mine.db'))).toBe('path_refused');
  });

  test('a workspace’s policy is read and never written [FS-4]', async () => {
    await mkdir(join(ws.root, '.fastband'));
    await writeFile(join(ws.root, '.fastband/policy.yaml'), 'version: 1');
    expect(await code(read('.fastband/policy.yaml'))).toBe('allowed');
    for (const path of [
      '.fastband',
      '.fastband/policy.yaml',
      '.fastband/new',
      '.FASTBAND/policy.yaml',
      '.Fastband',
    ]) {
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

describe('git internals [FS-4]', () => {
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

  test.each([
    '.gitignore',
    '.github/workflows/ci.yml',
    'git/config',
    'a.git',
    '.gitattributes',
    'x.git/config',
  ])('%s is written like any file', async (path) => {
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
    expect(await read('ws/a.txt', { workspaces })).toMatchObject({
      relative: 'a.txt',
      workspace: { name: 'ws' },
    });
    expect(await read('shop', { workspaces })).toMatchObject({ relative: '.', workspace: { name: 'shop' } });
    expect(await read('shop//a.txt', { workspaces })).toMatchObject({ relative: 'a.txt' });
    for (const path of [
      'a.txt',
      '.',
      './ws/a.txt',
      'shop/../ws/a.txt',
      'shop/../shop-evil',
      'SHOP/a.txt',
      '../ws/a.txt',
    ]) {
      expect(await code(read(path, { workspaces }))).toBe('outside_workspace');
    }
    expect(callerPath(workspaces, 'shop', 'a.txt')).toBe('shop/a.txt');
    expect(callerPath([ws], 'ws', 'a.txt')).toBe('a.txt');
  });

  test('a read-only one is not written [FS-5]', async () => {
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
    for (const workspaces of [
      [ws, inner],
      [inner, ws],
    ]) {
      for (const path of ['ws/dir/b.txt', 'inner/b.txt', join(ws.root, 'dir/b.txt')]) {
        expect(await read(path, { workspaces })).toMatchObject({
          relative: 'b.txt',
          workspace: { name: 'inner' },
        });
      }
    }
    expect(await code(write('ws/dir/new', { workspaces: [ws, { ...inner, readOnly: true }] }))).toBe(
      'read_only',
    );
  });

  test('with none, nothing is inside', async () => {
    expect(await code(read('a.txt', { workspaces: [] }))).toBe('outside_workspace');
    expect(await code(read(join(ws.root, 'a.txt'), { workspaces: [] }))).toBe('outside_workspace');
  });
});
