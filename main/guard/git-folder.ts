import type { Dirent } from 'node:fs';
import { lstat, readdir, readFile, realpath, stat } from 'node:fs/promises';
import { isAbsolute, join, resolve, sep } from 'node:path';
import { FastbandError } from '../core/errors.ts';
import { isWithin } from '../core/within.ts';
import { errorCode } from './fs-errors.ts';

/** Entries of a repository's folders that are looked at; one with more is refused, unseen as it would be. */
const MAX_ENTRIES = 50_000;
/** Object stores that borrow from one another; git itself stops at a chain of five. */
const MAX_STORES = 16;
/** Bytes of a file that names places. */
const MAX_POINTER = 64 * 1024;
const AT_ONCE = 8;
/** What git, as it is started here, never reads: hooks are off, and so are submodules and the filters of these two. */
const UNREAD = new Set(['hooks', 'modules', 'lfs', 'annex']);

/**
 * Makes sure that all of a repository's data lies in the workspace: its `.git`, what that points to, every file and
 * folder in it, and the object stores that it borrows from. Git follows a link anywhere in there: it would show another
 * repository's commits (`objects`, `refs`), or write to another file (`logs/HEAD` gets the subject of each commit).
 *
 * @param root - real path of the working tree
 * @param limit - real path of the workspace
 * @param writing - whether git is about to change it, so that files which are others' too count
 * @throws FastbandError `git_refused`
 */
export async function refuseOutsideData(root: string, limit: string, writing: boolean): Promise<void> {
  const { own, common } = await foldersOf(root, limit);
  const seen = { entries: 0, writing };
  await refuseLinks(common, seen);
  if (!isWithin(own, common)) await refuseLinks(own, seen);
  await refuseStores(join(common, 'objects'), limit, seen);
}

/** The repository's own folder and the one that it shares with others, along a worktree's or submodule's pointer. */
async function foldersOf(root: string, limit: string): Promise<{ own: string; common: string }> {
  const dotGit = await within(join(root, '.git'), limit);
  const own = (await stat(dotGit)).isDirectory()
    ? dotGit
    : await within(absolute(root, pointed((await shortText(dotGit)) ?? '', 'gitdir: ')), limit);
  const shared = await shortText(join(own, 'commondir'));
  return {
    own,
    common: shared === undefined ? own : await within(absolute(own, pointed(shared, '')), limit),
  };
}

/** A file's text; undefined where there is none. A pipe would be waited for, and a large file is none of git's. */
async function shortText(path: string): Promise<string | undefined> {
  try {
    const info = await stat(path);
    if (!info.isFile() || info.size > MAX_POINTER) throw outside();
    return await readFile(path, 'utf8');
  } catch (error) {
    if (isGone(error)) return undefined;
    throw error instanceof FastbandError ? error : outside(error);
  }
}

function isGone(error: unknown): boolean {
  return ['ENOENT', 'ENOTDIR'].includes(errorCode(error) ?? '');
}

/** What a file that points elsewhere says. Read just as git does: no space is taken away, and no second line is left out. */
function pointed(text: string, prefix: string): string {
  const path = text.startsWith(prefix) ? text.slice(prefix.length).replace(/[\r\n]+$/, '') : '';
  if (path === '' || /[\0\r\n]/.test(path)) throw outside();
  return path;
}

/** Not `resolve`: "link/../x" is beside what the link leads to, for git as for the system. */
function absolute(base: string, path: string): string {
  return isAbsolute(path) ? path : `${base}${sep}${path}`;
}

async function within(path: string, limit: string): Promise<string> {
  const real = await realpath(path).catch((error: unknown) => {
    throw outside(error);
  });
  if (!isWithin(real, limit)) throw outside();
  return real;
}

function outside(cause?: unknown): FastbandError {
  return new FastbandError(
    'git_refused',
    "The repository's data lies outside the workspace. Add the folder that holds it as a workspace too, or work in a plain clone.",
    { cause },
  );
}

interface Seen {
  entries: number;
  readonly writing: boolean;
}

/** Git makes no links in its folder, so that one there is somebody's trick, or leads where it was not meant to. */
async function refuseLinks(top: string, seen: Seen): Promise<void> {
  const folders = [top];
  const logs: string[] = [];
  const look = async (folder: string) => {
    for (const entry of await listed(folder)) {
      const path = join(folder, entry.name);
      if (folder === top && UNREAD.has(entry.name)) continue;
      if (++seen.entries > MAX_ENTRIES)
        throw new FastbandError(
          'git_refused',
          'The repository has too many loose files to be looked through. Ask your user to run "git gc" in it.',
        );
      if (entry.isDirectory()) folders.push(path);
      // A socket is the user's own file watcher's, and is not asked. A pipe would be waited for.
      else if (!entry.isFile() && !entry.isSocket()) throw linked(top, path);
      else if (seen.writing && inLogs(top, folder)) logs.push(path);
    }
  };
  while (folders.length > 0) await Promise.all(folders.splice(-AT_ONCE).map(look));
  // Git appends to these, where it puts a new file in the place of every other.
  while (logs.length > 0)
    await Promise.all(
      logs.splice(-AT_ONCE).map(async (path) => {
        if ((await lstat(path).catch(() => undefined))?.nlink !== 1) throw linked(top, path);
      }),
    );
}

function inLogs(top: string, folder: string): boolean {
  return folder.slice(top.length).split(sep).includes('logs');
}

async function listed(folder: string): Promise<Dirent[]> {
  return readdir(folder, { withFileTypes: true }).catch((error: unknown) => {
    // Gone meanwhile: git packs and prunes.
    if (isGone(error)) return [];
    throw new FastbandError('git_refused', "A folder of the repository's data cannot be read.", {
      cause: error,
    });
  });
}

function linked(top: string, path: string): FastbandError {
  return new FastbandError(
    'git_refused',
    `The repository's data is not all its own: ${path.slice(top.length + 1)} in its .git is a link or no file. Work in a plain clone.`,
  );
}

/** An object store elsewhere would show its content through this repository; those borrow from others in turn. */
async function refuseStores(first: string, limit: string, seen: Seen): Promise<void> {
  const stores = [first];
  for (const store of stores) {
    const text = (await shortText(join(store, 'info', 'alternates'))) ?? '';
    for (const line of text.split('\n').filter((one) => one !== '' && !one.startsWith('#'))) {
      // Versions of git differ in whether "link/../x" is taken by its letters: where that matters it is refused.
      const [real, plain] = await Promise.all(
        [absolute(store, line), resolve(store, line)].map((path) => realpath(path).catch(() => '')),
      );
      if (real === undefined || real !== plain || !isWithin(real, limit)) throw borrowed();
      if (stores.includes(real)) continue;
      if (stores.push(real) > MAX_STORES) throw borrowed();
      await refuseLinks(real, seen);
    }
  }
}

function borrowed(): FastbandError {
  return new FastbandError(
    'git_refused',
    'The repository borrows objects from outside the workspace (objects/info/alternates). Make it whole with "git repack -a -d" first.',
  );
}
