import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import {
  chmod,
  copyFile,
  type FileHandle,
  lstat,
  mkdir,
  open,
  readdir,
  readlink,
  realpath,
  rename,
  rmdir,
  symlink,
  unlink,
} from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { KeptItem } from '../store/journal-rows.ts';
import type { BlobStore } from './blobs.ts';
import { FastbandError } from './errors.ts';

const MAX_ITEMS = 20_000;

/**
 * Keeps everything at a path: a file's content, a link's target, a folder with all in it.
 *
 * @param maxBytes - of one file
 * @returns no items when one of them is too large, or they are too many: then nothing can be undone
 */
export async function keepItems(
  absolute: string,
  blobs: BlobStore,
  maxBytes: number,
): Promise<{ items: KeptItem[] | undefined; bytes: number }> {
  const items: KeptItem[] = [];
  let bytes = 0;
  for (const found of await list(absolute)) {
    if (found.type !== 'file') {
      items.push(found.item);
      continue;
    }
    if (found.size > maxBytes) return { items: undefined, bytes: 0 };
    const file = await openPlain(found.absolute);
    try {
      const kept = await blobs.keep(file);
      items.push({ ...found.item, hash: kept.hash });
      bytes += kept.bytes;
    } finally {
      await file.close();
    }
    if (items.length > MAX_ITEMS) return { items: undefined, bytes: 0 };
  }
  return { items, bytes };
}

/** What is at a path now, with hashes; nothing when nothing is. */
export async function lookAt(absolute: string): Promise<KeptItem[]> {
  const items: KeptItem[] = [];
  for (const found of await list(absolute)) {
    items.push(found.type === 'file' ? { ...found.item, hash: await hashOf(found.absolute) } : found.item);
  }
  return items;
}

/** Whether two looks saw the same. */
export function sameItems(a: readonly KeptItem[], b: readonly KeptItem[]): boolean {
  const key = (item: KeptItem) =>
    JSON.stringify([item.path, item.type, item.mode & 0o777, item.hash ?? null, item.target ?? null]);
  const right = new Set(b.map(key));
  return a.length === b.length && a.every((item) => right.has(key(item)));
}

export const putBack = {
  /** Makes a path what it was. What is there now is replaced; a folder's parents must be there. */
  async items(absolute: string, items: readonly KeptItem[], blobs: BlobStore): Promise<void> {
    await checkFolder(absolute);
    for (const item of items) {
      const target = item.path === '.' ? absolute : join(absolute, item.path);
      if (item.type === 'directory') await mkdir(target, { recursive: true, mode: item.mode & 0o777 });
      else if (item.type === 'link') await symlink(item.target ?? '', target);
      else await putFile(target, blobs.path(item.hash ?? ''), item.mode);
    }
  },

  /** Moves back, never over something. */
  async move(from: string, to: string): Promise<void> {
    await checkFolder(from);
    await checkFolder(to);
    if ((await list(to)).length > 0)
      throw new FastbandError('conflict', 'There is something again where this was moved from.');
    await rename(from, to);
  },
};

/** Removes a file, link or empty folder. A folder that got something in it since stays. */
export async function removeItems(absolute: string): Promise<void> {
  await checkFolder(absolute);
  if ((await lstat(absolute)).isDirectory()) await rmdir(absolute);
  else await unlink(absolute);
}

async function putFile(target: string, blob: string, mode: number): Promise<void> {
  const temporary = join(dirname(target), `.${basename(target).slice(0, 100)}.fastband-undo.tmp`);
  await copyFile(blob, temporary, constants.COPYFILE_EXCL);
  try {
    await chmod(temporary, mode & 0o777);
    await rename(temporary, target);
  } catch (error) {
    await unlink(temporary).catch(() => {});
    throw error;
  }
}

/** The folder of what is put back must be the real place it was: a link put there since could lead anywhere. */
async function checkFolder(absolute: string): Promise<void> {
  const parent = dirname(absolute);
  if ((await realpath(parent).catch(() => undefined)) !== parent) {
    throw new FastbandError(
      'conflict',
      `The folder of ${basename(absolute)} is not what it was. Nothing more was undone.`,
    );
  }
}

interface Found {
  readonly absolute: string;
  readonly type: KeptItem['type'];
  readonly size: number;
  readonly item: KeptItem;
}

/** A path and all below it, folders before what is in them. */
async function list(absolute: string): Promise<Found[]> {
  const found: Found[] = [];
  const queue = [{ absolute, path: '.' }];
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
    let stat: Awaited<ReturnType<typeof lstat>>;
    try {
      stat = await lstat(next.absolute);
    } catch (error) {
      if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) continue;
      throw error;
    }
    const base = { path: next.path, mode: Number(stat.mode) };
    if (stat.isDirectory()) {
      found.push({
        absolute: next.absolute,
        type: 'directory',
        size: 0,
        item: { ...base, type: 'directory' },
      });
      for (const name of await readdir(next.absolute)) {
        queue.push({
          absolute: join(next.absolute, name),
          path: next.path === '.' ? name : `${next.path}/${name}`,
        });
      }
    } else if (stat.isSymbolicLink()) {
      found.push({
        absolute: next.absolute,
        type: 'link',
        size: 0,
        item: { ...base, type: 'link', target: await readlink(next.absolute) },
      });
    } else if (stat.isFile()) {
      found.push({
        absolute: next.absolute,
        type: 'file',
        size: Number(stat.size),
        item: { ...base, type: 'file' },
      });
    } else throw new FastbandError('path_refused', `${basename(next.absolute)} is a device, pipe or socket.`);
  }
  return found;
}

function openPlain(absolute: string): Promise<FileHandle> {
  return open(absolute, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0));
}

async function hashOf(absolute: string): Promise<string> {
  const file = await openPlain(absolute);
  try {
    const digest = createHash('sha256');
    for await (const chunk of file.createReadStream({ autoClose: false })) digest.update(chunk as Buffer);
    return digest.digest('hex');
  } finally {
    await file.close();
  }
}
