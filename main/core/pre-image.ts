import { createHash } from 'node:crypto';
import { constants, type Stats } from 'node:fs';
import { type FileHandle, lstat, open, readdir, readlink } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { errorCode } from '../guard/fs-errors.ts';
import { isOpenAt, NO_FOLLOW, NON_BLOCK } from '../guard/path.ts';
import type { KeptItem } from '../store/journal-rows.ts';
import type { BlobStore } from './blobs.ts';
import { FastbandError } from './errors.ts';

/** More things than this in one folder are not kept, and a change of it cannot be undone. */
export const MAX_ITEMS = 20_000;

/**
 * Keeps everything at a path: a file's content, a link's target, a folder with all in it.
 *
 * @param max - bytes of one file, and of all in a folder together
 * @returns no items when there is more than may be kept: then nothing can be undone
 */
export async function keepItems(
  absolute: string,
  blobs: BlobStore,
  max: { readonly file: number; readonly total: number },
): Promise<{ items: KeptItem[] | undefined; bytes: number }> {
  const none = { items: undefined, bytes: 0 };
  const found = await list(absolute);
  const sizes = (found ?? []).map(({ info }) => (info.isFile() ? info.size : 0));
  if (found === undefined || sizes.some((size) => size > max.file)) return none;
  if (sizes.reduce((sum, size) => sum + size, 0) > max.total) return none;
  const items: KeptItem[] = [];
  let bytes = 0;
  for (const one of found) {
    if (!one.info.isFile()) {
      items.push(await describe(one));
      continue;
    }
    const kept = await withFile(one, (file) => blobs.keep(file, Math.min(max.file, max.total - bytes)));
    if (kept === undefined) return none;
    items.push({ ...base(one), type: 'file', hash: kept.hash });
    bytes += kept.bytes;
  }
  return { items, bytes };
}

/**
 * What is at a path now; nothing when nothing is.
 *
 * @param by - `content`: files by their hash. `stamp`: by number, size and time, which moving does not change; for that
 *   nothing is read
 * @returns undefined when it is a folder with more in it than is looked at
 */
export async function lookAt(
  absolute: string,
  by: 'content' | 'stamp' = 'content',
): Promise<KeptItem[] | undefined> {
  const found = await list(absolute);
  if (found === undefined) return undefined;
  const items: KeptItem[] = [];
  for (const one of found) {
    if (!one.info.isFile()) items.push(await describe(one));
    else if (by === 'content') items.push({ ...base(one), type: 'file', hash: await withFile(one, hashOf) });
    else {
      const { dev, ino, size, mtimeMs } = one.info;
      items.push({ ...base(one), type: 'file', stamp: `${dev}:${ino}:${size}:${mtimeMs}` });
    }
  }
  return items;
}

/** Whether two looks of the same sort saw the same. */
export function sameItems(a: readonly KeptItem[], b: readonly KeptItem[]): boolean {
  const key = ({ path, type, mode, hash, target, stamp }: KeptItem) =>
    JSON.stringify([
      path,
      type,
      type === 'link' ? 0 : mode & 0o777,
      hash ?? null,
      target ?? null,
      stamp ?? null,
    ]);
  const right = new Set(b.map(key));
  return a.length === b.length && a.every((item) => right.has(key(item)));
}

interface Found {
  readonly absolute: string;
  /** Relative to what was asked for; `.` for that itself. */
  readonly path: string;
  readonly info: Stats;
}

function base({ path, info }: Found): { path: string; mode: number } {
  return { path, mode: info.mode };
}

async function describe(one: Found): Promise<KeptItem> {
  if (one.info.isDirectory()) return { ...base(one), type: 'directory' };
  return { ...base(one), type: 'link', target: await readlink(one.absolute) };
}

/** A path and all below it, links not followed, a folder before what is in it. Undefined when they are too many. */
async function list(absolute: string): Promise<Found[] | undefined> {
  const found: Found[] = [];
  const queue = [{ absolute, path: '.' }];
  for (const next of queue) {
    const info = await lstat(next.absolute).catch((error: unknown) => {
      if (errorCode(error) === 'ENOENT' || errorCode(error) === 'ENOTDIR') return undefined;
      throw error;
    });
    if (info === undefined) continue;
    if (!info.isDirectory() && !info.isFile() && !info.isSymbolicLink()) {
      throw new FastbandError('path_refused', `${basename(next.absolute)} is a device, pipe or socket.`);
    }
    found.push({ ...next, info });
    if (!info.isDirectory()) continue;
    for (const name of await readdir(next.absolute)) {
      queue.push({
        absolute: join(next.absolute, name),
        path: next.path === '.' ? name : `${next.path}/${name}`,
      });
    }
    if (queue.length > MAX_ITEMS) return undefined;
  }
  return found;
}

/**
 * Opens what was listed and nothing else: a link put in its place, or in place of a folder above it, would bring
 * content from outside the workspace into the journal, and with an undo into the workspace.
 */
async function withFile<T>(one: Found, run: (file: FileHandle) => Promise<T>): Promise<T> {
  const file = await open(one.absolute, constants.O_RDONLY | NO_FOLLOW | NON_BLOCK).catch(
    (cause: unknown) => {
      throw moved(one, cause);
    },
  );
  try {
    const info = await file.stat();
    const same = info.isFile() && info.dev === one.info.dev && info.ino === one.info.ino;
    if (!same || !(await isOpenAt(file, one.absolute))) throw moved(one);
    return await run(file);
  } finally {
    await file.close();
  }
}

function moved(one: Found, cause?: unknown): FastbandError {
  return new FastbandError(
    'changed_since_plan',
    `${basename(one.absolute)} changed while it was looked at, or cannot be read. Nothing was done to it.`,
    { cause },
  );
}

async function hashOf(file: FileHandle): Promise<string> {
  const digest = createHash('sha256');
  const buffer = Buffer.allocUnsafe(256 * 1024);
  for (let at = 0; ; ) {
    const { bytesRead } = await file.read(buffer, 0, buffer.length, at);
    if (bytesRead === 0) return digest.digest('hex');
    digest.update(buffer.subarray(0, bytesRead));
    at += bytesRead;
  }
}
