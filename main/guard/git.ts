import { randomUUID } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { FastbandError } from '../core/errors.ts';
import type { PlanContext } from '../core/tool.ts';
import { isWithin } from '../core/within.ts';
import { resolveCommand, safePath } from './argv.ts';
import { inFolder } from './fs-folder.ts';
import { refuseOutsideData } from './git-folder.ts';
import type { ResolvedPath } from './path.ts';
import { runProgram } from './run.ts';

/** A repository inside a workspace, found and judged safe to work in. */
export interface Repository {
  readonly workspace: ResolvedPath['workspace'];
  /** Absolute real path of the working tree's root. */
  readonly root: string;
  /** The same, relative to the workspace. */
  readonly relative: string;
  /** Its `.git`, relative to the workspace: what effects on the repository name. */
  readonly gitPath: string;
}

export interface GitResult {
  readonly stdout: string;
  readonly stderr: string;
  readonly exitCode: number;
}

/** Whatever a repository or its user has set that makes git start a program or reach a network: off. */
const FIXED = [
  'core.hooksPath=/dev/null',
  'core.fsmonitor=false',
  'core.pager=cat',
  'core.editor=true',
  'sequence.editor=true',
  'core.sshCommand=false',
  'core.gitProxy=',
  'core.askPass=',
  'core.attributesFile=/dev/null',
  'core.alternateRefsCommand=true',
  'credential.helper=',
  'diff.external=',
  'diff.trustExitCode=false',
  'commit.gpgSign=false',
  'tag.gpgSign=false',
  'log.showSignature=false',
  'gpg.program=false',
  'submodule.recurse=false',
  'diff.ignoreSubmodules=all',
  // Else a file of the same size and time would pass for what is staged.
  'core.trustctime=true',
  'core.checkStat=default',
  'status.submoduleSummary=false',
  'protocol.allow=never',
  'maintenance.auto=false',
  'gc.auto=0',
  'advice.detachedHead=false',
  'color.ui=false',
  'core.quotePath=false',
  'safe.bareRepository=explicit',
  'trailer.ifmissing=addIfDifferent',
];

const MAX_OUTPUT = 64 * 1024 * 1024;
const MAX_PARTIAL = 16 * 1024 * 1024;
const FLOOD_BYTES = 256 * 1024 * 1024;
const TIMEOUT_MS = 60_000;
/** So long a judgement holds for reading: a call plans and reads at once, unless a person is asked in between. */
const FRESH_MS = 500;
const MOST_JUDGED = 256;
/** The last judgement of each repository in its workspace: when, on the clock that only goes forward, and what is off. */
const judged = new Map<string, { readonly at: number; readonly overrides: readonly string[] }>();

/**
 * Finds the repository that a folder belongs to and makes sure that working in it runs nothing and leads nowhere:
 * its `.git`, common folder, object store and working tree all lie in the workspace, and every program that its
 * configuration names (filters, text converters, merge drivers) is overridden.
 *
 * @throws FastbandError `git_refused`, `not_found`
 */
export async function openRepository(folder: ResolvedPath, context: PlanContext): Promise<Repository> {
  if (folder.type === null) throw new FastbandError('not_found', `${folder.requested} does not exist.`);
  const start = folder.type === 'directory' ? folder.absolute : dirname(folder.absolute);
  const root = await findRoot(start, folder.workspace.root);
  if (root === undefined)
    throw new FastbandError('not_found', `${folder.requested} is in no git repository of this workspace.`);
  const below =
    root === folder.workspace.root ? '.' : root.slice(folder.workspace.root.length + 1).replaceAll('\\', '/');
  const repository: Repository = {
    workspace: folder.workspace,
    root,
    relative: below,
    gitPath: below === '.' ? '.git' : `${below}/.git`,
  };
  await judge(repository, context, false);
  return repository;
}

/**
 * Makes sure that a repository's data lies in the workspace, as it is now.
 *
 * @returns settings that turn off what its configuration could run
 * @throws FastbandError `git_refused`
 */
