import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { chmod, copyFile, link, mkdir, open, readdir, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { FastbandError } from '../core/errors.ts';
import { connect } from '../store/database.ts';
import { DATABASE_FILE, KEY_FILE } from '../store/home.ts';
import { versionOf } from '../store/migrations.ts';
import { VERSION } from '../version.ts';
import { type ArchivedFile, type Manifest, packed, placeOf } from './archive.ts';
import { encrypted } from './crypt.ts';

export interface CreateJob {
  readonly home: string;
  /** The file to make. It must not be there. */
  readonly file: string;
  /** An empty folder below the home, for what belongs together at one moment. */
  readonly staging: string;
  readonly now: number;
  /** Absent: the file is readable to whoever gets hold of it. */
  readonly passphrase?: string;
  readonly workFactor?: number;
}

/**
 * Makes a backup while a host may run and write: the database as of one moment (SQLite's online backup), the settings,
 * and every kept file. Kept files never change and come second, so none that the database names is missing.
 *
 * @param progress - in bytes
 */
export async function createBackup(
  job: CreateJob,
  progress: (done: number, total: number) => void,
): Promise<void> {
  const { home, staging, file, passphrase } = job;
  const manifest = await stage(home, staging, job.now);
  const total = manifest.files.reduce((sum, { bytes }) => sum + bytes, 0);
  const draft = join(staging, 'draft');
  const source = Readable.toWeb(Readable.from(packed(staging, manifest))) as ReadableStream<Uint8Array>;
  const stream = passphrase === undefined ? source : await encrypted(source, passphrase, job.workFactor);
  const target = await open(draft, 'wx', 0o600);
  try {
    let done = 0;
    for await (const part of stream) {
      await target.writeFile(part);
      done += part.byteLength;
      progress(Math.min(done, total), total);
    }
    await target.sync();
  } finally {
    await target.close();
  }
  await place(draft, file);
}

async function stage(home: string, staging: string, now: number): Promise<Manifest> {
  const db = connect(join(home, DATABASE_FILE), 'read');
  try {
    await db.backup(join(staging, DATABASE_FILE));
  } finally {
    db.close();
  }
  const snapshot = connect(join(staging, DATABASE_FILE), 'write');
  let schema: number;
  try {
    schema = versionOf(snapshot);
    // One file, without a log beside it.
    snapshot.pragma('journal_mode = DELETE');
  } finally {
    snapshot.close();
  }
  const files: ArchivedFile[] = [await describe(staging, DATABASE_FILE)];
  for (const name of ['settings.json', KEY_FILE]) {
    if (await taken(() => copyFile(join(home, name), join(staging, name))))
      files.push(await describe(staging, name));
  }
  for (const folder of ['journal', 'pictures']) files.push(...(await stageBlobs(home, staging, folder)));
  return { createdAt: now, version: VERSION, schema, files };
}

async function stageBlobs(home: string, staging: string, folder: string): Promise<ArchivedFile[]> {
  const files: ArchivedFile[] = [];
  for (const digits of await namesIn(join(home, folder))) {
    if (!/^[0-9a-f]{2}$/.test(digits)) continue;
    for (const hash of await namesIn(join(home, folder, digits))) {
      const name = `${folder}/${hash}`;
      if (!/^[0-9a-f]{64}$/.test(hash) || !hash.startsWith(digits)) continue;
      const from = join(home, placeOf(name));
      const to = join(staging, placeOf(name));
      await mkdir(dirname(to), { recursive: true, mode: 0o700 });
      // A second name keeps it, should retention remove the first one now. It may have done so already.
      if (
        !(await taken(() =>
          link(from, to).catch((error) => (isGone(error) ? Promise.reject(error) : copyFile(from, to))),
        ))
      )
        continue;
      const file = await describe(staging, name);
      // One that the disk damaged would make the whole backup one that does not verify; nobody can undo with it anyway.
      if (file.sha256 === hash) files.push(file);
    }
  }
  return files;
}

async function describe(folder: string, name: string): Promise<ArchivedFile> {
  const path = join(folder, placeOf(name));
  const digest = createHash('sha256');
  for await (const part of createReadStream(path)) digest.update(part);
  return { name, bytes: (await stat(path)).size, sha256: digest.digest('hex') };
}

/** Gives the finished file its name, never in the place of another. */
async function place(draft: string, file: string): Promise<void> {
  try {
    await link(draft, file).catch(async (error: NodeJS.ErrnoException) => {
      if (error.code === 'EEXIST') throw error;
      // Another file system, or one without links.
      await copyFile(draft, file, 1);
    });
    if (process.platform !== 'win32') await chmod(file, 0o600);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST')
      throw new FastbandError('conflict', 'There is a file of this name already. Nothing was changed.');
    throw error;
  }
  await rm(draft);
}

async function taken(run: () => Promise<void>): Promise<boolean> {
  try {
    await run();
    return true;
  } catch (error) {
    if (isGone(error)) return false;
    throw error;
  }
}

const isGone = (error: unknown) => (error as NodeJS.ErrnoException).code === 'ENOENT';

async function namesIn(folder: string): Promise<string[]> {
  return readdir(folder).catch((error: unknown) => {
    if (isGone(error)) return [];
    throw error;
  });
}
