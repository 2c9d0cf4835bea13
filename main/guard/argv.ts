import { constants } from 'node:fs';
import { access, realpath, stat } from 'node:fs/promises';
import { basename, delimiter, dirname, isAbsolute, join, parse, resolve, sep } from 'node:path';
import type { Warning } from '../../contract/approvals.ts';
import type { Workspace } from '../../contract/entities.ts';
import { warning } from '../../contract/sentences.ts';
import { FastbandError } from '../core/errors.ts';
import { isWithin } from '../core/within.ts';
import { isOwn } from './fs-home.ts';
import { openProgram } from './programs.ts';

export interface ResolvedCommand {
  readonly argv: readonly string[];
  /** Absolute real path of the program. */
  readonly binary: string;
  /** The program can run anything that its arguments or the folder tell it to. */
  readonly open: boolean;
  /** Why it can, as a sentence. */
  readonly why?: Warning;
  /** The program is a file of a workspace, which whoever may change files there may have written. */
  readonly inWorkspace: boolean;
}

export interface ResolveCommandOptions {
  /** Absolute real path of the working directory. */
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Fastband's own folder, real path. */
  readonly home: string;
  readonly workspaces: readonly Workspace[];
  /** What the program is given to read. */
  readonly stdin?: string | undefined;
}

/** Words of a text that may name a path. More than these are not looked through, and so refused. */
const MAX_WORDS = 2000;

/**
 * Finds the program that an argv would run, as the system would, but through a PATH that cannot be led into a
 * workspace, and says whether it can run anything.
 *
 * @throws FastbandError `command_refused`, `not_found`
 */
export async function resolveCommand(
  argv: readonly string[],
  options: ResolveCommandOptions,
): Promise<ResolvedCommand> {
  const [name] = argv;
  if (name === undefined || name === '') throw new FastbandError('command_refused', 'The command is empty.');
  if (argv.some((argument) => argument.includes('\0')))
    throw new FastbandError('command_refused', 'An argument holds a NUL character.');
  if (argv.reduce((sum, one) => sum + one.length + 1, 0) > 128 * 1024)
    throw new FastbandError('command_refused', 'The command line is longer than 128 KiB.');
  await refuseOwn(argv, options);
  const found =
    name.includes('/') || name.includes(sep) ? resolve(options.cwd, name) : await findInPath(name, options);
  const binary = await programAt(found, name);
  await refuseOwn([binary], options);
  const inWorkspace = options.workspaces.some((workspace) => isWithin(binary, workspace.root));
  const why =
    openProgram(basename(name), basename(binary)) ??
    (inWorkspace ? warning('ownProgram', basename(binary)) : undefined);
  // What can run anything takes commands from within its arguments, and from what it reads.
  if (why !== undefined) await refuseOwn(wordsIn([...argv.slice(1), options.stdin ?? ''], options), options);
  return { argv, binary, open: why !== undefined, inWorkspace, ...(why === undefined ? {} : { why }) };
}

/**
 * The PATH that commands get: absolute folders only, none in a workspace or in Fastband's own folder. A relative or
 * empty entry would find programs wherever the working directory is (CWE-426).
 */
export function safePath(
  env: ResolveCommandOptions['env'],
  workspaces: readonly Workspace[],
  home: string,
): string {
  const entries = (env.PATH ?? env.Path ?? '/usr/local/bin:/usr/bin:/bin').split(delimiter);
  return [...new Set(entries)]
    .filter((entry) => isAbsolute(entry))
    .filter(
      (entry) =>
        !isOwn(resolve(entry), home) &&
        !workspaces.some((workspace) => isWithin(resolve(entry), workspace.root)),
    )
    .join(delimiter);
}

async function findInPath(name: string, { env, workspaces, home }: ResolveCommandOptions): Promise<string> {
  const endings =
    process.platform === 'win32' ? ['', ...(env.PATHEXT ?? '.EXE;.CMD;.BAT;.COM').split(';')] : [''];
  for (const folder of safePath(env, workspaces, home).split(delimiter)) {
    for (const ending of endings) {
      const candidate = join(folder, name + ending);
      if (!(await isProgram(candidate)) || (await isOpenToAll(folder))) continue;
      // A folder of PATH may be a link into a workspace, or the program in it may be.
      const real = await realpath(candidate);
      if (workspaces.some((workspace) => isWithin(real, workspace.root))) continue;
      return candidate;
    }
  }
  throw new FastbandError(
    'not_found',
    `There is no program "${name.slice(0, 100)}" on this machine's PATH. A script in the workspace is named by its path, such as ./${name.slice(0, 60)}.`,
  );
}