async function judge(repository: Repository, context: PlanContext, writing: boolean): Promise<string[]> {
  const { root, workspace } = repository;
  await refuseOutsideData(root, workspace.root, writing);
  // Whatever git finds in the configuration, telling its names starts nothing.
  const names = await git(repository, ['config', '--list', '--name-only', '-z', '--includes'], context, {
    allowFailure: true,
    judging: true,
  });
  const overrides = overridesFor(names.stdout.split('\0'));
  const key = keyOf(repository);
  judged.delete(key);
  judged.set(key, { at: context.ports.clock.monotonic(), overrides });
  for (const oldest of judged.keys()) if (judged.size > MOST_JUDGED) judged.delete(oldest);
  return overrides;
}

function keyOf({ root, workspace }: Repository): string {
  return `${workspace.root}\0${root}`;
}

/**
 * What is turned off in a repository. While a person thought about it, somebody may have given it a filter, or another
 * one's data: it is judged anew before git changes it, and when the last judgement is not of this moment.
 */
async function overridesOf(
  repository: Repository,
  context: PlanContext,
  writing: boolean,
): Promise<readonly string[]> {
  const last = judged.get(keyOf(repository));
  const isFresh = last !== undefined && context.ports.clock.monotonic() - last.at <= FRESH_MS;
  return isFresh && !writing ? last.overrides : judge(repository, context, writing);
}

/**
 * Runs git in a repository: argument array, no shell, no pager, no hooks, no network, none of the caller's
 * environment but what names a person and places.
 *
 * @param options - `partial`: of a long answer the head and the tail will do. Any other is refused when it is not whole:
 * a filter, a name or a key would be looked for in vain where it was left out. `withoutIndex`: git reads what is
 * stored, never a file of the working tree that looks the same by its size and times.
 * @throws FastbandError `git_refused` with git's own words, unless failure is allowed; `output_too_large`
 */
export async function git(
  repository: Repository,
  args: readonly string[],
  context: PlanContext,
  options: {
    readonly allowFailure?: boolean;
    readonly stdin?: string;
    readonly write?: boolean;
    readonly judging?: boolean;
    readonly partial?: boolean;
    readonly withoutIndex?: boolean;
  } = {},
): Promise<GitResult> {
  const { ports, workspaces } = context;
  const base = { cwd: repository.root, env: ports.env, home: ports.home, workspaces };
  const { binary } = await gitBinary(base);
  const writing = options.write === true;
  const overrides = options.judging === true ? [] : await overridesOf(repository, context, writing);
  const settings = [...FIXED, ...overrides].flatMap((setting) => ['-c', setting]);
  const argv = [
    'git',
    '--no-pager',
    '--literal-pathspecs',
    ...(writing ? [] : ['--no-optional-locks']),
    ...settings,
    ...args,
  ];
  // In the folder itself: a link that was put in its place since leads git nowhere else.
  const result = await inFolder(repository.root, 'The repository', ({ self }) =>
    runProgram(binary, argv, {
      cwd: self,
      env: {
        ...gitEnvironment(context, repository),
        // A file that is not there is an empty index; one of a known name could be put there.
        ...(options.withoutIndex === true ? { GIT_INDEX_FILE: `.git-${randomUUID()}` } : {}),
      },
      stdin: options.stdin ?? '',
      signal: context.signal,
      clock: ports.clock,
      timeoutMs: TIMEOUT_MS,
      outputBytes: options.partial === true ? MAX_PARTIAL : MAX_OUTPUT,
      floodBytes: FLOOD_BYTES,
    }),
  );
  if (result.timedOut) throw new FastbandError('timeout', `git took longer than ${TIMEOUT_MS / 1000} s.`);
  if (result.flooded || (result.omitted > 0 && options.partial !== true))
    throw new FastbandError(
      'output_too_large',
      'git answered more than can be read here. Ask for less of it.',
    );
  if (result.exitCode !== 0 && options.allowFailure !== true) {
    const words = (result.stderr || result.stdout).trim().split('\n').slice(0, 5).join(' ').slice(0, 500);
    throw new FastbandError('git_refused', `git refused: ${words || `exit ${result.exitCode}`}`);
  }
  return { stdout: result.stdout, stderr: result.stderr, exitCode: result.exitCode ?? -1 };
}

/** Refuses what git could take for an option, for a file, or for all commits but one. @throws FastbandError `invalid_input` */
export function plainRevision(revision: string): string {
  // A colon would name a file in a commit, past the rules about that file.
  if (revision === '' || /^[-^]|[\0\n\r:]/.test(revision) || revision.length > 500) {
    throw new FastbandError(
      'invalid_input',
      'A revision is a name or hash: no dash or ^ at its beginning, no colon.',
    );
  }
  return revision;
}

