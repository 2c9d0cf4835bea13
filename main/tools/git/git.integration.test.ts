import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { realClock } from '../../core/testing.ts';
import type { Plan, PlanContext, RunContext, Tool, ToolResult } from '../../core/tool.ts';
import { ToolBench } from '../testing.ts';
import { gitBranches } from './git-branches.ts';
import { gitCommit } from './git-commit.ts';
import { gitCreateBranch } from './git-create-branch.ts';
import { gitDiff } from './git-diff.ts';
import { gitLog } from './git-log.ts';
import { gitRestore } from './git-restore.ts';
import { gitShow } from './git-show.ts';
import { gitStage } from './git-stage.ts';
import { gitStatus } from './git-status.ts';
import { gitSwitch } from './git-switch.ts';

let bench: ToolBench;
let userHome: string;

beforeEach(async () => {
  bench = await ToolBench.create({ 'a.txt': 'one\n', 'secret/key.txt': 'hidden line\n' });
  userHome = join(bench.base, 'user');
  mkdirSync(userHome);
  writeFileSync(join(userHome, '.gitconfig'), '[user]\nname = Ada\nemail = ada@example.org\n');
  git('init', '-q', '-b', 'main');
  git('add', '.');
  git('commit', '-q', '-m', 'first');
});
afterEach(() => bench.remove());

