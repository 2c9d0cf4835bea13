import { join } from 'node:path';
import Database from 'better-sqlite3';
import { FastbandError } from '../core/errors.ts';
import { DATABASE_FILE, hadDatabase, prepareHome, preparePrivateFile } from './home.ts';
import { checkVersion, MIGRATIONS, migrate, versionOf } from './migrations.ts';

export type Db = Database.Database;

/** How long a write waits for another process's, in milliseconds. Ours hold the lock for one or two. */
const BUSY_MS = 5000;
/**
 * Pages in the write-ahead log at which a commit checkpoints by itself. The worker does it long before, off the thread
 * that answers calls; this is for bursts that leave it no time, and for commands, which have no worker.
 */
const AUTO_CHECKPOINT_PAGES = 16_384;

/**
 * Opens the database of a home folder, made and migrated if need be. Folder 0700, files 0600.
 *
 * @throws FastbandError `audit_unavailable` when it cannot be opened, is damaged, or was there and is gone; `conflict`
 *   when it is newer
 */
export function openDatabase(home: string, options: { readonly readOnly?: boolean } = {}): Db {
  const file = join(home, DATABASE_FILE);
  let db: Db | undefined;
  try {
    if (options.readOnly === true) {
      db = connect(file, 'read');
      checkVersion(db);
      if (versionOf(db) < MIGRATIONS.length)
        throw new Error('it is older than this Fastband; open it for writing once');
      return db;
    }
    prepareHome(home);
    // SQLite would take an empty file for a new database: one without the rules that deny, and without the log.
    if (hadDatabase(home)) throw gone(home, file);
    preparePrivateFile(file);
    db = connect(file, 'write');
    enterWal(db);
    migrate(db);
    return db;
  } catch (error) {
    db?.close();
    if (error instanceof FastbandError) throw error;
    throw new FastbandError(
      'audit_unavailable',
      isDamage(error)
        ? `The database ${file} is damaged. Nothing was changed. ${RESTORE}`
        : `The database ${file} cannot be opened. Check free disk space and the folder's permissions, or run "fastband doctor".`,
      {
        cause: error,
      },
    );
  }
}

/** What helps against a damaged database. */
export const RESTORE =
  'Copy the folder away for safety, then put a backup in its place with "fastband backup restore"; "fastband doctor" says more.';

function gone(home: string, file: string): FastbandError {
  return new FastbandError(
    'audit_unavailable',
    `The database ${file} is gone or empty, though this folder was in use: your rules and the log were in it. Put a backup in its place with "fastband backup restore"; to begin anew, move ${home} away.`,
  );
}

/** A connection to a database file that exists. `read` can change nothing. */
export function connect(file: string, access: 'read' | 'write'): Db {
  const db = new Database(file, { timeout: BUSY_MS, fileMustExist: true, readonly: access === 'read' });
  try {
    // A committed row survives the death of the process. Only a power cut may take the last ones, whole.
    db.pragma('synchronous = NORMAL');
    db.pragma('foreign_keys = ON');
    // Functions in a schema that someone else wrote are not run.
    db.pragma('trusted_schema = OFF');
    db.pragma(`wal_autocheckpoint = ${AUTO_CHECKPOINT_PAGES}`);
    // Rows are written at one end of the log and policy is small: more cache would only be more memory.
    db.pragma('cache_size = -2000');
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}

/** The version of SQLite that is built in. */
export function sqliteVersion(): string {
  const db = new Database(':memory:');
  try {
    return String(db.prepare('SELECT sqlite_version()').pluck().get());
  } finally {
    db.close();
  }
}

/** Two processes may make a database at once, and this switch does not wait for the other's lock by itself. */
function enterWal(db: Db): void {
  for (let tries = 1; ; tries++) {
    try {
      db.pragma('journal_mode = WAL');
      return;
    } catch (error) {
      if (tries >= 200 || (error as { code?: unknown }).code !== 'SQLITE_BUSY') throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10);
    }
  }
}

/** Whether SQLite failed for a reason outside the statement: the disk, permissions, another process, damage. */
export function isStorageError(error: unknown): boolean {
  return (
    error instanceof Database.SqliteError &&
    /^SQLITE_(FULL|IOERR|READONLY|BUSY|LOCKED|CORRUPT|NOTADB|CANTOPEN|NOMEM|PROTOCOL|PERM|AUTH|INTERRUPT)/.test(
      error.code,
    )
  );
}

/** Whether SQLite found its file damaged, which no free space mends. */
export function isDamage(error: unknown): boolean {
  return error instanceof Database.SqliteError && /^SQLITE_(CORRUPT|NOTADB)/.test(error.code);
}

export function isConstraintError(error: unknown): boolean {
  return error instanceof Database.SqliteError && error.code.startsWith('SQLITE_CONSTRAINT');
}

/**
 * Reads policy. What cannot be read denies everything: passing over one row could pass over a denial.
 *
 * @throws FastbandError `policy_unavailable`
 */
export function readPolicy<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof FastbandError) throw error;
    throw new FastbandError(
      'policy_unavailable',
      'A stored rule, grant, client or workspace cannot be read, so everything is denied. Run "fastband doctor".',
      {
        cause: error,
      },
    );
  }
}