async function programAt(path: string, name: string): Promise<string> {
  if (!(await isProgram(path)))
    throw new FastbandError('not_found', `${name.slice(0, 200)} is not a program that can be run.`);
  return realpath(path);
}

async function isProgram(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return (await stat(path)).isFile();
  } catch {
    return false;
  }
}

/**
 * Whether anyone on this machine may put programs into a folder (CWE-427). The sticky bit does not help: it keeps
 * others from replacing what is there, not from adding a name that was missing.
 */
async function isOpenToAll(folder: string): Promise<boolean> {
  return process.platform !== 'win32' && ((await stat(folder)).mode & 0o002) !== 0;
}

/** Fastband must not be driven from inside: not by its command, its entry scripts, nor its folder as an argument. */
async function refuseOwn(words: readonly string[], { cwd, home }: ResolveCommandOptions): Promise<void> {
  const places = await ownPlaces();
  for (const word of words) {
    for (const path of pathsIn(word)) {
      // A program goes through links before `..`, text alone does not: whichever leads to the folder counts.
      const real = await realOf(resolve(cwd, path));
      const walked = /(?:^|[\\/])\.\.(?:[\\/]|$)/.test(path) ? await walkedTo(path, cwd) : real;
      const named = [path, real, walked].some((one) =>
        /^fastband(?:\.(?:exe|cmd|js|mjs))?$/i.test(basename(one)),
      );
      const inside = [real, walked].some((one) => isOwn(one, home) || places.includes(one));
      // A shell text or a pattern may name the folder too; what is written out is caught, and the person sees the rest.
      if (named || inside || word.includes(home)) {
        throw new FastbandError(
          'command_refused',
          'Fastband itself, and the folder where it keeps its data, cannot be reached by commands.',
        );
      }
    }
  }
}

/**
 * The words that a shell or an interpreter may find in texts, as far as they are written out: what puts a name together
 * from parts is not seen.
 *
 * @throws FastbandError `command_refused` when there are more than can be looked through
 */
function wordsIn(texts: readonly string[], { env }: ResolveCommandOptions): string[] {
  const words = new Set<string>();
  for (const text of texts) {
    for (const word of text.split(/[\s"'`;|&(){}<>,]+/)) {
      const path = word.replace(/^(?:~(?=\/|$)|\$HOME\b|\$\{HOME\})/, env.HOME ?? '~');
      if (/[\\/]|^\.\.$|fastband/i.test(path)) words.add(path);
      if (words.size > MAX_WORDS)
        throw new FastbandError(
          'command_refused',
          'This command is given more text than can be looked through. Put it into a file of the workspace.',
        );
    }
  }
  return [...words];
}

/** What of an argument may be a path: the whole of it, what follows `=`, `@` or `file://`, what a short option carries. */
function pathsIn(word: string): string[] {
  const after = word.includes('=') ? [word.slice(word.indexOf('=') + 1)] : [];
  const carried = /^-[A-Za-z]./.test(word) ? [word.slice(2)] : [];
  return [word, ...after, ...carried]
    .map((one) => one.replace(/^@/, '').replace(/^file:\/\/(?:localhost)?/i, ''))
    .filter((one) => one !== '' && one.length <= 4096);
}

/** Where a path leads, also when its last parts do not exist yet. */
async function realOf(path: string): Promise<string> {
  const missing: string[] = [];
  for (let at = path; ; at = dirname(at)) {
    const real = await realpath(at).catch(() => undefined);
    if (real !== undefined) return join(real, ...missing);
    if (at === dirname(at)) return path;
    missing.unshift(basename(at));
  }
}

/** Where the system comes to when it takes a path step by step, also when the last steps do not exist yet. */
async function walkedTo(path: string, cwd: string): Promise<string> {
  const whole = isAbsolute(path) ? path : `${cwd}${sep}${path}`;
  const { root } = parse(whole);
  let at = root;
  for (const step of whole.slice(root.length).split(/[\\/]/)) {
    if (step === '' || step === '.') continue;
    if (step === '..') at = dirname(at);
    else {
      const next = join(at, step);
      at = await realpath(next).catch(() => next);
    }
  }
  return at;
}

let own: Promise<string[]> | undefined;

/** The files by which this very program is started: its entry, and the command line built or as source. */
function ownPlaces(): Promise<string[]> {
  const here = import.meta.dirname;
  const places = [process.argv[1], join(here, 'cli.js'), join(here, '..', 'headless', 'cli.ts')];
  own ??= Promise.all(
    places.flatMap((place) => (place === undefined ? [] : [realpath(place).catch(() => place)])),
  );
  return own;
}
