import { constants, fstatSync, readlinkSync, type Stats } from 'node:fs';
import { type FileHandle, lstat, open, realpath, stat } from 'node:fs/promises';
import { isAbsolute, join, relative, resolve, sep } from 'node:path';
import { showLine } from '../../contract/display.ts';
import type { Workspace } from '../../contract/entities.ts';
import { FastbandError } from '../core/errors.ts';
import { errorCode, outside, unreadable } from './fs-errors.ts';
import { type Found, findLink, findReal } from './fs-find.ts';
import { refuseHome, refuseHomeLink } from './fs-home.ts';
import { holds, isGitName, isPolicyFolderName, isSamePath, pathProblem } from './fs-names.ts';

/** What tells one file from another, and its states apart. Sizes in bytes, times in milliseconds. */
export interface PathStat {
  readonly dev: number;
  readonly ino: number;
  readonly size: number;
  readonly mtimeMs: number;
  readonly mode: number;
  readonly nlink: number;
}

/** A path that passed the guard. Plain JSON, so that a plan can freeze it. */
export interface ResolvedPath {
  /** As the caller wrote it. */
  readonly requested: string;
  readonly workspace: Workspace;
  /** Real path of the target (links resolved), or the real path of what exists of it plus the names that do not. */
  readonly absolute: string;
  /** To the workspace's root, `/` between components, `.` for the root. */
  readonly relative: string;
  /** null: does not exist. */
  readonly type: 'file' | 'directory' | null;
  /** A symbolic link was followed on the way; it stayed inside the workspace. */
  readonly viaLink: boolean;
  /** The target is a symbolic link itself (only with `followLast: false`); `type` is then `file`. */
  readonly isLink: boolean;
  /** Folders above the target that do not exist, outermost first, relative to the root. */
  readonly missing: readonly string[];
  readonly stat: PathStat | null;
}

export interface ResolveOptions {
  readonly workspaces: readonly Workspace[];
  readonly intent: 'read' | 'write';
  /** Fastband's own folder: refused, wherever it lies. */
  readonly home: string;
  /** Default true. False for delete and move, which mean the link and not what it leads to. */
  readonly followLast?: boolean;
  /** Default: for writing. Where false, a missing folder above the target is `not_found`. */
  readonly missingParents?: boolean;
}

/**
 * Finds what a caller's path really is, and refuses what no caller may touch.
 *
 * Relative paths start at the only workspace's root; with several workspaces they begin with a workspace's name
 * (`shop/src/a.ts`). Absolute paths must lie in a workspace. `..` is taken away from the text first, so a link before
 * it is never followed.
 *
 * @throws FastbandError `path_refused` (malformed, a device, Fastband's own, `.git` for writing), `outside_workspace`,
 *   `read_only`, `not_found` (a folder above it is missing). Whether something exists outside is never disclosed.
 */
export async function resolvePath(requested: string, options: ResolveOptions): Promise<ResolvedPath> {
  const problem = pathProblem(requested, process.platform);
  if (problem !== undefined) throw new FastbandError('path_refused', problem);
  const { workspaces, intent } = options;
  const lexical = locate(requested, workspaces);
  const shown = showLine(requested);
  // Most paths are their own real path: this look is then the one that counts, and cost no time of its own.
  const early = lexical.workspace === undefined ? undefined : lstat(lexical.absolute).catch(() => undefined);
  const found = await (options.followLast === false
    ? findLink(lexical.absolute, shown)
    : findReal(lexical.absolute, shown));
  const absolute = join(found.real, ...found.rest);
  const workspace = workspaceOf(absolute, workspaces);
  // A link from one workspace into another leads out of the first: what a person shared is each folder by itself.
  if (workspace === undefined || (lexical.workspace !== undefined && lexical.workspace !== workspace))
    throw outside(shown);
  const path = relativeTo(workspace, absolute);
  refuseHome(absolute, options.home, shown);
  if (intent === 'write') {
    refuseWrite(workspace, path, shown);
    if (lexical.workspace !== undefined)
      refuseWrite(workspace, relativeTo(workspace, lexical.absolute), shown);
  }
  if (found.error !== undefined) throw unreadable(shown, found.error);
  const viaLink = !isSamePath(absolute, lexical.absolute);
  const base = { requested, workspace, absolute, relative: path, viaLink };
  if (found.rest.length > 0) {
    const missing = await missingFolders(
      workspace,
      found,
      options.missingParents ?? intent === 'write',
      shown,
    );
    return { ...base, type: null, isLink: false, missing, stat: null };
  }
  const info =
    (absolute === lexical.absolute ? await early : undefined) ??
    (await lstat(absolute).catch((error: unknown) => {
      throw changed(shown, error);
    }));
  const isLink = info.isSymbolicLink();
  if (isLink && options.followLast !== false) throw changed(shown);
  if (!isLink) refuseSpecial(info, shown);
  if (info.isFile()) await refuseHomeLink(info, options.home, shown);
  if (!info.isDirectory() && /[\\/]$/.test(requested) && requested.endsWith(sep)) {
    throw new FastbandError('not_found', `${shown} ends with a slash, but is not a folder.`);
  }
  return {
    ...base,
    type: info.isDirectory() ? 'directory' : 'file',
    isLink,
    missing: [],
    stat: pathStat(info),
  };
}

