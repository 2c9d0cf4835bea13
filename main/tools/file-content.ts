import { isUtf8 } from 'node:buffer';
import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { FastbandError } from '../core/errors.ts';
import { Turns } from '../core/turns.ts';
import { openResolved, type ResolvedPath } from '../guard/path.ts';

export const MAX_READ_BYTES = 32 * 1024 * 1024;

const IMAGES: readonly { readonly mimeType: string; matches(bytes: Buffer): boolean }[] = [
  {
    mimeType: 'image/png',
    matches: (b) => b.subarray(0, 8).equals(Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])),
  },
  { mimeType: 'image/jpeg', matches: (b) => b.subarray(0, 3).equals(Buffer.from([0xff, 0xd8, 0xff])) },
  { mimeType: 'image/gif', matches: (b) => /^GIF8[79]a/.test(b.subarray(0, 6).toString('latin1')) },
  {
    mimeType: 'image/webp',
    matches: (b) =>
      b.subarray(0, 4).toString('latin1') === 'RIFF' && b.subarray(8, 12).toString('latin1') === 'WEBP',
  },
];

export type FileContent =
  /** `data` is UTF-8 and holds no NUL: it is for the reader to say how much of it becomes a string. */
  | { readonly kind: 'text'; readonly data: Buffer; readonly bytes: number }
  | { readonly kind: 'image'; readonly mimeType: string; readonly data: Buffer; readonly bytes: number }
  | { readonly kind: 'binary'; readonly bytes: number };

/**
 * Reads a resolved file and says by its content what it is. Text is strict UTF-8 without NUL; its BOM is kept off.
 *
 * @throws FastbandError `changed_since_plan`, `too_large`, `invalid_input` for a folder
 */
export async function readContent(
  path: Pick<ResolvedPath, 'absolute' | 'stat' | 'requested'>,
): Promise<FileContent> {
  const bytes = await readBytes(path);
  const mimeType = imageTypeOf(bytes);
  if (mimeType !== undefined) return { kind: 'image', mimeType, data: bytes, bytes: bytes.length };
  return isText(bytes)
    ? { kind: 'text', data: bytes.subarray(startsWithBom(bytes) ? BOM.length : 0), bytes: bytes.length }
    : { kind: 'binary', bytes: bytes.length };
}

/** The type of an image by its first bytes, whatever its name says; undefined for all else. */
export function imageTypeOf(bytes: Buffer): string | undefined {
  return IMAGES.find((one) => one.matches(bytes))?.mimeType;
}

/** The file's bytes as they are. @throws as `readContent` */
export async function readBytes(
  path: Pick<ResolvedPath, 'absolute' | 'stat' | 'requested'>,
): Promise<Buffer> {
  const size = path.stat?.size ?? 0;
  if (size > MAX_READ_BYTES) {
    throw new FastbandError(
      'too_large',
      `${path.requested} has ${size} bytes, more than the ${MAX_READ_BYTES} that can be read at once. Use search_files or a command.`,
    );
  }
  // One read of the size that was seen, begun while the checks go on; what was added since is not read.
  const buffer = Buffer.allocUnsafe(size);
  let filled = 0;
  let failure: unknown;
  const file = await openResolved(path, constants.O_RDONLY, async (handle) => {
    try {
      filled = (await handle.read(buffer, 0, size, 0)).bytesRead;
    } catch (error) {
      failure = error;
    }
  });
  try {
    if (failure !== undefined) throw failure;
    while (filled > 0 && filled < size) {
      const { bytesRead } = await file.read(buffer, filled, size - filled, filled);
      if (bytesRead === 0) break;
      filled += bytesRead;
    }
    return buffer.subarray(0, filled);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EISDIR')
      throw new FastbandError('invalid_input', `${path.requested} is a folder. Use list_directory.`);
    throw error;
  } finally {
    // Nothing was written: nobody has to wait for the end of it, and no failure of it could matter.
    file.close().catch(() => {});
  }
}

const CHUNK = 1024 * 1024;

/** SHA-256 (hex) of a file of any size. @throws FastbandError `changed_since_plan`; the signal's reason */
export async function hashFile(
  path: Pick<ResolvedPath, 'absolute' | 'stat' | 'requested'>,
  signal: AbortSignal,
): Promise<string> {
  const file = await openResolved(path, constants.O_RDONLY);
  try {
    const digest = createHash('sha256');
    const buffer = Buffer.allocUnsafe(Math.min(CHUNK, (path.stat?.size ?? 0) + 1));
    for (;;) {
      signal.throwIfAborted();
      const { bytesRead } = await file.read(buffer, 0, buffer.length, null);
      if (bytesRead === 0) return digest.digest('hex');
      digest.update(buffer.subarray(0, bytesRead));
    }
  } finally {
    await file.close();
  }
}

/**
 * Strict UTF-8 without NUL, or undefined.
 *
 * @param bom - `keep` leaves a byte order mark as the first character
 */
export function decodeText(bytes: Buffer, bom: 'drop' | 'keep' = 'drop'): string | undefined {
  if (!isText(bytes)) return undefined;
  const text = bytes.toString('utf8');
  return bom === 'drop' && text.charCodeAt(0) === 0xfeff ? text.slice(1) : text;
}

const BOM = Buffer.from([0xef, 0xbb, 0xbf]);

export function startsWithBom(bytes: Buffer): boolean {
  return bytes.subarray(0, BOM.length).equals(BOM);
}

function isText(bytes: Buffer): boolean {
  return isUtf8(bytes) && !bytes.includes(0);
}

/** From here on a file counts as large, in bytes. */
const LARGE_BYTES = 1024 * 1024;
const large = new Turns(4);

/**
 * Does work that holds a file in memory. Small files at once; large ones a few at a time, whoever asks: many calls of
 * a large file each must not be many such files in memory.
 *
 * @throws the signal's reason, and what the work throws
 */
export async function holding<T>(bytes: number, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  if (bytes < LARGE_BYTES) return work();
  const done = await large.take(signal);
  try {
    return await work();
  } finally {
    done();
  }
}
