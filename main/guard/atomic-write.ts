import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, link, lstat, open, rename, unlink } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { errorCode } from './fs-errors.ts';
import { type HeldFolder, inFolder } from './fs-folder.ts';
import { changed, lstatOf, NO_FOLLOW, type PathStat, sameThing } from './path.ts';

const NEW_FILE_MODE = 0o644;

/**
 * Writes a whole file so that readers see the old one or the new one, never a part: a new file beside it, flushed to
 * disk, then put in its place. The folder is held open throughout, and what is replaced is looked at again just before.
 *
 * Permission bits and, where the system lets us, owner and group stay; set-user-id and set-group-id bits go, as they
 * would with any write. A link in the last place is never followed. A hard link elsewhere keeps the old content.
 *
 * @param before - what is replaced, as `lstat` saw it; null for a new file (mode 0644 less the umask), which never
 *   replaces one that has come to be in between
 * @param signal - stops it up to the last moment before the file changes
 * @throws FastbandError `changed_since_plan` when folder or file are no longer what they were; nothing has changed then
 */
export async function writeAtomically(
  absolute: string,
  content: Uint8Array | string,
  options: { readonly before: PathStat | null; readonly requested: string; readonly signal?: AbortSignal },
): Promise<void> {
  await inFolder(dirname(absolute), options.requested, async (folder) => {
    const target = folder.at(basename(absolute));
    const temporary = folder.at(`.fastband-${randomBytes(9).toString('base64url')}.tmp`);
    const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | NO_FOLLOW;
    // Nobody else may read what is half written, nor what the old file would not have shown them.
    const file = await open(temporary, flags, options.before === null ? NEW_FILE_MODE : 0o600);
    try {
      try {
        await file.writeFile(content);
        if (options.before !== null) await takeOver(file, target, options.before);
        await file.sync();
      } finally {
        await file.close();
      }
      await settle(folder, temporary, target, options);
    } catch (error) {
      await unlink(temporary).catch(() => {});
      throw error;
    }
    await flushFolder(folder);
  });
}

async function settle(
  folder: HeldFolder,
  temporary: string,
  target: string,
  {
    before,
    requested,
    signal,
  }: { readonly before: PathStat | null; readonly requested: string; readonly signal?: AbortSignal },
): Promise<void> {
  await folder.check();
  if (!sameThing(before, await lstatOf(target))) throw changed(requested);
  signal?.throwIfAborted();
  if (before !== null) return rename(temporary, target);
  // A second name is given only where none is yet, which `rename` would not ask.
  try {
    await link(temporary, target);
  } catch (error) {
    const code = errorCode(error);
    if (code === 'EEXIST') throw changed(requested, error);
    // File systems without hard links (FAT, some network shares) say one of these.
    if (code !== 'EPERM' && code !== 'ENOTSUP' && code !== 'ENOSYS' && code !== 'EOPNOTSUPP') throw error;
    return rename(temporary, target);
  }
  await unlink(temporary);
}

/** Gives the new file what the old one had. */
async function takeOver(file: FileHandle, target: string, before: PathStat): Promise<void> {
  const old = await lstat(target).catch(() => undefined);
  const mine = await file.stat();
  if (old !== undefined && (old.uid !== mine.uid || old.gid !== mine.gid)) {
    // Only root may give files away; for others the file becomes theirs, as with every editor that saves this way.
    await file.chown(old.uid, old.gid).catch(() => {});
  }
  await file.chmod(before.mode & 0o777);
}

/** The name itself lies in the folder: without this, a power cut could undo what was acknowledged. */
async function flushFolder(folder: HeldFolder): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(folder.self, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    await handle.sync();
  } catch (error) {
    // Some file systems do not flush folders; the content is safe all the same.
    if (errorCode(error) !== 'EINVAL') throw error;
  } finally {
    await handle.close();
  }
}
