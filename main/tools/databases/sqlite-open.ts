import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  openSync,
  readdirSync,
  readSync,
  type Stats,
} from 'node:fs';
import Database from 'better-sqlite3';
import { FastbandError } from '../../core/errors.ts';
import type { Access } from '../../guard/sql.ts';
import type { DatabaseFile } from './jobs.ts';

/** How long another program's lock is waited for, in milliseconds. */
const BUSY_MS = 2000;
/** Most bytes of a database that is read into memory. */
const MAX_ALONE = 256 * 1024 * 1024;
const NO_FOLLOW = constants.O_NOFOLLOW ?? 0;
const NON_BLOCK = constants.O_NONBLOCK ?? 0;
const MAGIC = 'SQLite format 3\0';

export interface OpenDatabase {
  readonly db: Database.Database;
  /** Nothing of the database is in a file beside it. */
  whole(): boolean;
  /** Call after reading. @throws FastbandError `changed_since_plan` when what was read may be half of two states */
  check(): void;
  close(): void;
}

/**
 * Opens the file that was planned, and no other, so that reading changes nothing in its folder.
 *
 * A database with a write-ahead log is read through the log's own files when a program has it open. With no log beside
 * it the file alone is the database: it is then read as one that does not change, and what was read counts only if it
 * did not.
 *
 * @throws FastbandError `changed_since_plan`, `query_refused`, `conflict`
 */
export function openDatabase(file: DatabaseFile, access: Access): OpenDatabase {
  const { absolute } = file;
  const found = look(absolute);
  if (found === undefined || found.dev !== file.dev || found.ino !== file.ino || !found.isFile())
    throw changed();
  for (const name of sideFiles(absolute)) {
    const side = look(name);
    // What SQLite would follow or fill there must be a plain file of this database and of nothing else.
    if (side !== undefined && (!side.isFile() || side.nlink > 1))
      throw new FastbandError(
        'query_refused',
        'A file beside this database is a link or has several names, so it is not opened.',
      );
  }
  const usesLog = readHeader(absolute);
  const log = look(`${absolute}-wal`);
  const shared = look(`${absolute}-shm`);
  const live = log !== undefined && shared !== undefined;
  const alone = access === 'read' && usesLog && !live;
  if (alone && log !== undefined && log.size > 0)
    throw new FastbandError(
      'query_refused',
      'This database was copied or left with changes in its write-ahead log. Open it once with the program that made it.',
    );
  const before = openFiles();
  const db = connect(absolute, access, alone);
  try {
    harden(db, access);
    // Now the file is locked, its log opened, and a journal left by a crash noticed.
    db.prepare('SELECT count(*) FROM sqlite_schema').get();
    checkOpened(before, file);
  } catch (error) {
    db.close();
    throw error;
  }
  return {
    db,
    whole: () => (look(`${absolute}-wal`)?.size ?? 0) === 0,
    check() {
      const now = look(absolute);
      if (
        alone &&
        (now === undefined ||
          now.ino !== found.ino ||
          now.size !== found.size ||
          now.mtimeMs !== found.mtimeMs)
      )
        throw new FastbandError(
          'changed_since_plan',
          'Another program changed the database while it was read. Repeat the call.',
        );
    },
    close: () => db.close(),
  };
}

/**
 * A database that keeps a log but has none now could not be opened for reading without making one: it is read as it
 * stands, from memory, with the two bytes of its header that name the log set to "none" (SQLite file format, 1.3.3).
 */
function connect(absolute: string, access: Access, alone: boolean): Database.Database {
  if (access === 'write') return new Database(absolute, { fileMustExist: true, timeout: BUSY_MS });
  if (!alone) return new Database(absolute, { readonly: true, fileMustExist: true, timeout: BUSY_MS });
  const bytes = readWhole(absolute);
  bytes[18] = 1;
  bytes[19] = 1;
  return new Database(bytes, { readonly: true });
}

function readWhole(absolute: string): Buffer {
  const fd = openSync(absolute, constants.O_RDONLY | NO_FOLLOW | NON_BLOCK);
  try {
    const { size } = fstatSync(fd);
    if (size > MAX_ALONE)
      throw new FastbandError(
        'too_large',
        `This database keeps a write-ahead log and no program has it open: up to ${MAX_ALONE} bytes of such a one can be read. Open it with its program meanwhile.`,
      );
    const bytes = Buffer.alloc(size);
    let filled = 0;
    while (filled < size) {
      const read = readSync(fd, bytes, filled, size - filled, filled);
      if (read === 0) throw changed();
      filled += read;
    }
    return bytes;
  } finally {
    closeSync(fd);
  }
}

/** The file may come from anywhere: what its schema says is not trusted to call anything. */
function harden(db: Database.Database, access: Access): void {
  db.pragma('trusted_schema = OFF');
  db.pragma('cell_size_check = ON');
  db.pragma('mmap_size = 0');
  // Sorting spills into memory, which is limited, and not into files.
  db.pragma('temp_store = MEMORY');
  db.pragma('cache_size = -8192');
  if (access === 'read') db.pragma('query_only = ON');
  db.defaultSafeIntegers(true);
}

/** @returns whether it keeps its changes in a write-ahead log; an empty file is an empty database */
function readHeader(absolute: string): boolean {
  const fd = openSync(absolute, constants.O_RDONLY | NO_FOLLOW | NON_BLOCK);
  try {
    const header = Buffer.alloc(100);
    const read = readSync(fd, header, 0, 100, 0);
    if (read === 0) return false;
    if (header.toString('latin1', 0, 16) !== MAGIC)
      throw new FastbandError('query_refused', 'This file is not a SQLite database.');
    return header[18] === 2 || header[19] === 2;
  } finally {
    closeSync(fd);
  }
}

/** Between the look and the opening a link could have been put there: what is really open must be what was meant. */
function checkOpened(before: ReadonlySet<string>, file: DatabaseFile): void {
  const expected = new Set([`${file.dev}:${file.ino}`]);
  for (const name of sideFiles(file.absolute)) {
    const side = look(name);
    if (side?.isFile() === true) expected.add(`${side.dev}:${side.ino}`);
  }
  for (let tries = 1; [...openFiles()].some((one) => !before.has(one) && !expected.has(one)); tries++) {
    // Another thread of this process may have one open for a moment, as when it begins. SQLite keeps its own.
    if (tries === 10) throw changed();
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
  }
  const now = look(file.absolute);
  if (now?.dev !== file.dev || now.ino !== file.ino) throw changed();
}

/** Plain files that this process has open. Where the system does not list them, the look at the path must do. */
function openFiles(): Set<string> {
  const found = new Set<string>();
  if (process.platform === 'win32') return found;
  for (const name of readdirSync(process.platform === 'linux' ? '/proc/self/fd' : '/dev/fd')) {
    try {
      const info = fstatSync(Number(name));
      if (info.isFile()) found.add(`${info.dev}:${info.ino}`);
    } catch {
      // The one that listed the folder is closed by now.
    }
  }
  return found;
}

function sideFiles(absolute: string): string[] {
  return ['-wal', '-shm', '-journal'].map((suffix) => absolute + suffix);
}

function look(path: string): Stats | undefined {
  return lstatSync(path, { throwIfNoEntry: false });
}

function changed(): FastbandError {
  return new FastbandError(
    'changed_since_plan',
    'The database file is not the one that this call was planned on, so nothing was done. Repeat the call.',
  );
}
