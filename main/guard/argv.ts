import { constants } from 'node:fs';
import { access, realpath, stat } from 'node:fs/promises';
import { basename, delimiter, isAbsolute, join, resolve, sep } from 'node:path';
import type { Workspace } from '../../contract/entities.ts';
import { FastbandError } from '../core/errors.ts';
import { isWithin } from '../core/within.ts';
import { openProgram } from './programs.ts';

export interface ResolvedCommand {
  readonly argv: readonly string[];
  /** Absolute real path of the program. */
  readonly binary: string;
  /** The program can run anything that its arguments or the folder tell it to. */
  readonly open: boolean;
  /** Why it can, as a sentence. */
  readonly why?: string;
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
}

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
  const found =
    name.includes('/') || name.includes(sep) ? resolve(options.cwd, name) : await findInPath(name, options);
  const binary = await programAt(found, name);
  await refuseOwn(argv, binary, options);
  const inWorkspace = options.workspaces.some((workspace) => isWithin(binary, workspace.root));
  const why =
    openProgram(basename(name), basename(binary)) ??
    (inWorkspace
      ? `${basename(binary)} is a file of the workspace: it runs whatever is written in it.`
      : undefined);
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
        !isWithin(resolve(entry), home) &&
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
      if (!(await isProgram(candidate))) continue;
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

/** Fastband must not be driven from inside: not by its command, its entry scripts, nor its folder as an argument. */
async function refuseOwn(
  argv: readonly string[],
  binary: string,
  { cwd, home }: ResolveCommandOptions,
): Promise<void> {
  const refusal = () =>
    new FastbandError(
      'command_refused',
      'Fastband itself, and the folder where it keeps its data, cannot be reached by commands.',
    );
  if (isWithin(binary, home)) throw refusal();
  const own = await ownPlaces();
  for (const argument of [binary, ...argv]) {
    const value =
      argument.startsWith('-') && argument.includes('=')
        ? argument.slice(argument.indexOf('=') + 1)
        : argument;
    const plain = value.replace(/^file:\/\//, '').replace(/^@/, '');
    if (/^fastband(?:\.(?:exe|cmd|js|mjs))?$/i.test(basename(plain))) throw refusal();
    if (plain.length > 4096 || plain === '') continue;
    const real = await realpath(resolve(cwd, plain)).catch(() => resolve(cwd, plain));
    if (isWithin(real, home) || own.includes(real) || /(?:^|[\\/])fastband(?:\.(?:exe|cmd))?$/i.test(real))
      throw refusal();
  }
  // A shell text or a pattern may name the folder too; what is written out is caught, and the person sees the rest.
  if (argv.some((argument) => argument.includes(home))) throw refusal();
}

/** The files by which this very program is started. */
async function ownPlaces(): Promise<string[]> {
  const entry = process.argv[1];
  return entry === undefined ? [] : [await realpath(entry).catch(() => entry)];
}
