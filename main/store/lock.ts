import { join } from 'node:path';
import Database from 'better-sqlite3';
import { FastbandError } from '../core/errors.ts';
import { isDamage } from './database.ts';
import { LOCK_FILE, prepareHome, preparePrivateFile } from './home.ts';

/** Databases that hold a lock: one that nothing refers to any more is closed by the garbage collector, lock and all. */
const held = new Set<Database.Database>();

/**
 * Takes a home folder for one host. The lock is SQLite's own on a file of its own, held by an open EXCLUSIVE
 * transaction: the system drops it when the process ends, kill -9 included, and it does not touch the database, which
 * the CLI uses beside a host.
 *
 * @returns what gives it back
 * @throws FastbandError `home_in_use` when another host holds it, `audit_unavailable` when the folder cannot be used
 */
export function lockHome(home: string): () => void {
  prepareHome(home);
  const file = join(home, LOCK_FILE);
  preparePrivateFile(file);
  const db = new Database(file, { timeout: 0 });
  try {
    db.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    db.close();
    if ((error as { code?: unknown }).code !== 'SQLITE_BUSY') {
      throw new FastbandError(
        'audit_unavailable',
        isDamage(error)
          ? `The lock file ${file} cannot be used: it is another file. Remove it while no Fastband runs.`
          : `The lock file ${file} cannot be used. Free disk space, and check the folder's permissions.`,
        { cause: error },
      );
    }
    throw new FastbandError(
      'home_in_use',
      `Another Fastband runs with ${home}. Stop it, or use another --home.`,
      { cause: error },
    );
  }
  held.add(db);
  return () => {
    if (held.delete(db)) db.close();
  };
}
