import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import {
  type FileHandle,
  mkdir,
  open,
  readdir,
  readFile,
  rename,
  stat,
  unlink,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';
import { sha256Hex } from './canonical.ts';
import { FastbandError } from './errors.ts';
import { newId } from './ids.ts';

/**
 * Content by its SHA-256, below a folder of mode 0700, files 0600. A blob is there whole and on disk, or not at all.
 */
export class BlobStore {
  readonly #folder: string;
  readonly #random: (bytes: number) => Uint8Array;

  constructor(folder: string, random: (bytes: number) => Uint8Array) {
    this.#folder = folder;
    this.#random = random;
  }

  /**
   * Keeps an open file's content, flushed to disk with its name.
   *
   * @returns its SHA-256 (hex) and size in bytes; undefined when it has more than `maxBytes`
   */
  async keep(source: FileHandle, maxBytes: number): Promise<{ hash: string; bytes: number } | undefined> {
    await mkdir(this.#folder, { recursive: true, mode: 0o700 });
    const temporary = join(this.#folder, newId('tmp', this.#random));
    const target = await open(temporary, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, 0o600);
    try {
      const copied = await copy(source, target, maxBytes);
      if (copied !== undefined) await target.sync();
      await target.close();
      if (copied === undefined) {
        await unlink(temporary);
        return undefined;
      }
      const folder = join(this.#folder, copied.hash.slice(0, 2));
      await mkdir(folder, { recursive: true, mode: 0o700 });
      // Over one that is there already: the new name is a moment old, so a sweep will not take it for a left-over.
      await rename(temporary, this.#path(copied.hash));
      await flushFolder(folder);
      return copied;
    } catch (error) {
      await target.close().catch(() => {});
      await unlink(temporary).catch(() => {});
      throw error;
    }
  }

  /**
   * Keeps bytes that may be lost with the power: whole under their name or not at all, but not flushed to disk.
   *
   * @returns their SHA-256 (hex)
   */
  async put(content: Uint8Array): Promise<string> {
    const hash = sha256Hex(content);
    await mkdir(join(this.#folder, hash.slice(0, 2)), { recursive: true, mode: 0o700 });
    const temporary = join(this.#folder, newId('tmp', this.#random));
    try {
      await writeFile(temporary, content, { flag: 'wx', mode: 0o600 });
      await rename(temporary, this.#path(hash));
    } catch (error) {
      await unlink(temporary).catch(() => {});
      throw error;
    }
    return hash;
  }

  async drop(hash: string): Promise<void> {
    await unlink(this.#path(hash)).catch(() => {});
  }

  /** @throws FastbandError `conflict` when it is gone or no longer what it was */
  async read(hash: string): Promise<Buffer> {
    const content = await readFile(this.#path(hash)).catch(() => undefined);
    // What is put into a workspace is what was kept, not what the disk or someone made of it.
    if (content === undefined || sha256Hex(content) !== hash) {
      throw new FastbandError('conflict', 'A kept copy is gone or damaged, so this cannot be undone.');
    }
    return content;
  }

  async has(hash: string): Promise<boolean> {
    return stat(this.#path(hash)).then(
      (info) => info.isFile(),
      () => false,
    );
  }

  /**
   * Removes every blob that is not named, and what a kill left half written.
   *
   * @param before - milliseconds since the epoch; younger files stay: their entry may be about to be written
   */
  async keepOnly(hashes: ReadonlySet<string>, before: number): Promise<void> {
    for (const name of await namesIn(this.#folder)) {
      const path = join(this.#folder, name);
      if (name.startsWith('tmp_')) await removeOlder(path, before);
      else if (name.length === 2) {
        for (const hash of await namesIn(path))
          if (!hashes.has(hash)) await removeOlder(join(path, hash), before);
      }
    }
  }

  #path(hash: string): string {
    return join(this.#folder, hash.slice(0, 2), hash);
  }
}

async function copy(
  source: FileHandle,
  target: FileHandle,
  maxBytes: number,
): Promise<{ hash: string; bytes: number } | undefined> {
  const digest = createHash('sha256');
  const buffer = Buffer.allocUnsafe(256 * 1024);
  for (let bytes = 0; ; ) {
    const { bytesRead } = await source.read(buffer, 0, buffer.length, bytes);
    if (bytesRead === 0) return { hash: digest.digest('hex'), bytes };
    bytes += bytesRead;
    if (bytes > maxBytes) return undefined;
    const part = buffer.subarray(0, bytesRead);
    digest.update(part);
    await target.writeFile(part);
  }
}

async function namesIn(folder: string): Promise<string[]> {
  return readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return [];
    throw error;
  });
}

async function removeOlder(path: string, before: number): Promise<void> {
  const info = await stat(path).catch(() => undefined);
  if (info?.isFile() === true && info.mtimeMs < before) await unlink(path).catch(() => {});
}

async function flushFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(folder, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    await handle.sync();
  } catch (error) {
    // Some file systems do not flush folders.
    if ((error as NodeJS.ErrnoException).code !== 'EINVAL') throw error;
  } finally {
    await handle.close();
  }
}
