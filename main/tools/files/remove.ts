import { rmdir, unlink } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { errorCode } from '../../guard/fs-errors.ts';
import { inFolder } from '../../guard/fs-folder.ts';
import { changed, lstatOf, type PathStat, sameThing } from '../../guard/path.ts';
import type { WalkEntry } from './walk.ts';

/**
 * Removes a path, and of a folder exactly the entries given. What has been added since stays, with the folders above
 * it. Each name is removed through its held folder, so that a link put in a folder's place leads nowhere.
 *
 * @param entries - as `walk` gave them: a folder before what is in it
 * @throws FastbandError `changed_since_plan`
 */
export async function removePath(
  target: { readonly absolute: string; readonly stat: PathStat; readonly requested: string },
  entries: readonly WalkEntry[],
  signal: AbortSignal,
): Promise<void> {
  const { absolute, requested, stat } = target;
  for (const [folder, children] of [...groupByFolder(absolute, entries)].toReversed()) {
    signal.throwIfAborted();
    await inFolder(folder, requested, async (held) => {
      for (const child of children)
        await removeOne(held.at(basename(child.absolute)), child.type === 'directory', requested);
    });
  }
  await inFolder(dirname(absolute), requested, async (held) => {
    const path = held.at(basename(absolute));
    const isFolder = (stat.mode & 0o170000) === 0o040000;
    if (!sameThing(stat, await lstatOf(path))) throw changed(requested);
    await removeOne(path, isFolder, requested);
  });
}

/** Each folder's own entries; a folder comes before the folders in it. */
function groupByFolder(root: string, entries: readonly WalkEntry[]): Map<string, WalkEntry[]> {
  const groups = new Map<string, WalkEntry[]>([[root, []]]);
  if (entries.length === 0) return new Map();
  for (const entry of entries) {
    groups.get(dirname(entry.absolute))?.push(entry);
    if (entry.type === 'directory') groups.set(entry.absolute, []);
  }
  return groups;
}

async function removeOne(path: string, isFolder: boolean, requested: string): Promise<void> {
  try {
    await (isFolder ? rmdir(path) : unlink(path));
  } catch (error) {
    const code = errorCode(error);
    if (
      code === 'ENOTEMPTY' ||
      code === 'EEXIST' ||
      code === 'ENOENT' ||
      code === 'ENOTDIR' ||
      code === 'EISDIR'
    )
      throw changed(requested, error);
    throw error;
  }
}
