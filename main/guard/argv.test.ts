import { chmod, copyFile, mkdir, symlink, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ToolBench } from '../tools/testing.ts';
import { resolveCommand, safePath } from './argv.ts';
import { commandEnvironment } from './environment.ts';
import { openProgram } from './programs.ts';

let bench: ToolBench;
let bin: string;

beforeEach(async () => {
  bench = await ToolBench.create({ 'tool.sh': '#!/bin/sh\necho hi\n', 'plain.txt': 'x' });
  await chmod(bench.path('tool.sh'), 0o755);
  bin = join(bench.base, 'bin');
  await mkdir(bin);
});
afterEach(() => bench.remove());

const options = (env: Record<string, string> = {}) => ({
  cwd: bench.root,
  env: { PATH: `${bin}:/usr/bin:/bin`, ...env },
  home: bench.home,
  workspaces: bench.workspaces,
});
const resolve = (argv: string[], env?: Record<string, string>, stdin?: string) =>
  resolveCommand(argv, { ...options(env), stdin });

describe('what a command is', () => {
  it('a program by name comes from PATH, with its real path', async () => {
    const found = await resolve(['cat', '-n', 'plain.txt']);
    expect(found).toMatchObject({ open: false, inWorkspace: false });
    expect(found.binary).toMatch(/^\/.*cat$/);
  });

  it.each([
    [['sh', '-c', 'x']],
    [['bash']],
    [['env', 'cat']],
    [['xargs', 'rm']],
    [['node', '-e', '1']],
    [['find', '.', '-exec', 'rm', '{}', ';']],
    [['git', '-c', 'alias.x=!sh', 'x']],
    [['awk', 'BEGIN{system("id")}']],
    [['tar', '--to-command=sh']],
    [['perl', '-e', '1']],
    [['timeout', '1', 'sh']],
  ])('%j can run anything [POL-5]', async (argv) => {
    expect(await resolve(argv)).toMatchObject({ open: true, why: { about: [expect.any(String)] } });
  });

  it('a file of the workspace can run anything', async () => {
    expect(await resolve(['./tool.sh'])).toMatchObject({ open: true, inWorkspace: true });
  });
});

describe('a program under another name [POL-5]', () => {
  it.each(['ls', 'cat', 'true'])('a link called %s to a shell is a shell', async (name) => {
    await symlink('/bin/sh', join(bin, name));
    expect(await resolve([name])).toMatchObject({ open: true });
  });

  it('a copy of a shell called bash3.2 is a shell', async () => {
    await copyFile('/bin/sh', join(bin, 'bash3.2'));
    await chmod(join(bin, 'bash3.2'), 0o755);
    expect(await resolve(['bash3.2'])).toMatchObject({ open: true });
  });

  it.each([
    ['python3.11', 'python3.11'],
    ['gcc-12', 'x86_64-linux-gnu-gcc-12'],
    ['PYTHON.EXE', 'python.exe'],
    ['deploy.sh', 'deploy.sh'],
    ['vi', 'vim.basic'],
    ['editor', 'vim.tiny'],
    ['x86_64-linux-gnu-gcc', 'x86_64-linux-gnu-gcc-12'],
    ['aarch64-linux-gnu-g++-13', 'aarch64-linux-gnu-g++-13'],
    ['python3-dbg', 'python3.11-dbg'],
    ['nc.openbsd', 'nc.openbsd'],
    ['ld-linux-aarch64.so.1', 'ld-2.36.so'],
    ['ld-musl-x86_64.so.1', 'libc.so'],
    ['git-log', 'git-log'],
    ['node22', 'node'],
    ['tclsh8.6', 'tclsh8.6'],
  ])('%s is known by its name', (given, real) => {
    expect(openProgram(given, real)).toBeDefined();
  });

  it.each(['ls', 'cat', 'printf', 'wc', 'head', 'grep', 'sha256sum', 'x86_64-data', 'ldd-report', 'basic'])(
    '%s is not taken for one that runs others',
    (name) => {
      expect(openProgram(name, name)).toBeUndefined();
    },
  );
});

describe('PATH [CMD-3]', () => {
  it('leads into no workspace, no relative folder and not into Fastband’s own', () => {
    const path = ['.', '', 'bin', bench.root, bench.path('node_modules/.bin'), bench.home, '/usr/bin'].join(
      ':',
    );
    expect(safePath({ PATH: path }, bench.workspaces, bench.home)).toBe('/usr/bin');
  });

  it('a program planted in the workspace is not found by name', async () => {
    await writeFile(bench.path('cat'), '#!/bin/sh\n');
    await chmod(bench.path('cat'), 0o755);
    const found = await resolve(['cat'], { PATH: `${bench.root}:.:/usr/bin:/bin` });
    expect(found.inWorkspace).toBe(false);
  });

  it.each([0o777, 0o1777])(
    'a folder of mode %o, where anyone may put a program, is passed over',
    async (mode) => {
      await copyFile('/bin/true', join(bin, 'planted'));
      expect((await resolve(['planted'])).binary).toBe(join(bin, 'planted'));
      await chmod(bin, mode);
      await expect(resolve(['planted'])).rejects.toMatchObject({ code: 'not_found' });
    },
  );

  it('a link on PATH into the workspace is passed over', async () => {
    await symlink(bench.path('tool.sh'), join(bin, 'harmless'));
    await expect(resolve(['harmless'])).rejects.toMatchObject({ code: 'not_found' });
  });
});

