import type Database from 'better-sqlite3';
import { FastbandError } from '../core/errors.ts';
import type { Log } from '../ports.ts';
import { type Db, isDamage, isStorageError, RESTORE } from './database.ts';

/** The writing connection's transactions, and whether the last of them could be committed. */
export class Transactions {
  readonly #db: Db;
  readonly #log: Log;
  readonly #begin: Database.Statement<[]>;
  readonly #commit: Database.Statement<[]>;
  readonly #rollback: Database.Statement<[]>;
  readonly #rolledBack: () => void;
  #healthy = true;
  #damaged = false;
  #afterCommit: (() => void)[] = [];

  /** @param rolledBack - called when changes that were visible inside a transaction are gone again */
  constructor(db: Db, log: Log, rolledBack: () => void) {
    this.#db = db;
    this.#log = log;
    this.#rolledBack = rolledBack;
    this.#begin = db.prepare('BEGIN IMMEDIATE');
    this.#commit = db.prepare('COMMIT');
    this.#rollback = db.prepare('ROLLBACK');
  }

  /** Whether the last write that was tried could be committed. */
  get healthy(): boolean {
    return this.#healthy;
  }

  /** What is wrong and what to do, while writing fails. */
  get problem(): string | undefined {
    if (this.#healthy) return undefined;
    return this.#damaged ? DAMAGED : UNAVAILABLE;
  }

  /**
   * Runs in one IMMEDIATE transaction, or joins the one that is open: then the outer one commits or undoes all.
   *
   * @throws FastbandError `audit_unavailable` when it cannot be committed; whatever `run` throws, after a rollback
   */
  run<T>(run: () => T): T {
    if (this.#db.open && this.#db.inTransaction) return run();
    try {
      this.#begin.run();
      const value = run();
      // A promise would settle long after the commit, and what it writes then would not be part of it.
      if (value instanceof Promise) throw new TypeError('a transaction cannot wait');
      // A full disk can make SQLite roll back by itself, whatever `run` did with the error.
      if (!this.#db.inTransaction) throw new FastbandError('audit_unavailable', UNAVAILABLE);
      this.#commit.run();
      const tell = this.#afterCommit;
      this.#afterCommit = [];
      for (const one of tell) one();
      if (!this.#healthy) {
        this.#healthy = true;
        this.#log.info({}, 'the database can be written again');
      }
      return value;
    } catch (error) {
      throw this.#failed(error);
    }
  }

  /** Calls back once the open transaction has committed, never when it is rolled back. At once when none is open. */
  afterCommit(run: () => void): void {
    if (this.#db.open && this.#db.inTransaction) this.#afterCommit.push(run);
    else run();
  }

  /** Tries a write, when the last one failed. Does not wait for other processes. */
  recovered(): boolean {
    if (this.#healthy) return true;
    // The one small row of the probe may well fit where the log does not.
    if (this.#damaged || !this.#db.open || this.#db.inTransaction) return false;
    const timeout = Number(this.#db.pragma('busy_timeout', { simple: true }));
    this.#db.pragma('busy_timeout = 0');
    try {
      this.run(() =>
        this.#db.exec('INSERT INTO probe (id, at) VALUES (1, 0) ON CONFLICT (id) DO UPDATE SET at = at + 1'),
      );
    } catch {
      // Still not; that is what is asked.
    } finally {
      this.#db.pragma(`busy_timeout = ${timeout}`);
    }
    return this.#healthy;
  }

  #failed(error: unknown): unknown {
    if (this.#db.open && this.#db.inTransaction) this.#rollback.run();
    this.#afterCommit = [];
    this.#rolledBack();
    const storage =
      !this.#db.open ||
      isStorageError(error) ||
      (error instanceof FastbandError && error.code === 'audit_unavailable');
    if (!storage) return error;
    if (this.#healthy) this.#log.error({ err: error }, 'the database cannot be written');
    this.#healthy = false;
    const cause = error instanceof FastbandError ? error.cause : error;
    this.#damaged ||= isDamage(cause);
    return error instanceof FastbandError && !this.#damaged
      ? error
      : new FastbandError('audit_unavailable', this.#damaged ? DAMAGED : UNAVAILABLE, { cause });
  }
}

const DAMAGED = `Fastband's database is damaged, so it refuses calls and keeps its settings as they are. Stop it. ${RESTORE}`;
const UNAVAILABLE =
  'Fastband cannot write to its database, so it refuses calls and keeps its settings as they are. Free disk space, and check the permissions of its folder.';
