import type { Reader } from './reader.ts';
import type { Tables } from './tables.ts';

/** How long after the first new row the worker looks after the log, in milliseconds. */
const UPKEEP_MS = 1000;
/** More rows than this in one round is a busy time: indexing waits for a quieter one, searches do it if need be. */
const BUSY_ROWS = 200;
/** So many rows are indexed even in a busy time, or the next search would wait for too long. */
const MAX_BEHIND = 20_000;

/** Sends the worker to checkpoint the write-ahead log and to index new rows, now and then, while rows come. */
export class AuditUpkeep {
  readonly #tables: Tables;
  readonly #reader: Reader;
  #cancel: (() => void) | undefined;
  #rows = 0;
  #behind = 0;
  #closed = false;

  constructor(tables: Tables, reader: Reader) {
    this.#tables = tables;
    this.#reader = reader;
  }

  /** On the path of every call: two additions and a look. */
  appended(): void {
    this.#rows++;
    this.#behind++;
    if (this.#cancel === undefined && !this.#closed)
      this.#cancel = this.#tables.clock.after(UPKEEP_MS, () => this.#round());
  }

  close(): void {
    this.#closed = true;
    this.#cancel?.();
  }

  #round(): void {
    this.#cancel = undefined;
    if (this.#closed) return;
    const busy = this.#rows > BUSY_ROWS;
    const index = !busy || this.#behind > MAX_BEHIND;
    this.#rows = 0;
    if (index) this.#behind = 0;
    else this.#cancel = this.#tables.clock.after(UPKEEP_MS, () => this.#round());
    this.#reader.ask({ op: 'upkeep', index }, { background: true }).catch((error: unknown) => {
      if (!this.#closed) this.#tables.log.warn({ err: error }, 'the audit index is behind');
    });
  }
}
