import { constants } from 'node:fs';
import { access, type FileHandle, open, realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { showLine } from '../../contract/display.ts';
import { isSamePath } from './fs-names.ts';
import { changed, isOpenAt, NO_FOLLOW, openError } from './path.ts';

/** An open folder, known to lie at its real path. */
export interface HeldFolder {
  /**
   * A path to a name in this very folder. On Linux it goes through the open descriptor, so that what happens to the
   * folders above (a link put in their place) cannot lead it elsewhere.
   */
  at(name: string): string;
  /** A path to the folder itself, for listing it or as a child's working directory. */
  readonly self: string;
  /** @throws FastbandError `changed_since_plan` when the folder is no longer at its path */
  check(): Promise<void>;
  close(): Promise<void>;
}

/**
 * Opens a folder by its real path, no link in it, and holds it. Anything that changes the file system does so through
 * such a folder: checking a path first and using it afterwards would leave a gap for a swap (CWE-367).
 *
 * @param absolute - real path
 * @param requested - for the error: what the caller called it
 * @throws FastbandError `changed_since_plan`, `path_refused` (no permission)
 */
export async function holdFolder(absolute: string, requested: string): Promise<HeldFolder> {
  // Windows opens no folders this way: there the path is compared with what it really is, each time.
  if (process.platform === 'win32') return unheld(absolute, requested);
  const handle = await open(absolute, constants.O_RDONLY | constants.O_DIRECTORY | NO_FOLLOW).catch(
    (error: unknown) => {
      throw openError(showLine(requested), error);
    },
  );
  try {
    const check = async () => {
      if (!(await isOpenAt(handle, absolute))) throw changed(requested);
    };
    await check();
    const self = await pathOf(handle, absolute);
    return { self, at: (name) => join(self, name), check, close: () => handle.close() };
  } catch (error) {
    await handle.close();
    throw error;
  }
}

/** Runs with a held folder and lets it go. */
export async function inFolder<T>(
  absolute: string,
  requested: string,
  run: (folder: HeldFolder) => Promise<T>,
): Promise<T> {
  const folder = await holdFolder(absolute, requested);
  try {
    return await run(folder);
  } finally {
    await folder.close();
  }
}

async function pathOf(handle: FileHandle, absolute: string): Promise<string> {
  if (process.platform !== 'linux') return absolute;
  const path = `/proc/self/fd/${handle.fd}`;
  return access(path).then(
    () => path,
    () => absolute,
  );
}

async function unheld(absolute: string, requested: string): Promise<HeldFolder> {
  const first = await stat(absolute).catch((error: unknown) => {
    throw changed(requested, error);
  });
  const check = async () => {
    const [real, now] = await Promise.all([realpath(absolute), stat(absolute)]).catch((error: unknown) => {
      throw changed(requested, error);
    });
    if (!isSamePath(real, absolute) || now.dev !== first.dev || now.ino !== first.ino || !now.isDirectory())
      throw changed(requested);
  };
  await check();
  return { self: absolute, at: (name) => join(absolute, name), check, close: async () => {} };
}
