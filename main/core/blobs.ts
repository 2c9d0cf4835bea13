import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, mkdir, open, rename, stat, unlink } from 'node:fs/promises';
import { join } from 'node:path';
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

  /** Keeps an open file's content. @returns its SHA-256 (hex) and size in bytes */
  async keep(source: FileHandle): Promise<{ hash: string; bytes: number }> {
    await mkdir(this.#folder, { recursive: true, mode: 0o700 });
    const temporary = join(this.#folder, `${newId('tmp', this.#random)}`);
    const target = await open(temporary, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, 0o600);
    const digest = createHash('sha256');
    let bytes = 0;
    try {
      const buffer = Buffer.allocUnsafe(1024 * 1024);
      for (;;) {
        const { bytesRead } = await source.read(buffer, 0, buffer.length, bytes);
        if (bytesRead === 0) break;
        digest.update(buffer.subarray(0, bytesRead));
        await target.write(buffer, 0, bytesRead);
        bytes += bytesRead;
      }
      await target.sync();
    } catch (error) {
      await target.close();
      await unlink(temporary).catch(() => {});
      throw error;
    }
    await target.close();
    const hash = digest.digest('hex');
    await mkdir(join(this.#folder, hash.slice(0, 2)), { recursive: true, mode: 0o700 });
    await rename(temporary, this.path(hash));
    return { hash, bytes };
  }

  /** Where a blob lies. */
  path(hash: string): string {
    return join(this.#folder, hash.slice(0, 2), hash);
  }

  async has(hash: string): Promise<boolean> {
    return stat(this.path(hash)).then(
      () => true,
      () => false,
    );
  }

  async drop(hash: string): Promise<void> {
    await unlink(this.path(hash)).catch(() => {});
  }
}