/**
 * Opens what was resolved and makes sure, on the open descriptor, that it is what was checked: the same file at the
 * same place. A link or another file put there in between is never read from nor written to. Never blocks on a FIFO.
 *
 * @param flags - `O_RDONLY`, `O_WRONLY` or `O_RDWR`, with `O_DIRECTORY` for folders; creating and truncating is refused,
 *   as both would act before the check (see `atomic-write.ts`)
 * @param meanwhile - begun before the checks have ended; what it reads must be dropped when this throws
 * @throws FastbandError `changed_since_plan`, `not_found`, `path_refused` (a file with several names, opened for writing)
 */
export async function openResolved(
  path: Pick<ResolvedPath, 'requested' | 'absolute' | 'stat'>,
  flags: number,
  meanwhile: (handle: FileHandle) => Promise<unknown> = async () => {},
): Promise<FileHandle> {
  if ((flags & (constants.O_CREAT | constants.O_TRUNC)) !== 0)
    throw new TypeError('a resolved path is opened as it is');
  const shown = showLine(path.requested);
  if (path.stat === null) throw new FastbandError('not_found', `${shown} does not exist.`);
  const handle = await open(path.absolute, flags | NO_FOLLOW | NON_BLOCK).catch((error: unknown) => {
    throw openError(shown, error);
  });
  try {
    // Opening has just fetched what this asks for, so nothing is waited for; a thread would cost more than the answer.
    const info = fstatSync(handle.fd);
    const [isThere] = await Promise.all([isOpenAt(handle, path.absolute), meanwhile(handle)]);
    // A new file, folder or pipe may get the number of the one it replaced, so the kind counts too.
    const sameKind = ((info.mode ^ path.stat.mode) & constants.S_IFMT) === 0;
    if (info.dev !== path.stat.dev || info.ino !== path.stat.ino || !sameKind) throw changed(shown);
    refuseSpecial(info, shown);
    const writes = (flags & (constants.O_WRONLY | constants.O_RDWR)) !== 0;
    if (writes && info.nlink > 1) {
      throw new FastbandError(
        'path_refused',
        `${shown} has several names (hard links): changing it in place would change files elsewhere.`,
      );
    }
    if (!isThere) throw changed(shown);
    return handle;
  } catch (error) {
    await handle.close();
    throw error;
  }
}

/**
 * Whether the open descriptor is what lies at this real path now. Linux says where a descriptor is; elsewhere the path
 * must still be real, and name the same file.
 */
export async function isOpenAt(handle: FileHandle, absolute: string): Promise<boolean> {
  try {
    // The kernel answers this from memory: no disk or network could hold it up, and a thread would cost more.
    if (process.platform === 'linux') return readlinkSync(`/proc/self/fd/${handle.fd}`) === absolute;
  } catch {
    // No /proc here: the slower way decides.
  }
  try {
    if (!isSamePath(await realpath(absolute), absolute)) return false;
    const [info, now] = await Promise.all([handle.stat(), stat(absolute)]);
    return now.dev === info.dev && now.ino === info.ino;
  } catch {
    return false;
  }
}

/** The workspace that an absolute real path lies in: the innermost, so that each path belongs to one. */
export function workspaceOf(absolute: string, workspaces: readonly Workspace[]): Workspace | undefined {
  let best: Workspace | undefined;
  for (const one of workspaces) {
    if (holds(one.root, absolute) && (best === undefined || one.root.length > best.root.length)) best = one;
  }
  return best;
}

/** A path as a caller would write it: with the workspace's name before it where there are several. */
export function callerPath(workspaces: readonly Workspace[], workspace: string, path: string): string {
  if (workspaces.length <= 1) return path;
  return path === '.' ? workspace : `${workspace}/${path}`;
}

export function pathStat(info: Stats): PathStat {
  const { dev, ino, size, mtimeMs, mode, nlink } = info;
  return { dev, ino, size, mtimeMs, mode, nlink };
}

/** The path as it is now, a link as the link; null when nothing is there. */
export async function lstatOf(absolute: string): Promise<PathStat | null> {
  try {
    return pathStat(await lstat(absolute));
  } catch (error) {
    if (errorCode(error) === 'ENOENT' || errorCode(error) === 'ENOTDIR') return null;
    throw error;
  }
}

