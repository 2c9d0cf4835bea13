import { randomBytes } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';

/**
 * Writes a file that comes in chunks, for the person only. It has its name once it is whole: an export that is cancelled
 * or fails leaves what had that name as it was, and nothing beside it.
 */
export async function writeWhole(path: string, chunks: AsyncIterable<string>): Promise<void> {
  const part = `${path}.${randomBytes(6).toString('hex')}.part`;
  try {
    await pipeline(chunks, createWriteStream(part, { flags: 'wx', mode: 0o600, flush: true }));
    await rename(part, path);
  } catch (error) {
    await rm(part, { force: true }).catch(() => {});
    throw error;
  }
}