describe('what is refused [CMD-5]', () => {
  it.each([
    ['nothing', []],
    ['an empty name', ['']],
    ['a NUL', ['cat', 'a\0b']],
    ['Fastband by name', ['fastband', 'client', 'add', 'x']],
    ['Fastband behind a wrapper', ['env', 'fastband', 'rules', 'list']],
    ['Fastband’s script given to Node', ['node', '/opt/app/bin/fastband', 'serve']],
  ])('%s', async (_, argv) => {
    await expect(resolve(argv)).rejects.toMatchObject({ code: 'command_refused' });
  });

  it.each([
    ['as an argument', (home: string) => ['cat', join(home, 'fastband.db')]],
    ['in an option', (home: string) => ['cat', `--file=${home}/audit.key`]],
    ['in an assignment', (home: string) => ['dd', `if=../${basename(home)}/fastband.db`, 'of=x']],
    ['behind a short option', (home: string) => ['grep', 'x', `-f../${basename(home)}/settings.json`]],
    ['behind an @', (home: string) => ['curl', '-d', `@../${basename(home)}/settings.json`]],
    ['as a URL', (home: string) => ['curl', `file://${home}/settings.json`]],
    ['in a shell’s text', (home: string) => ['sh', '-c', `cat ${home}/fastband.db`]],
    [
      'in a shell’s text, relative',
      (home: string) => ['sh', '-c', `cd ../${basename(home)}; cat fastband.db`],
    ],
    ['in a shell’s text, in quotes', (home: string) => ['bash', '-c', `cat<"../${basename(home)}"/x`]],
    ['in a script for Node', (home: string) => ['node', '-e', `fs.readFileSync('../${basename(home)}/x')`]],
    ['behind a wrapper', (home: string) => ['env', 'A=1', 'sh', '-c', `cat ../${basename(home)}/x`]],
    ['by way of ..', (home: string) => ['cat', join(home, '..', 'home', 'x')]],
  ])('the home folder %s', async (_, argv) => {
    await expect(resolve(argv(bench.home))).rejects.toMatchObject({ code: 'command_refused' });
  });

  it.each([
    ['fastband rules list'],
    ['exec fastband client add x'],
    ['true&&fastband undo c_1'],
    ['echo $(fastband keys list)'],
    ['/opt/app/bin/fastband serve'],
  ])('Fastband by name in a shell’s text, or in what it is given to read: %s', async (text) => {
    for (const argv of [
      ['sh', '-c', text],
      ['env', '-S', `sh -c '${text}'`],
    ])
      await expect(resolve(argv)).rejects.toMatchObject({ code: 'command_refused' });
    await expect(resolve(['sh'], {}, text)).rejects.toMatchObject({ code: 'command_refused' });
    // What only reads runs none of it.
    await expect(resolve(['cat'], {}, text)).resolves.toMatchObject({ open: false });
  });

  it('the home folder as the person’s home leads to it', async () => {
    const home = join(bench.home, '..');
    for (const text of [`cat ~/${basename(bench.home)}/x`, `cat "$HOME/${basename(bench.home)}/x"`])
      await expect(resolve(['sh', '-c', text], { HOME: home })).rejects.toMatchObject({
        code: 'command_refused',
      });
  });

  it('more input for a shell than can be looked through, but not for what only reads', async () => {
    const stdin = Array.from({ length: 3000 }, (_, i) => `a/${i}`).join('\n');
    await expect(resolve(['sh'], {}, stdin)).rejects.toMatchObject({ code: 'command_refused' });
    await expect(resolve(['cat'], {}, stdin)).resolves.toMatchObject({ open: false });
    await expect(resolve(['sh', '-c', 'npm run build && git status'])).resolves.toMatchObject({ open: true });
  });

  it('the home folder through a link in the workspace', async () => {
    await symlink(bench.home, bench.path('innocent'));
    await expect(resolve(['cat', 'innocent/fastband.db'])).rejects.toMatchObject({ code: 'command_refused' });
  });

  it('the home folder through a link and back up', async () => {
    await mkdir(join(bench.home, 'journal'));
    await symlink(join(bench.home, 'journal'), bench.path('innocent'));
    await writeFile(join(bench.home, 'fastband.db'), '');
    await expect(resolve(['cat', 'innocent/../fastband.db'])).rejects.toMatchObject({
      code: 'command_refused',
    });
  });

  it('Fastband’s own entry, by whatever name it is given to Node', async () => {
    await symlink(join(import.meta.dirname, '..', 'headless', 'cli.ts'), bench.path('harmless.ts'));
    await expect(resolve(['node', 'harmless.ts', 'rules', 'list'])).rejects.toMatchObject({
      code: 'command_refused',
    });
  });

  it.each([['missing-program'], ['./plain.txt'], ['/nowhere/x'], ['/usr/bin']])(
    '%s, which is no program',
    async (name) => {
      await expect(resolve([name])).rejects.toMatchObject({ code: 'not_found' });
    },
  );
});

describe('the environment of a command [CMD-2]', () => {
  it('passes on a few plain things, what was named, and nothing that loads code or is a key', () => {
    const env = {
      PATH: '/usr/bin',
      HOME: '/h',
      LANG: 'C',
      LC_ALL: 'C',
      CI: '1',
      LD_PRELOAD: '/x.so',
      NODE_OPTIONS: '--require /x',
      GIT_DIR: '/x',
      BASH_ENV: '/x',
      ANTHROPIC_API_KEY: 'k',
      FASTBAND_SECRET_KEY: 's',
      OTHER_TOKEN: 't',
    };
    const extra = ['CI', 'LD_PRELOAD', 'NODE_OPTIONS', 'GIT_DIR', 'ANTHROPIC_API_KEY', 'FASTBAND_SECRET_KEY'];
    expect(commandEnvironment({ env, extra, workspaces: bench.workspaces, home: bench.home })).toEqual({
      PATH: '/usr/bin',
      HOME: '/h',
      LANG: 'C',
      LC_ALL: 'C',
      CI: '1',
      TERM: 'dumb',
    });
  });
});
