import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { FastbandError } from '../core/errors.ts';

/**
 * What a backup is made of: a line that names the format, a line of JSON that lists the files, and their contents one
 * after another. Nothing is compressed, so what is unpacked is never more than the file itself.
 */
const FORMAT = 'fastband-backup ';
const VERSION = '1';
/** A file takes about 150 bytes of the list. */
const MAX_LIST_BYTES = 64 * 1024 * 1024;

/** All there can be in one. A name that is not of these is never made a path. */
const FILE_NAME = /^(?:fastband\.db|settings\.json|audit\.key|(?:journal|pictures)\/([0-9a-f]{64}))$/;
const SHA256 = /^[0-9a-f]{64}$/;

const ArchivedFile = z.strictObject({
  name: z.string().regex(FILE_NAME),
  bytes: z.int().min(0),
  sha256: z.string().regex(SHA256),
});
export type ArchivedFile = z.infer<typeof ArchivedFile>;

const Manifest = z.strictObject({
  createdAt: z.int(),
  version: z.string().max(100),
  /** `user_version` of the database. */
  schema: z.int().min(1),
  files: z.array(ArchivedFile),
});
export type Manifest = z.infer<typeof Manifest>;

/** Where a file of the archive lies below a home: blobs in folders by their first two digits. */
export function placeOf(name: string): string {
  const [folder, hash] = name.split('/');
  return hash === undefined ? name : join(folder ?? '', hash.slice(0, 2), hash);
}

/** The archive of files below `folder`, piece by piece. */
export async function* packed(folder: string, manifest: Manifest): AsyncGenerator<Uint8Array> {
  yield Buffer.from(`${FORMAT}${VERSION}\n${JSON.stringify(manifest)}\n`);
  for (const { name, bytes } of manifest.files) {
    let sent = 0;
    for await (const part of createReadStream(join(folder, placeOf(name)))) {
      sent += part.length;
      yield part;
    }
    if (sent !== bytes)
      throw new FastbandError('internal', `${name} changed while it was backed up. Try again.`);
  }
}

/**
 * Unpacks an archive into an empty folder. Every byte of it is accounted for: sizes, hashes, and nothing at the end.
 *
 * @throws FastbandError `backup_invalid`; `conflict` for a format that a newer Fastband made
 */
export async function unpack(
  source: AsyncIterable<Uint8Array>,
  folder: string,
  progress: (bytes: number) => void = () => {},
): Promise<Manifest> {
  const reader = new Reader(source, progress);
  const format = await reader.line(100);
  if (!format.startsWith(FORMAT)) throw invalid('it is not a backup of Fastband');
  if (format !== `${FORMAT}${VERSION}`) throw newer();
  const manifest = parseManifest(await reader.line(MAX_LIST_BYTES));
  for (const file of manifest.files) {
    const path = join(folder, placeOf(file.name));
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    const target = await open(path, 'wx', 0o600);
    const digest = createHash('sha256');
    try {
      for await (const part of reader.take(file.bytes)) {
        digest.update(part);
        await target.writeFile(part);
      }
      await target.sync();
    } finally {
      await target.close();
    }
    if (digest.digest('hex') !== file.sha256) throw invalid(`${file.name} is damaged`);
  }
  if (!(await reader.atEnd())) throw invalid('there is more in it than it lists');
  return manifest;
}

function parseManifest(text: string): Manifest {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw invalid('its list of files cannot be read');
  }
  const parsed = Manifest.safeParse(value);
  if (!parsed.success) throw invalid('its list of files is not one that Fastband makes');
  const names = new Set<string>();
  for (const { name, sha256 } of parsed.data.files) {
    const blob = FILE_NAME.exec(name)?.[1];
    if (names.has(name) || (blob !== undefined && blob !== sha256))
      throw invalid('its list of files contradicts itself');
    names.add(name);
  }
  if (!names.has('fastband.db')) throw invalid('there is no database in it');
  return parsed.data;
}

class Reader {
  readonly #parts: AsyncIterator<Uint8Array>;
  readonly #progress: (bytes: number) => void;
  #rest: Buffer = Buffer.alloc(0);
  #read = 0;

  constructor(source: AsyncIterable<Uint8Array>, progress: (bytes: number) => void) {
    this.#parts = source[Symbol.asyncIterator]();
    this.#progress = progress;
  }

  async line(max: number): Promise<string> {
    const parts: Buffer[] = [];
    for (let length = 0; ; ) {
      const part = await this.#next();
      if (part === undefined) throw invalid('it ends too early, or is no backup');
      const end = part.indexOf(10);
      length += end === -1 ? part.length : end;
      if (length > max) throw invalid('it is not a backup of Fastband');
      if (end === -1) {
        parts.push(part);
        continue;
      }
      parts.push(part.subarray(0, end));
      this.#rest = part.subarray(end + 1);
      return Buffer.concat(parts).toString('utf8');
    }
  }

  async *take(bytes: number): AsyncGenerator<Buffer> {
    for (let left = bytes; left > 0; ) {
      const part = await this.#next();
      if (part === undefined) throw invalid('it ends too early');
      const wanted = part.subarray(0, left);
      this.#rest = part.subarray(wanted.length);
      left -= wanted.length;
      yield wanted;
    }
  }

  async atEnd(): Promise<boolean> {
    return (await this.#next()) === undefined;
  }

  async #next(): Promise<Buffer | undefined> {
    while (this.#rest.length === 0) {
      const { done, value } = await this.#parts.next();
      if (done === true) return undefined;
      this.#rest = Buffer.from(value.buffer, value.byteOffset, value.byteLength);
      this.#read += value.byteLength;
      this.#progress(this.#read);
    }
    const part = this.#rest;
    this.#rest = Buffer.alloc(0);
    return part;
  }
}

export function invalid(why: string, cause?: unknown): FastbandError {
  return new FastbandError('backup_invalid', `This backup cannot be used: ${why}. Nothing was changed.`, {
    cause,
  });
}

export function newer(): FastbandError {
  return new FastbandError(
    'conflict',
    'This backup was made by a newer Fastband. Update Fastband and try again.',
  );
}