let known: { readonly path: string; readonly binary: Promise<{ binary: string }> } | undefined;

/** Where git is does not change from call to call; where PATH leads might. */
function gitBinary(base: Parameters<typeof resolveCommand>[1]): Promise<{ binary: string }> {
  const path = safePath(base.env, base.workspaces, base.home);
  if (known?.path !== path) {
    const binary = resolveCommand(['git'], { ...base, cwd: '/' }).catch((error: unknown) => {
      known = undefined;
      throw error instanceof FastbandError && error.code === 'not_found'
        ? new FastbandError('not_found', 'git is not installed on this machine.')
        : error;
    });
    known = { path, binary };
  }
  return known.binary;
}

function gitEnvironment({ ports, workspaces }: PlanContext, repository: Repository): Record<string, string> {
  const keep: Record<string, string> = {};
  for (const name of [
    'HOME',
    'USERPROFILE',
    'XDG_CONFIG_HOME',
    'LOGNAME',
    'USER',
    'TZ',
    'SystemRoot',
    'TMPDIR',
    'TEMP',
  ]) {
    const value = ports.env[name];
    if (value !== undefined) keep[name] = value;
  }
  return {
    ...keep,
    PATH: safePath(ports.env, workspaces, ports.home),
    LC_ALL: 'C.UTF-8',
    GIT_TERMINAL_PROMPT: '0',
    GIT_OPTIONAL_LOCKS: '0',
    GIT_NO_LAZY_FETCH: '1',
    GIT_NO_REPLACE_OBJECTS: '1',
    GIT_ALLOW_PROTOCOL: 'none',
    GIT_ATTR_NOSYSTEM: '1',
    GIT_PAGER: 'cat',
    GIT_EDITOR: 'true',
    GIT_SEQUENCE_EDITOR: 'true',
    GIT_ASKPASS: 'true',
    // Named outright: git must not go looking for another repository above, nor take one from a link.
    GIT_DIR: '.git',
    GIT_WORK_TREE: '.',
    GIT_CEILING_DIRECTORIES: dirname(repository.workspace.root),
  };
}

async function findRoot(start: string, limit: string): Promise<string | undefined> {
  for (let folder = start; isWithin(folder, limit); folder = dirname(folder)) {
    if (await exists(join(folder, '.git'))) return folder;
    if (folder === limit) break;
  }
  return undefined;
}

/** Settings that neutralise what the configuration names to run; refuses what cannot be neutralised. */
function overridesFor(names: readonly string[]): string[] {
  const overrides = new Set<string>();
  for (const name of names) {
    const lower = name.toLowerCase();
    const driver = /^(filter|diff|merge)\.(.+)\.([a-z]+)$/is.exec(name);
    if (driver !== null) {
      const [, kind, label, key] = driver;
      if (label?.includes('=') || label?.includes('\n'))
        throw new FastbandError(
          'git_refused',
          `The repository's configuration names a driver that cannot be switched off (${kind}).`,
        );
      if (kind?.toLowerCase() === 'filter') {
        for (const part of ['clean', 'smudge', 'process']) overrides.add(`filter.${label}.${part}=`);
        overrides.add(`filter.${label}.required=false`);
      } else if (kind?.toLowerCase() === 'diff' && ['command', 'textconv'].includes(key?.toLowerCase() ?? ''))
        overrides.add(`diff.${label}.${key}=`);
      else if (kind?.toLowerCase() === 'merge' && key?.toLowerCase() === 'driver')
        overrides.add(`merge.${label}.driver=false`);
    }
    if (
      lower.startsWith('extensions.') &&
      [
        'extensions.worktreeconfig',
        'extensions.objectformat',
        'extensions.refstorage',
        'extensions.partialclone',
        'extensions.compatobjectformat',
        'extensions.noop',
      ].includes(lower) === false
    ) {
      throw new FastbandError('git_refused', `The repository uses ${lower}, which Fastband does not know.`);
    }
    if (
      /^(?:credential\..+\.helper|trailer\..+\.(?:command|cmd)|hook\..+\.command|tar\..+\.command|interactive\.difffilter|pager\..+)$/.test(
        lower,
      )
    )
      overrides.add(`${name}=`);
  }
  return [...overrides];
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
