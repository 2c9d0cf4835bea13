import type { Clock, Log, Ports } from '../ports.ts';
import type { Db } from './database.ts';
import type { Transactions } from './transactions.ts';

/** What the tables share. */
export interface Tables {
  readonly home: string;
  readonly db: Db;
  readonly transactions: Transactions;
  readonly clock: Clock;
  readonly random: Ports['random'];
  readonly log: Log;
  /** Says that a policy table changed through this connection. */
  readonly touched: () => void;
}

/** How often "last seen" and "last used" are written, in milliseconds: not once for each call. */
const SEEN_MS = 60_000;

/** Times that are kept for people to look at, written at most once a minute each. */
export class SeenTimes {
  readonly #tables: Tables;
  readonly #sql: string;
  readonly #written = new Map<string, number>();

  /** @param sql - takes the time and the id */
  constructor(tables: Tables, sql: string) {
    this.#tables = tables;
    this.#sql = sql;
  }

  /** Never throws: that a time is not kept stops no call. */
  note(id: string, at: number): void {
    const last = this.#written.get(id);
    if (last !== undefined && at - last < SEEN_MS) return;
    this.#written.set(id, at);
    try {
      this.#tables.transactions.run(() => this.#tables.db.prepare(this.#sql).run(at, id));
    } catch (error) {
      this.#tables.log.warn({ err: error }, 'a last-seen time could not be written');
    }
  }
}