const environment = () => ({ PATH: process.env.PATH ?? '', HOME: userHome });
const git = (...args: string[]) =>
  execFileSync('git', ['-C', bench.root, ...args], {
    encoding: 'utf8',
    env: { ...environment(), GIT_CONFIG_NOSYSTEM: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
const put = (path: string, text: string) => {
  mkdirSync(dirname(bench.path(path)), { recursive: true });
  writeFileSync(bench.path(path), text);
};

function real<C extends PlanContext>(context: C): C {
  return { ...context, ports: { ...context.ports, clock: realClock, env: environment() } };
}
const plan = async <I, D, O>(tool: Tool<I, D, O>, input: unknown): Promise<Plan<D>> =>
  tool.plan(tool.input.parse(input), real(bench.planContext()));
const run = async <I, D, O>(tool: Tool<I, D, O>, planned: Plan<D>): Promise<ToolResult<O>> => {
  const result = await tool.run(planned, real<RunContext>(bench.runContext()));
  tool.output.parse(result.output);
  return result;
};
const call = async <I, D, O>(tool: Tool<I, D, O>, input: unknown = {}): Promise<O> =>
  (await run(tool, await plan(tool, input))).output;

describe('reading a repository', () => {
  it('tells status, branches, log, diffs and commits', async () => {
    put('a.txt', 'two\n');
    put('new file.txt', 'n\n');
    const status = await call(gitStatus);
    expect(status).toMatchObject({ branch: 'main', upstream: null, hidden: 0 });
    expect(status.entries).toEqual([
      { path: 'a.txt', index: '.', worktree: 'M' },
      { path: 'new file.txt', index: '?', worktree: '?' },
    ]);
    expect((await call(gitDiff)).patch).toContain('-one\n+two');
    git('add', 'a.txt');
    expect((await call(gitDiff, { staged: true })).patch).toContain('+two');
    expect((await call(gitDiff)).patch).toBe('');
    expect((await call(gitLog)).commits).toMatchObject([
      { subject: 'first', author: 'Ada <ada@example.org>' },
    ]);
    expect((await call(gitShow)).text).toContain('+one');
    expect((await call(gitShow, { file: 'a.txt' })).text).toBe('one\n');
    expect(await call(gitBranches)).toMatchObject({
      current: 'main',
      branches: [{ name: 'main', remote: false }],
    });
  });

  it('works where nothing was committed yet', async () => {
    rmSync(bench.path('.git'), { recursive: true });
    git('init', '-q', '-b', 'main');
    expect(await call(gitStatus)).toMatchObject({ branch: 'main', head: null });
    expect(await call(gitLog)).toEqual({ commits: [] });
    git('add', 'a.txt');
    await call(gitCommit, { message: 'root' });
    expect(git('log', '--format=%s').trim()).toBe('root');
  });

  it('leaves out what the rules hide, and says how much [FS-8]', async () => {
    put('secret/key.txt', 'changed\n');
    put('a.txt', 'two\n');
    bench.hidden.add('ws:secret/key.txt');
    const diff = await call(gitDiff);
    expect(diff).toMatchObject({ files: ['a.txt'], hidden: 1 });
    expect(diff.patch).not.toContain('changed');
    const shown = await call(gitShow);
    expect(shown.text).toContain('+one');
    expect(shown.text).not.toContain('hidden line');
    expect((await call(gitStatus)).entries.map((entry) => entry.path)).toEqual(['a.txt']);
    const blob = git('rev-parse', 'HEAD:secret/key.txt').trim();
    for (const revision of ['HEAD:secret/key.txt', blob, ':secret/key.txt']) {
      await expect(call(gitShow, { revision })).rejects.toMatchObject({
        code: expect.stringMatching(/invalid_input|not_found/),
      });
    }
  });

  it.each(['--output=x', '-p', '--upload-pack=x', '', 'a\nb', '--exec=x'])(
    'takes %j for no revision [GIT-3]',
    async (revision) => {
      for (const tool of [gitShow, gitLog] as Tool<unknown, unknown, unknown>[]) {
        await expect(call(tool, { revision })).rejects.toMatchObject({ code: 'invalid_input' });
      }
      await expect(call(gitDiff, { from: revision })).rejects.toMatchObject({ code: 'invalid_input' });
      expect(existsSync(bench.path('x'))).toBe(false);
    },
  );
});

describe('changing a repository', () => {
  it('stages exactly what was planned, and commits exactly what was staged', async () => {
    put('a.txt', 'two\n');
    put('b.txt', 'b\n');
    rmSync(bench.path('secret/key.txt'));
    expect(await call(gitStage, { paths: ['a.txt', 'secret'] })).toEqual({
      staged: ['a.txt', 'secret/key.txt'],
    });
    const planned = await plan(gitCommit, { message: 'second\n\nbody' });
    expect(planned.effects).toEqual([{ kind: 'write', workspace: 'ws', path: '.git', op: 'git-commit' }]);
    expect(JSON.stringify(await planned.preview?.())).toContain('+two');
    const { output } = await run(gitCommit, planned);
    expect(git('rev-parse', 'HEAD').trim()).toBe(output.commit);
    expect(git('show', '--name-status', '--format=%an%n%B').replace(/\n+/g, '\n')).toBe(
      'Ada\nsecond\nbody\nM\ta.txt\nD\tsecret/key.txt\n',
    );
    expect(git('reflog', '-1', '--format=%gs').trim()).toBe('commit: second');
  });

  it.each([
    [
      'another file was staged',
      () => {
        put('b.txt', 'b');
        git('add', 'b.txt');
      },
    ],
    ['another commit was made', () => git('commit', '-q', '--allow-empty', '-m', 'other')],
    ['the branch was switched', () => git('switch', '-q', '-c', 'other')],
    ['who commits has changed', () => git('config', 'user.name', 'Eve')],
  ])('does not commit when %s after it was shown [CALL-2]', async (_, change) => {
    put('a.txt', 'two\n');
    git('add', 'a.txt');
    const planned = await plan(gitCommit, { message: 'm' });
    change();
    const head = git('rev-parse', 'HEAD');
    await expect(run(gitCommit, planned)).rejects.toMatchObject({ code: 'changed_since_plan' });
    expect(git('rev-parse', 'HEAD')).toBe(head);
  });

  it('refuses to commit a key, naming file and line, and the key nowhere [GIT-2]', async () => {
    const key = `gh${'p_'}${'aB3dE5gH7jK9'.repeat(3)}`;
    put('config.ts', `const a = 1;\nconst token = '${key}';\n`);
    git('add', 'config.ts');
    const refusal = await plan(gitCommit, { message: 'm' }).catch((error: Error) => error);
    expect(refusal).toMatchObject({
      code: 'secret_found',
      message: expect.stringContaining('config.ts line 2'),
    });
    expect(String(refusal)).not.toContain(key);
    await expect(plan(gitCommit, { message: `uses ${key}` })).rejects.toMatchObject({ code: 'secret_found' });
  });

  describe('refuses a key, however it is kept from a look', () => {
    const key = `gh${'p_'}${'aB3dE5gH7jK9'.repeat(3)}`;
    const lines = (megabytes: number) => 'a line like any other\n'.repeat(megabytes * 48_000);
    const converter = () => {
      put('.gitattributes', '*.ts diff=quiet\n');
      git('config', 'diff.quiet.textconv', 'true');
    };
    it.each([
      ['attributes that say there is no diff', () => put('.gitattributes', '*.ts -diff\n'), `${key}\n`],
      ['attributes that say it is binary', () => put('.gitattributes', '*.ts binary\n'), `${key}\n`],
      ['a zero byte before it', () => {}, `\0 ${key}\n`],
      ['a limit past which files are binary', () => git('config', 'core.bigFileThreshold', '1'), `${key}\n`],
      ['a line that looks like a heading', () => {}, `one\n++ b/${key}\n`],
      ['a converter to other text', () => converter(), `${key}\n`],
      ['UTF-16', () => {}, Buffer.from(`\ufeffa = "${key}"\n`, 'utf16le')],
      ['UTF-16, big end first', () => {}, Buffer.from(`a = "${key}"\n`, 'utf16le').swap16()],
      ['much before it and much after it', () => {}, `${lines(9)}${key}\n${lines(9)}`],
      ['more than can be looked through', () => {}, `${lines(40)}${key}\n${lines(40)}`],
    ] as [string, () => void, string | Buffer][])('by %s [GIT-2]', async (_, set, content) => {
      set();
      writeFileSync(bench.path('config.ts'), content);
      git('add', 'config.ts');
      await expect(plan(gitCommit, { message: 'm' })).rejects.toMatchObject({
        code: expect.stringMatching(/^(?:secret_found|output_too_large)$/),
      });
    });

    it('by a file of the same size and time in the place of the staged one [GIT-2]', async () => {
      git('config', 'core.trustctime', 'false');
      git('config', 'core.checkStat', 'minimal');
      const time = new Date('2020-01-01');
      put('config.ts', `${key}\n`);
      utimesSync(bench.path('config.ts'), time, time);
      git('add', 'config.ts');
      put('config.ts', `${'x'.repeat(key.length)}\n`);
      utimesSync(bench.path('config.ts'), time, time);
      await expect(call(gitCommit, { message: 'm' })).rejects.toMatchObject({ code: 'secret_found' });
    });
  });

  it('makes and switches branches, and refuses names that are none', async () => {
    await call(gitCreateBranch, { name: 'feature/x' });
    expect(await call(gitSwitch, { branch: 'feature/x' })).toMatchObject({ branch: 'feature/x', files: 0 });
    expect(git('branch', '--show-current').trim()).toBe('feature/x');
    for (const name of ['--force', '-d', 'a..b', 'HEAD', 'x.lock', 'a b', '@{-1}', 'refs:x', '']) {
      await expect(call(gitCreateBranch, { name })).rejects.toMatchObject({ code: 'invalid_input' });
      await expect(call(gitSwitch, { branch: name })).rejects.toMatchObject({
        code: expect.stringMatching(/invalid_input|not_found/),
      });
    }
    await expect(call(gitCreateBranch, { name: 'main' })).rejects.toMatchObject({ code: 'conflict' });
  });

  it('switching names the files that change, and refuses to lose any', async () => {
    git('switch', '-q', '-c', 'other');
    put('a.txt', 'other\n');
    git('commit', '-q', '-am', 'other');
    git('switch', '-q', 'main');
    const planned = await plan(gitSwitch, { branch: 'other' });
    expect(planned.effects).toContainEqual({
      kind: 'write',
      workspace: 'ws',
      path: 'a.txt',
      op: 'git-restore',
    });
    put('a.txt', 'mine\n');
    await expect(run(gitSwitch, planned)).rejects.toMatchObject({ code: 'git_refused' });
    expect(readFileSync(bench.path('a.txt'), 'utf8')).toBe('mine\n');
  });

  it('restoring keeps what it throws away', async () => {
    put('a.txt', 'mine\n');
    expect(await call(gitRestore, { paths: ['a.txt'] })).toEqual({ restored: ['a.txt'] });
    expect(readFileSync(bench.path('a.txt'), 'utf8')).toBe('one\n');
    expect(bench.journal).toMatchObject([
      { path: 'a.txt', op: 'git-restore', content: 'mine\n', done: true },
    ]);
    put('a.txt', 'two\n');
    git('add', 'a.txt');
    await call(gitRestore, { paths: ['.'], staged: true });
    expect(git('diff', '--cached', '--name-only')).toBe('');
    expect(readFileSync(bench.path('a.txt'), 'utf8')).toBe('two\n');
  });

  it('is refused in a read-only workspace, and half-way through a merge', async () => {
    git('switch', '-q', '-c', 'other');
    put('a.txt', 'other\n');
    git('commit', '-q', '-am', 'other');
    git('switch', '-q', 'main');
    put('a.txt', 'mine\n');
    git('commit', '-q', '-am', 'mine');
    expect(() => git('merge', 'other')).toThrow();
    await expect(plan(gitCommit, { message: 'm' })).rejects.toMatchObject({ code: 'git_refused' });
    bench.workspaces.splice(0, 1, { name: 'ws', root: bench.root, readOnly: true, createdAt: 0 });
    for (const [tool, input] of [
      [gitCommit, { message: 'm' }],
      [gitStage, { paths: ['a.txt'] }],
      [gitCreateBranch, { name: 'x' }],
      [gitSwitch, { branch: 'other' }],
      [gitRestore, { paths: ['a.txt'] }],
    ] as [Tool<unknown, unknown, unknown>, object][]) {
      await expect(plan(tool, input)).rejects.toMatchObject({ code: 'read_only' });
    }
    expect((await call(gitStatus)).branch).toBe('main');
  });

  it('never touches the project’s policy for Fastband [FS-4]', async () => {
    git('switch', '-q', '-c', 'other');
    put('.fastband/policy.yaml', 'version: 1\n');
    git('add', '.');
    git('commit', '-q', '-m', 'policy');
    git('switch', '-q', 'main');
    await expect(plan(gitSwitch, { branch: 'other' })).rejects.toMatchObject({ code: 'path_refused' });
  });
});

describe('a workspace further in', () => {
  beforeEach(() => {
    put('inner/f.txt', 'one\n');
    git('add', '.');
    git('commit', '-q', '-m', 'inner');
    put('inner/f.txt', 'two\n');
    bench.workspaces.push({ name: 'inner', root: bench.path('inner'), readOnly: false, createdAt: 0 });
  });

  it('is judged by its own rules, whichever repository its files are in [POL-1]', async () => {
    const staged = await plan(gitStage, { path: 'ws', paths: ['inner'] });
    expect(staged.effects).toContainEqual({ kind: 'read', workspace: 'inner', path: 'f.txt' });
    const restored = await plan(gitRestore, { path: 'ws', paths: ['ws'] });
    expect(restored.effects).toEqual([
      { kind: 'write', workspace: 'inner', path: 'f.txt', op: 'git-restore' },
    ]);
    const shown = await plan(gitShow, { path: 'ws', file: 'inner/f.txt' });
    expect(shown.effects).toEqual([{ kind: 'read', workspace: 'inner', path: 'f.txt' }]);
    await run(gitRestore, restored);
    // Undoing looks for the file where it belongs.
    expect(bench.journal).toMatchObject([{ workspace: 'inner', path: 'f.txt', done: true }]);
  });

  it('counts where there are too many files to name [POL-1]', async () => {
    for (let i = 0; i < 201; i++) put(`inner/many/${i}.txt`, 'one\n');
    git('add', '.');
    git('commit', '-q', '-m', 'many');
    for (let i = 0; i < 201; i++) put(`inner/many/${i}.txt`, 'two\n');
    const { effects } = await plan(gitRestore, { path: 'ws', paths: ['ws'] });
    expect(effects).toEqual([
      { kind: 'write', workspace: 'ws', path: '.', op: 'git-restore', tree: true },
      { kind: 'write', workspace: 'inner', path: '.', op: 'git-restore', tree: true },
    ]);
  });
});

describe('a hostile repository [GIT-1]', () => {
  const marker = () => join(bench.base, 'marker');

  /** A program that leaves a mark when anything starts it. */
  function trap(): string {
    const file = join(bench.base, 'trap');
    writeFileSync(file, `#!/bin/sh\ntouch ${marker()}\ncat >/dev/null 2>&1\nexit 0\n`);
    chmodSync(file, 0o755);
    return file;
  }

  /** Every tool, as far as it gets. */
  async function everything(): Promise<void> {
    put('a.txt', `changed ${Math.random()}\n`);
    put('fresh.txt', 'fresh\n');
    const attempts: [Tool<unknown, unknown, unknown>, object][] = [
      [gitStatus, {}],
      [gitDiff, {}],
      [gitLog, {}],
      [gitShow, {}],
      [gitShow, { file: 'a.txt' }],
      [gitBranches, {}],
      [gitStage, { paths: ['a.txt', 'fresh.txt'] }],
      [gitDiff, { staged: true }],
      [gitCommit, { message: 'm' }],
      [gitCreateBranch, { name: `b${Math.floor(Math.random() * 1e9)}` }],
      [gitSwitch, { branch: 'other' }],
      [gitRestore, { paths: ['.'] }],
    ];
    let done = 0;
    for (const [tool, input] of attempts) {
      await plan(tool, input)
        .then(async (planned) => {
          await planned.preview?.();
          await run(tool, planned);
          done++;
        })
        .catch((error: Error & { code?: string }) => {
          if (error.code === undefined) throw error;
        });
    }
    // Were most of them refused, nothing would be proved by what was not started.
    expect(done).toBeGreaterThanOrEqual(7);
  }

  beforeEach(() => {
    git('branch', 'other');
    put('.gitattributes', '*.txt filter=evil diff=evil merge=evil\n');
  });

  it.each([
    ['core.fsmonitor', (program: string) => git('config', 'core.fsmonitor', program)],
    [
      'core.hooksPath',
      (program: string) => {
        const hooks = join(bench.base, 'hooks');
        mkdirSync(hooks);
        for (const hook of [
          'pre-commit',
          'post-commit',
          'commit-msg',
          'prepare-commit-msg',
          'post-checkout',
          'reference-transaction',
          'post-index-change',
          'pre-auto-gc',
        ])
          writeFileSync(join(hooks, hook), readFileSync(program), { mode: 0o755 });
        git('config', 'core.hooksPath', hooks);
      },
    ],
    [
      '.git/hooks',
      (program: string) => {
        for (const hook of [
          'pre-commit',
          'post-commit',
          'commit-msg',
          'post-checkout',
          'reference-transaction',
          'post-index-change',
        ])
          writeFileSync(bench.path('.git/hooks', hook), readFileSync(program), { mode: 0o755 });
      },
    ],
    [
      'filters',
      (program: string) => {
        for (const key of ['clean', 'smudge', 'process']) git('config', `filter.evil.${key}`, program);
      },
    ],
    [
      'text converters and diff commands',
      (program: string) => {
        git('config', 'diff.evil.textconv', program);
        git('config', 'diff.evil.command', program);
        git('config', 'diff.external', program);
      },
    ],
    ['merge drivers', (program: string) => git('config', 'merge.evil.driver', program)],
    [
      'pagers and editors',
      (program: string) => {
        for (const key of [
          'core.pager',
          'core.editor',
          'sequence.editor',
          'pager.log',
          'pager.diff',
          'interactive.diffFilter',
        ])
          git('config', key, program);
      },
    ],
    [
      'signing',
      (program: string) => {
        git('config', 'commit.gpgSign', 'true');
        git('config', 'gpg.program', program);
        git('config', 'log.showSignature', 'true');
      },
    ],
    [
      'helpers and proxies',
      (program: string) => {
        for (const key of [
          'core.sshCommand',
          'core.gitProxy',
          'core.askPass',
          'credential.helper',
          'core.alternateRefsCommand',
        ])
          git('config', key, program);
      },
    ],
    [
      'aliases of what is called',
      (program: string) => {
        for (const name of ['status', 'diff', 'log', 'commit', 'add', 'var'])
          git('config', `alias.${name}`, `!${program}`);
      },
    ],
    [
      'an include of another file',
      (program: string) => {
        writeFileSync(
          bench.path('evil.cfg'),
          `[filter "evil"]\nclean = ${program}\nsmudge = ${program}\n[core]\nfsmonitor = ${program}\n`,
        );
        git('config', 'include.path', '../evil.cfg');
      },
    ],
    [
      'the user’s own settings',
      (program: string) => {
        writeFileSync(
          join(userHome, '.gitconfig'),
          `[user]\nname = Ada\nemail = a@b\n[core]\nfsmonitor = ${program}\npager = ${program}\n[filter "evil"]\nclean = ${program}\nprocess = ${program}\n[diff]\nexternal = ${program}\n`,
        );
      },
    ],
    [
      'trailers',
      (program: string) => {
        git('config', 'trailer.x.command', program);
        git('config', 'trailer.x.cmd', program);
      },
    ],
  ] as [string, (program: string) => void][])('starts nothing through %s', async (_, set) => {
    set(trap());
    await everything();
    expect(existsSync(marker())).toBe(false);
  });

  it.each([
    ['git_stage', gitStage, { paths: ['a.txt'] }],
    ['git_restore', gitRestore, { paths: ['a.txt'] }],
    ['git_switch', gitSwitch, { branch: 'different' }],
    ['git_status', gitStatus, {}],
    ['git_diff', gitDiff, {}],
  ] as [string, Tool<unknown, unknown, unknown>, object][])(
    'starts nothing that it names only once %s was approved [CALL-2]',
    async (_, tool, input) => {
      rmSync(bench.path('.gitattributes'));
      git('switch', '-q', '-c', 'different');
      put('a.txt', 'different\n');
      git('commit', '-q', '-a', '-m', 'different');
      git('switch', '-q', 'main');
      if (tool.name !== 'git_switch') put('a.txt', 'changed\n');
      const planned = await plan(tool, input);
      const program = trap();
      for (const key of ['clean', 'smudge', 'process']) git('config', `filter.late.${key}`, program);
      put('.git/info/attributes', '*.txt filter=late\n');
      // A person who is asked about reading needs a moment too.
      if (tool.name === 'git_status' || tool.name === 'git_diff') await sleep(600);
      await run(tool, planned).catch((error: Error & { code?: string }) => {
        if (error.code === undefined) throw error;
      });
      expect(existsSync(marker())).toBe(false);
    },
  );

  it('that is put in the place of one is not worked in, whatever was approved before [CALL-2 FS-2]', async () => {
    rmSync(bench.path('.gitattributes'));
    put('a.txt', 'changed\n');
    const planned = await plan(gitStage, { paths: ['a.txt'] });
    const outside = join(bench.base, 'outside.git');
    execFileSync('cp', ['-r', bench.path('.git'), outside]);
    rmSync(bench.path('.git'), { recursive: true });
    symlinkSync(outside, bench.path('.git'));
    const index = readFileSync(join(outside, 'index'));
    await expect(run(gitStage, planned)).rejects.toMatchObject({ code: 'git_refused' });
    expect(readFileSync(join(outside, 'index')).equals(index)).toBe(true);
  });

  it('starts nothing in a submodule, whatever .gitmodules says [GIT-1]', async () => {
    rmSync(bench.path('.gitattributes'));
    const sub = bench.path('sub');
    const inSub = (...args: string[]) => execFileSync('git', ['-C', sub, ...args], { env: environment() });
    git('init', '-q', 'sub');
    put('sub/f.txt', '1\n');
    inSub('add', '.');
    inSub('commit', '-q', '-m', 's');
    put(
      '.gitmodules',
      `[submodule "sub"]\npath = sub\nurl = ext::${trap()}\nignore = none\nupdate = !${trap()}\nfetchRecurseSubmodules = true\n`,
    );
    git('-c', 'advice.addEmbeddedRepo=false', 'add', '.');
    git('commit', '-q', '-m', 'sub');
    const program = trap();
    for (const key of ['filter.e.clean', 'filter.e.process', 'core.fsmonitor', 'diff.external'])
      inSub('config', key, program);
    put('sub/.git/info/attributes', '* filter=e\n');
    put('sub/.git/hooks/post-index-change', readFileSync(program, 'utf8'));
    chmodSync(bench.path('sub/.git/hooks/post-index-change'), 0o755);
    put('sub/f.txt', '2\n');
    await everything();
    await expect(plan(gitStage, { paths: ['sub'] })).rejects.toMatchObject({ code: 'invalid_input' });
    expect((await call(gitDiff)).files).not.toContain('sub');
    expect(existsSync(marker())).toBe(false);
  });

  it('with more settings than are read of an answer starts nothing that one in their middle names [GIT-1]', async () => {
    const many = (from: number) =>
      Array.from({ length: 120_000 }, (_, i) => `k${from + i}${'x'.repeat(150)} = 1`).join('\n');
    put(
      'many.cfg',
      `[a "${'s'.repeat(150)}"]\n${many(0)}\n[filter "evil"]\nclean = ${trap()}\n[a "${'s'.repeat(150)}"]\n${many(120_000)}\n`,
    );
    git('config', 'include.path', '../many.cfg');
    put('a.txt', 'two\n');
    await expect(call(gitDiff)).rejects.toMatchObject({ code: 'output_too_large' });
    expect(existsSync(marker())).toBe(false);
  });

  it.each([
    [
      'a branch that looks like an option',
      () => put('.git/refs/heads/--upload-pack=x', git('rev-parse', 'HEAD')),
    ],
    [
      'HEAD on a branch that looks like an option',
      () => {
        put('.git/refs/heads/--output=x', git('rev-parse', 'HEAD'));
        put('.git/HEAD', 'ref: refs/heads/--output=x\n');
      },
    ],
    ['HEAD that is an option', () => put('.git/HEAD', 'ref: --output=x\n')],
    ['a branch that names a file outside', () => put('.git/refs/heads/out', 'ref: ../../../outside-ref\n')],
    ['HEAD that names a file outside', () => put('.git/HEAD', 'ref: ../../outside-ref\n')],
    ['HEAD that names a file outside by refs', () => put('.git/HEAD', 'ref: refs/../../../outside-ref\n')],
  ] as [string, () => void][])('with %s writes and shows nothing of it [GIT-3 FS-1]', async (_, set) => {
    const hash = git('rev-parse', 'HEAD');
    const outside = join(bench.base, 'outside-ref');
    writeFileSync(outside, hash);
    rmSync(bench.path('.gitattributes'));
    set();
    put('a.txt', 'two\n');
    const attempts: [Tool<unknown, unknown, unknown>, object][] = [
      [gitStatus, {}],
      [gitLog, {}],
      [gitLog, { revision: 'out' }],
      [gitShow, {}],
      [gitDiff, {}],
      [gitBranches, {}],
      [gitStage, { paths: ['a.txt'] }],
      [gitCommit, { message: 'm' }],
      [gitSwitch, { branch: 'out' }],
      [gitSwitch, { branch: '--upload-pack=x' }],
      [gitCreateBranch, { name: 'b', from: '--output=x' }],
    ];
    for (const [tool, input] of attempts)
      await call(tool, input).catch((error: Error & { code?: string }) => {
        if (error.code === undefined) throw error;
      });
    expect(readFileSync(outside, 'utf8')).toBe(hash);
    for (const name of ['x', '.git/x']) expect(existsSync(bench.path(name))).toBe(false);
    await expect(call(gitLog, { revision: 'out' })).rejects.toMatchObject({ code: 'not_found' });
  });

  it('that goes through filters is not staged wrongly: it is refused', async () => {
    git('config', 'filter.evil.clean', 'cat');
    put('a.txt', 'x\n');
    await expect(plan(gitStage, { paths: ['a.txt'] })).rejects.toMatchObject({
      code: 'git_refused',
      message: expect.stringContaining('filter'),
    });
  });

  it.each([
    [
      'a .git file that points outside',
      (outside: string) => {
        rmSync(bench.path('.git'), { recursive: true });
        writeFileSync(bench.path('.git'), `gitdir: ${outside}/.git\n`);
      },
    ],
    [
      'a .git link to outside',
      (outside: string) => {
        rmSync(bench.path('.git'), { recursive: true });
        symlinkSync(join(outside, '.git'), bench.path('.git'));
      },
    ],
    [
      'a common folder outside',
      (outside: string) => writeFileSync(bench.path('.git/commondir'), `${outside}/.git\n`),
    ],
    [
      'objects borrowed from outside',
      (outside: string) =>
        writeFileSync(bench.path('.git/objects/info/alternates'), `${outside}/.git/objects\n`),
    ],
  ] as [string, (outside: string) => void][])('with %s is refused', async (_, set) => {
    const outside = join(bench.base, 'outside');
    execFileSync('git', ['init', '-q', outside]);
    set(outside);
    for (const tool of [gitStatus, gitLog, gitShow, gitBranches] as Tool<unknown, unknown, unknown>[]) {
      await expect(call(tool)).rejects.toMatchObject({ code: 'git_refused' });
    }
  });

  it('whose settings name another working tree still works in its own', async () => {
    const outside = join(bench.base, 'elsewhere');
    mkdirSync(outside);
    git('config', 'core.worktree', outside);
    put('a.txt', 'two\n');
    await call(gitRestore, { paths: ['a.txt'] }).catch(() => {});
    expect(existsSync(join(outside, 'a.txt'))).toBe(false);
  });

  it('above the workspace is not found', async () => {
    bench.workspaces.splice(0, 1, { name: 'ws', root: bench.path('secret'), readOnly: false, createdAt: 0 });
    await expect(call(gitStatus)).rejects.toMatchObject({ code: 'not_found' });
  });
});
