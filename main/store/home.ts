import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  closeSync,
  existsSync,
  fsyncSync,
  linkSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  statSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { FastbandError } from '../core/errors.ts';

/** Names of what the store keeps in the home folder. */
export const DATABASE_FILE = 'fastband.db';
export const SEARCH_FILE = 'audit-search.db';
export const LOCK_FILE = 'host.lock';
export const KEY_FILE = 'audit.key';
const SETTINGS_FILE = 'settings.json';
/** Follows a home's name where a restore put it aside. */
export const ASIDE = '.before-restore-';

/**
 * Makes the home folder, or takes one that is there, so that this user alone can enter it (mode 0700).
 *
 * @throws FastbandError `audit_unavailable` when it is no folder, is another user's, or cannot be closed to others;
 *   `conflict` when a restore was cut off: an empty home would have none of the rules that deny
 */
export function prepareHome(home: string): void {
  if (!existsSync(home)) refuseHalfRestored(home);
  try {
    mkdirSync(home, { recursive: true, mode: 0o700 });
    const info = lstatSync(join(home, '.'));
    if (!info.isDirectory()) throw new Error('not a folder');
    if (process.platform === 'win32') return;
    // Whoever owns a folder can open it again for others, and could read every token hash and rule in it.
    const mine = process.geteuid?.() ?? info.uid;
    if (mine !== 0 && info.uid !== mine) throw new Error('it belongs to another user');
    if ((info.mode & 0o077) !== 0) chmodSync(home, 0o700);
  } catch (error) {
    throw new FastbandError(
      'audit_unavailable',
      `Fastband's folder ${home} cannot be used: ${error instanceof Error ? error.message : 'unknown'}. Choose another with --home, or mend its owner and permissions.`,
      { cause: error },
    );
  }
}

function refuseHalfRestored(home: string): void {
  const parent = dirname(home);
  const aside = (existsSync(parent) ? readdirSync(parent) : [])
    .filter((name) => name.startsWith(`${basename(home)}${ASIDE}`))
    .sort()
    .at(-1);
  if (aside === undefined) return;
  throw new FastbandError(
    'conflict',
    `There is no folder ${home}, but one that a restore put aside: ${join(parent, aside)}. The restore was cut off. Restore again, or rename that folder back; to begin anew, move it elsewhere.`,
  );
}

/**
 * Whether a home without a database had one. A lock alone may be of a restore that did not come about, and settings
 * alone may have been laid ready for the first start.
 */
export function hadDatabase(home: string): boolean {
  const size = (name: string) => statSync(join(home, name), { throwIfNoEntry: false })?.size;
  if ((size(DATABASE_FILE) ?? 0) > 0) return false;
  return (
    (size(`${DATABASE_FILE}-wal`) ?? 0) > 0 ||
    [KEY_FILE, SEARCH_FILE].some((name) => size(name) !== undefined) ||
    [LOCK_FILE, SETTINGS_FILE].every((name) => size(name) !== undefined)
  );
}

/**
 * Makes an empty file of mode 0600 where none is, before SQLite would make it with the umask's mode; `-wal` and `-shm`
 * take the mode of their database. A file that is there is only ever looked at by its path: closing a descriptor of
 * it would drop every POSIX lock that SQLite holds on it in this process.
 */
export function preparePrivateFile(file: string): void {
  try {
    closeSync(openSync(file, 'wx', 0o600));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  if (process.platform === 'win32') return;
  for (const path of [file, `${file}-wal`, `${file}-shm`]) {
    if (existsSync(path) && (lstatSync(path).mode & 0o077) !== 0) chmodSync(path, 0o600);
  }
}

/**
 * The key that vouches for checkpoints, 32 bytes; made on first use. Two processes may come here at once: the first
 * one's key stands, whole, because it gets its name only once it is on disk.
 *
 * @throws FastbandError `audit_unavailable`
 */
export function auditKey(home: string): Buffer {
  const file = join(home, KEY_FILE);
  try {
    if (!existsSync(file)) makeKey(home, file);
    const key = readFileSync(file);
    if (key.length !== 32) throw new Error('it is not 32 bytes long');
    return key;
  } catch (error) {
    throw new FastbandError(
      'audit_unavailable',
      `The key of the audit log (${KEY_FILE}) cannot be used. Put it back from a backup.`,
      { cause: error },
    );
  }
}

function makeKey(home: string, file: string): void {
  const temporary = join(home, `${KEY_FILE}.${randomBytes(6).toString('hex')}`);
  const descriptor = openSync(temporary, 'wx', 0o600);
  try {
    writeSync(descriptor, randomBytes(32));
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
  try {
    linkSync(temporary, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    unlinkSync(temporary);
  }
}
