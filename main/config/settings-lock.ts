import { closeSync, openSync, readFileSync, statSync, unlinkSync, writeSync } from 'node:fs';
import { FastbandError } from '../core/errors.ts';

const PATIENCE_MS = 2000;
const PAUSE_MS = 5;
/** A change takes milliseconds: a lock as old as this was left by a process that died, whoever has its id now. */
const STALE_MS = 10_000;

/**
 * Runs a read-change-write of a file while no other process of ours does the same. Without it, the panel and the
 * command line could each write back what they read before the other's change, and one change would be lost unseen.
 *
 * @throws FastbandError `conflict` when another process holds on to the file for two seconds
 */
export function withFileLock<T>(file: string, run: () => T): T {
  const lock = `${file}.lock`;
  const giveUpAt = performance.now() + PATIENCE_MS;
  while (!tryTake(lock)) {
    if (isStale(lock)) remove(lock);
    else if (performance.now() > giveUpAt) {
      throw new FastbandError('conflict', `Another process is changing ${file}. Try again in a moment.`);
    } else Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, PAUSE_MS);
  }
  try {
    return run();
  } finally {
    remove(lock);
  }
}

function tryTake(lock: string): boolean {
  try {
    const descriptor = openSync(lock, 'wx', 0o600);
    writeSync(descriptor, String(process.pid));
    closeSync(descriptor);
    return true;
  } catch (error) {
    if (isCode(error, 'EEXIST')) return false;
    throw error;
  }
}

function isStale(lock: string): boolean {
  try {
    if (Date.now() - statSync(lock).mtimeMs > STALE_MS) return true;
    const pid = Number(readFileSync(lock, 'utf8'));
    // Zero: its maker is between creating and writing it.
    if (!Number.isInteger(pid) || pid <= 0 || pid === process.pid) return false;
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return isCode(error, 'ESRCH');
  }
}

function remove(lock: string): void {
  try {
    unlinkSync(lock);
  } catch (error) {
    if (!isCode(error, 'ENOENT')) throw error;
  }
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