/** Whether two looks at a path saw the same thing in the same state; null is nothing. */
export function sameThing(a: PathStat | null, b: PathStat | null): boolean {
  if (a === null || b === null) return a === b;
  const same = a.dev === b.dev && a.ino === b.ino && a.mode === b.mode;
  // A folder's size and time move with what happens in it.
  return (
    same &&
    ((a.mode & constants.S_IFMT) === constants.S_IFDIR || (a.size === b.size && a.mtimeMs === b.mtimeMs))
  );
}

/** The error for a world that is not the one the plan was made on. */
export function changed(requested: string, cause?: unknown): FastbandError {
  return new FastbandError(
    'changed_since_plan',
    `${showLine(requested)} changed after this call was planned, so nothing was done. Look at it again and repeat the call.`,
    { cause },
  );
}

/** The error for an open that failed on a path which was there before. */
export function openError(shown: string, error: unknown): FastbandError {
  const code = errorCode(error);
  if (code === 'EACCES' || code === 'EPERM') return unreadable(shown, error);
  return changed(shown, error);
}

// Windows has neither; its links need a privilege, and the checks after opening hold there too.
export const NO_FOLLOW = constants.O_NOFOLLOW ?? 0;
export const NON_BLOCK = constants.O_NONBLOCK ?? 0;

function locate(
  requested: string,
  workspaces: readonly Workspace[],
): { absolute: string; workspace: Workspace | undefined } {
  const [only, ...others] = workspaces;
  if (only === undefined)
    throw new FastbandError(
      'outside_workspace',
      'There is no workspace. Ask your user to add one in Fastband.',
    );
  const shown = showLine(requested);
  if (isAbsolute(requested)) {
    const absolute = resolve(requested);
    const workspace = workspaceOf(absolute, workspaces);
    // On macOS and Linux a root is often known under another name (/tmp, a linked home); where it really leads decides.
    if (workspace === undefined && process.platform === 'win32') throw outside(shown);
    return { absolute, workspace };
  }
  let root = only;
  let rest = requested;
  if (others.length > 0) {
    const [name = '', ...parts] = requested.split(process.platform === 'win32' ? /[\\/]/ : '/');
    const named = workspaces.find((one) => one.name === name);
    if (named === undefined) {
      const names = workspaces.map((one) => one.name).join(', ');
      throw new FastbandError(
        'outside_workspace',
        `${shown} does not begin with a workspace's name. There are: ${names}. Write for example ${only.name}/README.md.`,
      );
    }
    root = named;
    rest = parts.join('/').replace(/^\/+/, '');
  }
  const absolute = resolve(root.root, rest);
  if (!holds(root.root, absolute)) throw outside(shown);
  return { absolute, workspace: workspaceOf(absolute, workspaces) };
}

async function missingFolders(
  workspace: Workspace,
  found: Found,
  wanted: boolean,
  shown: string,
): Promise<string[]> {
  const info = await lstat(found.real).catch((error: unknown) => {
    throw changed(shown, error);
  });
  if (!info.isDirectory()) {
    throw new FastbandError(
      'not_found',
      `${shown} cannot exist: ${showLine(relativeTo(workspace, found.real))} is not a folder.`,
    );
  }
  const folders = found.rest
    .slice(0, -1)
    .map((_, i) => relativeTo(workspace, join(found.real, ...found.rest.slice(0, i + 1))));
  const [first] = folders;
  if (first !== undefined && !wanted)
    throw new FastbandError('not_found', `${shown} does not exist: there is no folder ${showLine(first)}.`);
  return folders;
}

function relativeTo(workspace: Workspace, absolute: string): string {
  const path = relative(workspace.root, absolute);
  return path === '' ? '.' : sep === '/' ? path : path.replaceAll(sep, '/');
}

function refuseWrite(workspace: Workspace, path: string, shown: string): void {
  if (workspace.readOnly) {
    throw new FastbandError(
      'read_only',
      `${shown} is in the workspace ${workspace.name}, which is read-only. Only your user can change that, in Fastband.`,
    );
  }
  const names = path.split('/');
  if (names.some(isGitName)) {
    throw new FastbandError(
      'path_refused',
      `${shown} is part of a git repository's own data, which file tools do not change. Use the git tools.`,
    );
  }
  if (isPolicyFolderName(names[0] ?? '')) {
    throw new FastbandError(
      'path_refused',
      `${shown} belongs to the workspace's Fastband policy, which only a person may change.`,
    );
  }
}

function refuseSpecial(info: Stats, shown: string): void {
  if (info.isFile() || info.isDirectory()) return;
  throw new FastbandError('path_refused', `${shown} is a device, pipe or socket, not a file or folder.`);
}
