import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { link, mkdir, open, rename, rmdir, symlink, unlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { errorCode } from '../guard/fs-errors.ts';
import { type HeldFolder, inFolder } from '../guard/fs-folder.ts';
import { lstatOf, NO_FOLLOW } from '../guard/path.ts';
import type { KeptItem } from '../store/journal-rows.ts';
import type { BlobStore } from './blobs.ts';
import { FastbandError } from './errors.ts';

/*
 * Everything here acts through the folder of what it changes, held open at its real path: a link that takes the place
 * of a folder in the meantime leads nothing out of the workspace.
 */

/**
 * Makes a path what it was: first what is there now goes, then what was there comes.
 *
 * @param now - what is there, as was just checked
 * @throws FastbandError `conflict` when something else is there after all, `changed_since_plan`
 */
export async function putBack(
  absolute: string,
  now: readonly KeptItem[],
  before: readonly KeptItem[],
  blobs: BlobStore,
): Promise<void> {
  const [is, was] = [now[0], before[0]];
  // A file for a file goes in one step, so that nobody sees the path without either.
  if (is?.type === 'file' && was?.type === 'file') return putFile(absolute, was, blobs, 'replace');
  await removeItems(absolute, now);
  for (const item of before) {
    const target = at(absolute, item);
    if (item.type === 'file') await putFile(target, item, blobs, 'new');
    else {
      await inFolder(dirname(target), basename(target), async (folder) => {
        const place = folder.at(basename(target));
        if (item.type === 'directory') await mkdir(place, { mode: 0o700 }).catch(taken(target));
        else await symlink(item.target ?? '', place).catch(taken(target));
      });
    }
  }
  // Last, or a folder without write permission could not be filled.
  for (const item of before.toReversed())
    if (item.type === 'directory') await setMode(at(absolute, item), item.mode);
}

/** Moves back, never over something. */
export async function moveBack(from: string, to: string): Promise<void> {
  await inFolder(dirname(from), basename(from), (source) =>
    inFolder(dirname(to), basename(to), async (target) => {
      const place = target.at(basename(to));
      if ((await lstatOf(place)) !== null) throw somethingThere(to);
      await source.check();
      await target.check();
      await rename(source.at(basename(from)), place);
    }),
  );
}

/** Removes exactly these things, the innermost first. A folder that got something else in it since stays, and says so. */
export async function removeItems(absolute: string, items: readonly KeptItem[]): Promise<void> {
  for (const item of items.toReversed()) {
    const target = at(absolute, item);
    await inFolder(dirname(target), basename(target), async (folder) => {
      const place = folder.at(basename(target));
      if (item.type === 'directory') await rmdir(place).catch(taken(target));
      else await unlink(place);
    });
  }
}

function at(absolute: string, item: KeptItem): string {
  return item.path === '.' ? absolute : join(absolute, item.path);
}

async function putFile(
  target: string,
  item: KeptItem,
  blobs: BlobStore,
  how: 'new' | 'replace',
): Promise<void> {
  const content = await blobs.read(item.hash ?? '');
  await inFolder(dirname(target), basename(target), async (folder) => {
    const temporary = folder.at(`.fastband-${randomBytes(9).toString('base64url')}.tmp`);
    const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | NO_FOLLOW;
    const file = await open(temporary, flags, 0o600);
    try {
      try {
        await file.writeFile(content);
        await file.chmod(item.mode & 0o777);
        await file.sync();
      } finally {
        await file.close();
      }
      await settle(folder, temporary, target, how);
    } catch (error) {
      await unlink(temporary).catch(() => {});
      throw error;
    }
  });
}

async function settle(
  folder: HeldFolder,
  temporary: string,
  target: string,
  how: 'new' | 'replace',
): Promise<void> {
  await folder.check();
  const place = folder.at(basename(target));
  if (how === 'replace') return rename(temporary, place);
  // `rename` would replace what came to be there meanwhile; a second name is given only where none is.
  try {
    await link(temporary, place);
  } catch (error) {
    if (errorCode(error) === 'EEXIST') throw somethingThere(target, error);
    if (!['EPERM', 'ENOTSUP', 'ENOSYS', 'EOPNOTSUPP'].includes(errorCode(error) ?? '')) throw error;
    if ((await lstatOf(place)) !== null) throw somethingThere(target, error);
    return rename(temporary, place);
  }
  await unlink(temporary);
}

async function setMode(folder: string, mode: number): Promise<void> {
  await inFolder(dirname(folder), basename(folder), async (parent) => {
    const handle = await open(
      parent.at(basename(folder)),
      constants.O_RDONLY | constants.O_DIRECTORY | NO_FOLLOW,
    );
    try {
      await handle.chmod(mode & 0o777);
    } finally {
      await handle.close();
    }
  });
}

function taken(target: string): (error: unknown) => never {
  return (error) => {
    if (errorCode(error) === 'EEXIST') throw somethingThere(target, error);
    if (errorCode(error) !== 'ENOTEMPTY') throw error;
    throw new FastbandError(
      'conflict',
      `The folder ${basename(target)} has something in it that came later, so it stays.`,
      {
        cause: error,
      },
    );
  };
}

function somethingThere(target: string, cause?: unknown): FastbandError {
  return new FastbandError(
    'conflict',
    `Something else is at ${basename(target)} now. Nothing was put over it.`,
    { cause },
  );
}
