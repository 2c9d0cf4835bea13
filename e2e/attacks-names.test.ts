import { execFileSync, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import type { Client } from '@modelcontextprotocol/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Host, Sandbox } from './host.ts';

// One place under several names: mounts, hard links, letter case, a workspace in a workspace. Paths that lead out by how
// they are written, and links, are in attacks-paths.test.ts.

/** In Fastband's folder and outside the workspaces, and nowhere else: where it shows, something got out. */
const MARK = `mark${randomBytes(8).toString('hex')}`;
/** Finds it, and does not hold it: what a caller wrote may be said back. */
const PATTERN = `mark[0-9a-f]{16}`;
const ANSWER_MS = 20_000;

const canMount =
  process.platform === 'linux' &&
  process.getuid?.() === 0 &&
  spawnSync('unshare', ['--mount', 'true']).status === 0;

let box: Sandbox;
let host: Host;
let client: Client;
let listening: Server;
const mounted: string[] = [];

const outside = (...names: string[]) => join(box.folder, 'outside', ...names);
const inside = (...names: string[]) => join(box.workspace, ...names);
/** A workspace that holds Fastband's folder, a workspace that is read-only, and one with files that rules hide. */
const wide = (...names: string[]) => join(box.folder, 'wide', ...names);

function git(cwd: string, ...args: string[]): string {
  return execFileSync('git', ['-c', 'user.name=Ada', '-c', 'user.email=ada@example.org', ...args], {
    cwd,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
}

function bind(from: string, to: string, ...options: string[]): void {
  if (statSync(from).isDirectory()) mkdirSync(to, { recursive: true });
  else writeFileSync(to, '');
  execFileSync('mount', ['--bind', ...options, from, to]);
  mounted.push(to);
}

/** Calls a tool. @returns its answer as text, and how it was refused */
async function call(name: string, args: Record<string, unknown>): Promise<{ text: string; code: unknown }> {
  const began = performance.now();
  const { content, structuredContent, _meta } = await client.callTool({ name, arguments: args });
  const text = JSON.stringify([content, structuredContent]);
  expect([name, args, performance.now() - began < ANSWER_MS]).toEqual([name, args, true]);
  return { text, code: _meta?.['fastband/code'] };
}

beforeAll(async () => {
  box = new Sandbox();
  mkdirSync(outside());
  writeFileSync(outside('shared.txt'), 'shared\n');
  mkdirSync(wide('inner', 'secret'), { recursive: true });
  mkdirSync(wide('still'));
  writeFileSync(wide('still', 'a.txt'), 'still\n');
  writeFileSync(wide('inner', 'secret', 'a.txt'), 'before\n');
  writeFileSync(wide('a.txt'), 'one\n');
  for (const folder of [box.workspace, wide()]) git(folder, 'init', '-b', 'main');
  writeFileSync(inside('a.txt'), 'one\n');
  mkdirSync(inside('d'));
  for (const folder of [box.workspace, wide()]) {
    git(folder, 'add', '.');
    git(folder, 'commit', '-m', 'first');
  }
  host = await Host.start(
    ['--home', wide('conf', 'fastband'), '--port', '0', '--panel-port', '0', '--workspace', box.workspace],
    { DBUS_SESSION_BUS_ADDRESS: 'unix:path=/none' },
  );
  const add = (root: string, name: string, readOnly = false) =>
    host.api('workspaces.add', { root, name, readOnly });
  await add(wide(), 'wide');
  await add(wide('still'), 'still', true);
  await add(wide('inner'), 'inner');
  await host.api('settings.update', {
    limits: { callsPerMinute: 0 },
    approvals: { timeoutSeconds: 1 },
    web: { allowedHosts: [`${MARK}.example:81`] },
  });
  // Nobody is asked: what stands in the way is the guards alone.
  for (const match of [
    { kind: 'write', paths: ['**'] },
    { kind: 'exec', argv: ['cat', '...'] },
    { kind: 'query', databases: ['**'], access: 'read' },
  ])
    await host.api('rules.add', { effect: 'allow', match });
  await host.api('rules.add', {
    effect: 'deny',
    match: { kind: 'read', workspace: 'inner', paths: ['secret/**'] },
  });
  client = await box.connect(host, (await host.api('clients.create', { name: `Attacker ${MARK}` })).token);
  // So that Fastband keeps a copy of what was there.
  for (const content of [MARK, 'x'])
    await call('write_file', { path: 'shop/kept.txt', content: `${content}\n` });
});
afterAll(async () => {
  for (const place of mounted.toReversed()) spawnSync('umount', ['--lazy', place]);
  listening?.close();
  await host?.kill();
  await box?.close();
});

const home = (...names: string[]) => wide('conf', 'fastband', ...names);

/** Contents that stay as they are while clients call, and names that the host itself would not give. */
function own(): string {
  const still = ['settings.json', 'host.json'].map((name) => readFileSync(home(name), 'utf8'));
  const names = readdirSync(home()).filter(
    (name) => !/^(?:(?:fastband|audit-search)\.db|host\.lock)(?:-wal|-shm|-journal)?$/.test(name),
  );
  const copies = readdirSync(home('journal')).filter((name) => !/^[0-9a-f]{2}$|^tmp_/.test(name));
  return JSON.stringify([still, names.sort(), copies, readdirSync(wide('conf'))]);
}

/** Where the mark is that it must not be: files, links not followed, and what git has. */
function carriedIn(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((one) => {
    const path = join(folder, one.name);
    if (path === wide('conf') || mounted.includes(path) || one.name.startsWith('hard')) return [];
    if (one.name === '.git')
      return git(folder, 'cat-file', '--batch-all-objects', '--batch').includes(MARK) ? [path] : [];
    if (one.isDirectory()) return carriedIn(path);
    return one.isFile() && readFileSync(path).includes(MARK) ? [path] : [];
  });
}

/** What every tool that takes a place does with this one. */
function everyTool(path: string): readonly (readonly [name: string, args: Record<string, unknown>])[] {
  const [workspace = ''] = path.split('/');
  return [
    ['read_file', { path }],
    ['read_many_files', { paths: [path] }],
    ['file_info', { path }],
    ['list_directory', { path, depth: 5 }],
    ['find_files', { path, pattern: '**', hidden: true }],
    ['search_files', { path, pattern: PATTERN, hidden: true }],
    ['query_database', { database: path, sql: 'SELECT * FROM clients' }],
    ['describe_database', { database: path }],
    ['compare_screenshots', { before: path, after: path }],
    ['git_status', { path }],
    ['git_diff', { path: workspace, paths: [path] }],
    ['git_stage', { path: workspace, paths: [path] }],
    ['git_diff', { path: workspace, staged: true }],
    ['git_restore', { path: workspace, paths: [path], staged: true }],
    ['git_restore', { path: workspace, paths: [path] }],
    ['run_command', { command: ['cat', path.slice(workspace.length + 1)], cwd: workspace }],
    ['run_command', { command: ['cat', 'settings.json'], cwd: path }],
    ['edit_file', { path, edits: [{ old: 'allowedHosts', new: 'deniedHosts' }] }],
    ['write_file', { path, content: '{}' }],
    ['write_file', { path: `${path}/new.txt`, content: 'x' }],
    ['create_directory', { path: `${path}/new` }],
    ['move_path', { from: path, to: `${workspace}/taken` }],
    ['move_path', { from: `${workspace}/a.txt`, to: `${path}/taken` }],
    ['delete_path', { path, recursive: true }],
  ];
}

/** Tries all of it on one place. @returns what got out, or was changed */
async function attack(path: string, which = (_tool: string) => true): Promise<unknown[]> {
  const found: unknown[] = [];
  const before = own();
  for (const [name, args] of everyTool(path).filter(([tool]) => which(tool))) {
    const { text, code } = await call(name, args);
    if (text.includes(MARK)) found.push([name, args, 'told', text.slice(0, 200)]);
    if (text.includes('fastband.db') && !path.includes('fastband.db')) found.push([name, args, 'listed']);
    if (code === 'internal') found.push([name, args, 'a defect']);
    if (own() !== before) return [...found, [name, args, 'changed Fastband’s folder', before, own()]];
  }
  return found;
}

/** What goes through whole workspaces says nothing of it, nor brings it into a repository. */
async function walk(workspace: string): Promise<unknown[]> {
  const found: unknown[] = [];
  const before = own();
  for (const [name, args] of [
    ['list_directory', { path: workspace, depth: 10 }],
    ['find_files', { path: workspace, pattern: '**', hidden: true }],
    ['search_files', { path: workspace, pattern: PATTERN, hidden: true }],
    ['list_databases', {}],
    ['git_status', { path: workspace }],
    ['git_stage', { path: workspace, paths: [workspace] }],
    ['git_diff', { path: workspace, staged: true }],
    ['git_commit', { path: workspace, message: 'all' }],
    ['git_show', { path: workspace }],
  ] as const) {
    const { text } = await call(name, args);
    if (text.includes(MARK)) found.push([name, 'told', text.slice(0, 200)]);
    if (/(?:fastband|audit-search)\.db|host\.json|audit\.key/.test(text))
      found.push([name, 'listed', text.slice(0, 400)]);
  }
  if (own() !== before) found.push('changed Fastband’s folder');
  return [...found, ...carriedIn(box.workspace), ...carriedIn(wide('inner')), ...carriedIn(wide())];
}

describe('Fastband’s folder, where a workspace holds it [FS-3]', () => {
  it.each([
    'wide/conf/fastband',
    'wide/conf/fastband/settings.json',
    'wide/conf/fastband/fastband.db',
    'wide/conf/fastband/journal',
    'wide/conf/../conf/fastband/host.json',
    'wide/a.txt/../conf/fastband',
  ])('%s', async (path) => {
    expect(await attack(path)).toEqual([]);
  });

  it('is not seen by what goes through the workspace', async () => {
    expect(await walk('wide')).toEqual([]);
  });

  it('is not deleted nor moved with what it is in', async () => {
    expect((await call('delete_path', { path: 'wide/conf', recursive: true })).code).toBe('path_refused');
    expect((await call('move_path', { from: 'wide/conf', to: 'wide/c' })).code).toBe('path_refused');
    expect(existsSync(home('settings.json'))).toBe(true);
  });

  it('is not written by switching to a branch that has files there', async () => {
    git(wide(), 'switch', '-q', '-c', 'bad');
    mkdirSync(wide('x'));
    writeFileSync(wide('x', 'policy.txt'), 'bad\n');
    git(wide(), 'add', 'x');
    const tree = git(wide(), 'write-tree', '--prefix=x/').trim();
    git(wide(), 'read-tree', '--reset', 'HEAD');
    git(wide(), 'read-tree', '--prefix=conf/fastband/', tree);
    git(wide(), 'commit', '-q', '-m', 'bad');
    const bad = git(wide(), 'rev-parse', 'HEAD').trim();
    git(wide(), 'symbolic-ref', 'HEAD', 'refs/heads/main');
    git(wide(), 'read-tree', '--reset', 'HEAD');
    expect((await call('git_switch', { path: 'wide', branch: 'bad' })).code).toBe('path_refused');
    expect(existsSync(home('policy.txt'))).toBe(false);
    // Nor by taking back what is said to have been there.
    git(wide(), 'update-ref', 'refs/heads/main', bad);
    git(wide(), 'read-tree', '--reset', 'HEAD');
    for (const paths of [['wide'], ['wide/conf'], ['wide/conf/fastband/policy.txt']])
      expect((await call('git_restore', { path: 'wide', paths })).code).toBe('path_refused');
    expect(existsSync(home('policy.txt'))).toBe(false);
    git(wide(), 'update-ref', 'refs/heads/main', `${bad}^`);
    git(wide(), 'read-tree', '--reset', 'HEAD');
  });
});

describe('a workspace in a workspace', () => {
  it.each([
    ['write_file', { path: 'wide/still/a.txt', content: 'x' }],
    ['edit_file', { path: 'wide/still/a.txt', edits: [{ old: 'still', new: 'x' }] }],
    ['delete_path', { path: 'wide/still', recursive: true }],
    ['move_path', { from: 'wide/still', to: 'wide/moved' }],
    ['move_path', { from: 'wide/a.txt', to: 'wide/still/b.txt' }],
    ['create_directory', { path: 'wide/still/new' }],
  ])('one that is read-only is not written through the one around it: %s %j [FS-5]', async (name, args) => {
    expect((await call(name, args)).code).toMatch(/read_only|path_refused/);
    expect(readdirSync(wide('still'))).toEqual(['a.txt']);
    expect(readFileSync(wide('still', 'a.txt'), 'utf8')).toBe('still\n');
  });

  it('nor by git, whose repository is around it [FS-5]', async () => {
    git(wide(), 'branch', 'other');
    writeFileSync(wide('still', 'a.txt'), 'changed by a person\n');
    git(wide(), 'commit', '-q', '-a', '-m', 'still changed');
    expect((await call('git_switch', { path: 'wide', branch: 'other' })).code).toBe('read_only');
    writeFileSync(wide('still', 'a.txt'), 'work of a person\n');
    for (const paths of [['wide'], ['wide/still/a.txt'], ['still/a.txt']])
      expect((await call('git_restore', { path: 'wide', paths })).code).toBe('read_only');
    expect(readFileSync(wide('still', 'a.txt'), 'utf8')).toBe('work of a person\n');
  });

  it('what a rule hides of it is not told by git of the one around it [FS-8]', async () => {
    writeFileSync(wide('inner', 'secret', 'a.txt'), `${MARK}\n`);
    expect((await call('read_file', { path: 'wide/inner/secret/a.txt' })).code).toBe('denied_by_rule');
    for (const [name, args] of [
      ['git_diff', { path: 'wide' }],
      ['git_diff', { path: 'wide', paths: ['wide/inner'] }],
      ['git_status', { path: 'wide' }],
      ['git_stage', { path: 'wide', paths: ['wide/inner'] }],
      ['git_diff', { path: 'wide', staged: true }],
      ['git_restore', { path: 'wide', paths: ['wide/inner'], staged: true }],
      ['search_files', { path: 'wide', pattern: PATTERN }],
    ] as const) {
      const { text } = await call(name, args);
      expect([name, text]).toEqual([name, expect.not.stringMatching(`${PATTERN}|secret/a`)]);
    }
    git(wide(), 'commit', '-q', '-m', 'by a person', 'inner');
    for (const [name, args] of [
      ['git_show', { path: 'wide' }],
      ['git_show', { path: 'wide', file: 'wide/inner/secret/a.txt' }],
      ['git_diff', { path: 'wide', from: 'HEAD^', to: 'HEAD' }],
    ] as const) {
      const { text } = await call(name, args);
      expect([name, text]).toEqual([name, expect.not.stringMatching(PATTERN)]);
    }
    writeFileSync(wide('inner', 'secret', 'a.txt'), 'after\n');
    git(wide(), 'update-ref', 'refs/heads/main', 'HEAD^');
    git(wide(), 'read-tree', '--reset', 'HEAD');
    // What a person did to try this is gone from the repository too.
    git(wide(), 'reflog', 'expire', '--expire=now', '--all');
    git(wide(), 'prune', '--expire=now');
  });
});

describe('a hard link', () => {
  it.each(['settings.json', 'fastband.db', 'host.json', 'journal'])(
    'to %s of Fastband gives away and changes nothing [FS-3]',
    async (name) => {
      const from = name === 'journal' ? copies(home(name)).find(holdsMark) : home(name);
      const path = `hard-${name.slice(0, 4)}`;
      linkSync(`${from}`, inside(path));
      // A command that a person allows reads what the person can read, under any name.
      expect(await attack(`shop/${path}`, (tool) => tool !== 'run_command')).toEqual([]);
    },
  );

  it('of Fastband’s is not found by what goes through the workspace [FS-3]', async () => {
    // Each by a name under which it would be read: text that git and searches take for a file of the project.
    git(box.workspace, 'add', '-f', 'hard-sett');
    git(box.workspace, 'reset', '-q');
    git(box.workspace, 'update-index', '--add', '--cacheinfo', `100644,${emptyBlob()},hard-sett`);
    expect((await call('git_diff', { path: 'shop' })).text).not.toContain(MARK);
    git(box.workspace, 'reset', '-q');
    git(box.workspace, 'reflog', 'expire', '--expire=now', '--all');
    git(box.workspace, 'prune', '--expire=now');
    expect(await walk('shop')).toEqual([]);
  });

  it('to a file outside: a change gives the workspace’s name a file of its own [FS-1]', async () => {
    linkSync(outside('shared.txt'), inside('shared.txt'));
    expect((await call('write_file', { path: 'shop/shared.txt', content: 'mine\n' })).code).toBeUndefined();
    expect(readFileSync(inside('shared.txt'), 'utf8')).toBe('mine\n');
    expect(readFileSync(outside('shared.txt'), 'utf8')).toBe('shared\n');
    expect(statSync(outside('shared.txt')).nlink).toBe(1);
  });
});

function copies(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((one) => one.isFile())
    .map((one) => join(one.parentPath, one.name));
}

function holdsMark(path: string): boolean {
  return readFileSync(path).includes(MARK);
}

function emptyBlob(): string {
  return execFileSync('git', ['hash-object', '-w', '--stdin'], {
    cwd: box.workspace,
    input: '',
    encoding: 'utf8',
  }).trim();
}

/** How Fastband's folder, or a part of it, comes to be mounted in a workspace. */
const MOUNTS: readonly (readonly [name: string, make: () => void, at: string])[] = [
  ['its folder', () => bind(home(), inside('m1')), 'm1'],
  ['its folder, in a folder', () => bind(home(), inside('d', 'deep', 'm2')), 'd/deep/m2'],
  ['a folder of it', () => bind(home('journal'), inside('m3')), 'm3'],
  ['its settings', () => bind(home('settings.json'), inside('m4.json')), 'm4.json'],
  ['its database', () => bind(home('fastband.db'), inside('m5.db')), 'm5.db'],
  ['the folder above it', () => bind(wide('conf'), inside('m6')), 'm6/fastband'],
  ['a mount of it', () => bind(inside('m1'), inside('m7')), 'm7'],
  ['its folder, by a name with blanks and a backslash', () => bind(home(), inside('m 8\\040')), 'm 8\\040'],
  [
    'its folder, in a file system of its own',
    () => {
      mkdirSync(inside('m9'));
      execFileSync('mount', ['-t', 'tmpfs', 'tmpfs', inside('m9')]);
      mounted.push(inside('m9'));
      bind(home(), inside('m9', 'in'));
    },
    'm9/in',
  ],
];

describe.skipIf(!canMount)('what is mounted in a workspace (mounts: needs root on Linux)', () => {
  beforeAll(async () => {
    for (const [, make] of MOUNTS) make();
    bind(outside(), inside('shared'));
    mkdirSync(inside('linked'));
    symlinkSync('../m1', inside('linked', 'to-mount'));
  });

  it('is noticed within moments [FS-3]', async () => {
    await expect
      .poll(async () => (await call('file_info', { path: 'shop/m7' })).code, { timeout: 5000 })
      .toBe('path_refused');
  });

  it.each(MOUNTS)('%s: gives away and changes nothing [FS-3]', async (_name, _make, at) => {
    const path = `shop/${at}`;
    expect(await attack(path)).toEqual([]);
    const names = statSync(inside(at)).isDirectory() ? readdirSync(inside(at)) : [];
    for (const name of names.filter((one) =>
      /^(?:settings\.json|fastband\.db|journal|[0-9a-f]{2})$/.test(one),
    ))
      expect(await attack(`${path}/${name}`)).toEqual([]);
  });

  it('a link to such a mount leads there neither [FS-3]', async () => {
    expect(await attack('shop/linked/to-mount/settings.json')).toEqual([]);
    expect(await attack('shop/linked/to-mount')).toEqual([]);
  });

  it('what goes through the workspace passes by all of them [FS-3]', async () => {
    expect(await walk('shop')).toEqual([]);
  });

  it.each(['m6', 'd/deep', 'd', 'm9'])('%s is not deleted nor moved with one in it [FS-3]', async (path) => {
    const before = own();
    for (const [name, args] of [
      ['delete_path', { path: `shop/${path}`, recursive: true }],
      ['move_path', { from: `shop/${path}`, to: 'shop/elsewhere' }],
    ] as const)
      expect([name, (await call(name, args)).code]).toEqual([name, 'path_refused']);
    expect(own()).toBe(before);
  });

  it('such a mount is no workspace of its own [FS-3]', async () => {
    for (const root of [inside('m1'), inside('m3'), inside('m6', 'fastband')])
      await expect(host.api('workspaces.add', { root })).rejects.toThrow(/Fastband keeps its own data/);
  });

  it('any other folder that was mounted there belongs to the workspace [FS-1]', async () => {
    expect((await call('read_file', { path: 'shop/shared/shared.txt' })).text).toContain('shared');
    expect((await call('write_file', { path: 'shop/shared/new.txt', content: 'x' })).code).toBeUndefined();
    expect(readFileSync(outside('new.txt'), 'utf8')).toBe('x');
  });
});

/** Ways to a disk that does not tell letters' case apart; most systems know none of them. */
const FOLDING: readonly (readonly (readonly [program: string, ...args: string[]])[])[] = [
  [['mount', '-t', 'tmpfs', '-o', 'casefold', 'tmpfs', 'AT']],
  [
    ['truncate', '-s', '16M', 'IMAGE'],
    ['mkfs.ext4', '-q', '-O', 'casefold', 'IMAGE'],
    ['mount', '-o', 'loop', 'IMAGE', 'AT'],
  ],
  [
    ['truncate', '-s', '16M', 'IMAGE'],
    ['mkfs.vfat', 'IMAGE'],
    ['mount', '-o', 'loop', 'IMAGE', 'AT'],
  ],
];

/** Mounts such a disk. @returns the folder in which case does not count; undefined where the system has none */
function foldingFolder(at: string, image: string): string | undefined {
  mkdirSync(at);
  for (const way of FOLDING) {
    const plain = (text: string) => (text === 'AT' ? at : text === 'IMAGE' ? image : text);
    if (!way.every(([program, ...args]) => spawnSync(program, args.map(plain)).status === 0)) continue;
    mounted.push(at);
    const folder = join(at, 'folding');
    mkdirSync(folder);
    spawnSync('chattr', ['+F', folder]);
    writeFileSync(join(folder, 'probe'), '');
    if (existsSync(join(folder, 'PROBE'))) return folder;
    execFileSync('umount', [at]);
    mounted.splice(mounted.indexOf(at), 1);
  }
  return undefined;
}

it('a disk that does not tell case apart: what no tool writes is not written in other letters (mounts: needs root on Linux, and a kernel that folds case) [FS-4]', async (context) => {
  const folder = canMount ? foldingFolder(join(box.folder, 'disk'), join(box.folder, 'image')) : undefined;
  if (folder === undefined) {
    context.skip('no file system here folds case');
    return;
  }
  mkdirSync(join(folder, '.git'));
  mkdirSync(join(folder, '.fastband'));
  await host.api('workspaces.add', { root: folder, name: 'folding' });
  for (const path of ['.GIT/config', '.Git/hooks/x', '.FASTBAND/policy.yaml', '.Fastband/policy.yaml'])
    expect([path, (await call('write_file', { path: `folding/${path}`, content: 'x' })).code]).toEqual([
      path,
      'path_refused',
    ]);
  expect(readdirSync(join(folder, '.git'))).toEqual([]);
  expect(readdirSync(join(folder, '.fastband'))).toEqual([]);
});

describe('things that are no files [FS-1]', () => {
  beforeAll(async () => {
    execFileSync('mkfifo', [inside('pipe')]);
    listening = createServer((socket) => socket.end(MARK));
    await new Promise<void>((resolve) => listening.listen(inside('socket'), resolve));
    spawnSync('mknod', [inside('zero'), 'c', '1', '5']);
    spawnSync('mknod', [inside('memory'), 'c', '1', '1']);
  });

  it.each(['pipe', 'socket', 'zero', 'memory'])('a %s is answered at once by every tool', async (name) => {
    // Only root makes devices; the links stand for them elsewhere.
    if (!existsSync(inside(name))) symlinkSync(name === 'zero' ? '/dev/zero' : '/dev/mem', inside(name));
    for (const [tool, args] of everyTool(`shop/${name}`)) {
      // A command waits for a pipe for as long as it was told to. Moving and deleting mean the name.
      if (/^(?:git_|run_command|delete_path|move_path)/.test(tool)) continue;
      const { code, text } = await call(tool, args);
      expect([tool, args, text.slice(0, 200), code]).toEqual([
        tool,
        args,
        expect.not.stringContaining(MARK),
        expect.stringMatching(/^(?!internal|timeout)/),
      ]);
    }
    for (const [tool, args] of [
      ['git_status', { path: 'shop' }],
      ['git_stage', { path: 'shop', paths: ['shop'] }],
      ['git_diff', { path: 'shop' }],
      ['search_files', { path: 'shop', pattern: PATTERN, hidden: true }],
      ['find_files', { path: 'shop', pattern: '**' }],
      ['list_databases', {}],
    ] as const)
      expect((await call(tool, args)).text).not.toContain(MARK);
  });
});

it('and the host came through it all', async () => {
  expect((await call('read_file', { path: 'shop/kept.txt' })).text).toContain('x');
  expect((await host.api('audit.verify', {})).ok).toBe(true);
  expect(host.process.exitCode).toBeNull();
});
