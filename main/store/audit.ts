import type Database from 'better-sqlite3';
import type {
  AuditFilter,
  AuditIndexInput,
  AuditIndexOutput,
  AuditRow,
  AuditSearchInput,
  AuditSearchOutput,
  AuditStatsInput,
  AuditStatsOutput,
  AuditVerifyOutput,
} from '../../contract/audit.ts';
import type { AuditEntry } from '../core/audit-entry.ts';
import { FastbandError } from '../core/errors.ts';
import { hashBefore } from './audit-chain.ts';
import { type Retired, retireAudit } from './audit-retention.ts';
import {
  AUDIT_COLUMNS,
  auditHash,
  GENESIS,
  kindsText,
  type RawAuditRow,
  rowText,
  toAuditRow,
} from './audit-row.ts';
import { statsQuestion } from './audit-stats.ts';
import { AuditUpkeep } from './audit-upkeep.ts';
import { verifyAudit, type Watch } from './audit-verifier.ts';
import { isStorageError } from './database.ts';
import { Reader } from './reader.ts';
import type { Tables } from './tables.ts';

/** Rows that are looked through for the latest time: a clock that was set right again is believed after so many. */
const NEWEST = 1000;

type LastRow = readonly [seq: number, hash: string];

/**
 * The append-only log. Each row's hash covers the row and the hash before it; triggers refuse changes. Everything long
 * (search, export, verify) runs on worker threads with connections of their own.
 */
export class AuditStore {
  readonly #tables: Tables;
  readonly #reader: Reader;
  readonly #upkeep: AuditUpkeep;
  readonly #last: Database.Statement<[], LastRow>;
  readonly #insert: Database.Statement<unknown[]>;
  #onRow: ((row: AuditRow) => void) | undefined;
  readonly #write = (entry: AuditEntry): AuditRow => this.#writeRow(entry);

  constructor(tables: Tables) {
    this.#tables = tables;
    const { db } = tables;
    this.#last = db
      .prepare<[], LastRow>(
        `SELECT * FROM (SELECT seq, lower(hex(hash)) FROM audit ORDER BY seq DESC LIMIT 1)
         UNION ALL SELECT up_to, lower(hex(hash)) FROM audit_checkpoint LIMIT 1`,
      )
      .raw();
    this.#insert = db.prepare(
      `INSERT INTO audit (seq, at, type, call_id, actor, client_id, tool, kinds, decision, outcome, duration_us, summary, detail, hash)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, unhex(?))`,
    );
    this.#reader = new Reader(tables.home);
    this.#upkeep = new AuditUpkeep(tables, this.#reader);
  }

  /**
   * Commits one row, or adds it to the transaction that is open. The last hash is read inside that same IMMEDIATE
   * transaction, so two processes cannot both follow the same row.
   *
   * @throws FastbandError `audit_unavailable` when it cannot be committed: nothing may then go on
   */
  append(entry: AuditEntry): AuditRow {
    const { db, transactions } = this.#tables;
    try {
      const row = transactions.run(() => this.#write(entry));
      this.#upkeep.appended();
      if (this.#onRow !== undefined) transactions.afterCommit(() => this.#onRow?.(row));
      return row;
    } catch (error) {
      // Inside another transaction nobody has translated it yet.
      if (!(db.open && db.inTransaction) && !isStorageError(error)) throw error;
      throw error instanceof FastbandError
        ? error
        : new FastbandError('audit_unavailable', 'The row could not be added to the audit log.', {
            cause: error,
          });
    }
  }

  /** Tells one listener of each row of this process once it is committed. @returns what ends that */
  onRow(listener: (row: AuditRow) => void): () => void {
    this.#onRow = listener;
    return () => {
      this.#onRow = undefined;
    };
  }

  /** Tells one listener how many rows the index holds of how many, while it is made. */
  onIndexed(listener: (done: number, total: number) => void): void {
    this.#reader.onIndexed = listener;
  }

  /** Stops making the index, until the next search that wants it. Searches are complete without. */
  restIndex(): Promise<null> {
    return this.#reader.ask<null>({ op: 'rest' }, { background: true });
  }

  /** One row, or undefined when it was never there or has been retired. */
  get(seq: number): AuditRow | undefined {
    const { db } = this.#tables;
    const raw = db
      .prepare<[number], RawAuditRow>(`SELECT ${AUDIT_COLUMNS} FROM audit WHERE seq = ?`)
      .raw()
      .get(seq) as RawAuditRow | undefined;
    return raw === undefined ? undefined : toAuditRow(raw, hashBefore(db, seq) ?? GENESIS);
  }

  /**
   * The latest time that the newest rows tell of, 0 where there are none: a clock that was set back shows by it.
   * Milliseconds since the epoch.
   */
  latestTime(): number {
    const sql = `SELECT max(at) FROM (SELECT at FROM audit ORDER BY seq DESC LIMIT ${NEWEST})`;
    return Number(this.#tables.db.prepare(sql).pluck().get() ?? 0);
  }

  /** Newest first. Words and filters are answered together from an index that is brought up to date first. */
  search(input: AuditSearchInput): Promise<AuditSearchOutput> {
    return this.#reader.ask<AuditSearchOutput>({ op: 'search', input });
  }

  /** Every row of one call, oldest first. */
  async call(callId: string): Promise<AuditRow[]> {
    const { rows } = await this.search({ callId, limit: 1000 });
    return rows.toReversed();
  }

  /** How many rows a filter has and where they are, for lists that jump to any place. */
  index(input: AuditIndexInput): Promise<AuditIndexOutput> {
    return this.#reader.ask<AuditIndexOutput>({ op: 'index', input });
  }

  /** Calls counted by time, tool or client. */
  stats(input: AuditStatsInput): Promise<AuditStatsOutput> {
    const question = statsQuestion(input, this.#tables.clock.now());
    return this.#reader.ask<AuditStatsOutput>({ op: 'stats', ...question });
  }

  /**
   * Walks the whole chain and names the first row that does not fit: an edit, a removal, an insertion, another order,
   * a forged checkpoint.
   *
   * Rows cut off at the end show by SQLite's own count of them. What no chain can show by itself is a log that someone
   * with this user's rights wrote anew, that count included. Keep `lastSeq` and `lastHash` elsewhere: when a later
   * answer does not contain them as they were, that happened.
   */
  verify(watch: Watch = {}): Promise<AuditVerifyOutput> {
    return verifyAudit(this.#tables.home, watch);
  }

  /**
   * The log as text in chunks, oldest first, up to the row that was the last when it began. JSON lines, or CSV
   * (RFC 4180) whose cells no spreadsheet takes for formulas. Rows that retention removes meanwhile are left out.
   */
  async *export(
    format: 'jsonl' | 'csv',
    filter: AuditFilter = {},
    { signal, progress }: Watch = {},
  ): AsyncGenerator<string> {
    const upTo = this.#lastRow()[0];
    for (let after: number | null = 0; after !== null; ) {
      signal?.throwIfAborted();
      const chunk: { text: string; next: number | null } = await this.#reader.ask({
        op: 'export',
        format,
        filter,
        after,
        upTo,
      });
      if (chunk.text !== '') yield chunk.text;
      after = chunk.next;
      progress?.(after ?? upTo, upTo);
    }
  }

  /**
   * Removes the rows at the log's old end that are all older than a time, and leaves a checkpoint in their place. Says
   * so in the log first. Works in small steps, so that calls go on meanwhile.
   *
   * @param before - milliseconds since the epoch
   * @throws FastbandError `audit_unavailable`
   */
  async retire(before: number): Promise<Retired> {
    const retired = await retireAudit(this.#tables, before, (entry) => this.append(entry));
    // The index holds words of what went. Searches would bring it up to date too, but words should go with their rows.
    if (retired.rows > 0) await this.#reader.ask({ op: 'upkeep', index: true });
    return retired;
  }

  /** Whether rows can be written: as the last one could, or as a try just now could when it could not. */
  healthy(): boolean {
    return this.#tables.transactions.recovered();
  }

  /** Why rows cannot be written and what to do, as of the last try. */
  get problem(): string | undefined {
    return this.#tables.transactions.problem;
  }

  close(): void {
    this.#upkeep.close();
    this.#reader.close();
  }

  #lastRow(): LastRow {
    return (this.#last.get() as LastRow | undefined) ?? [0, GENESIS];
  }

  #writeRow(entry: AuditEntry): AuditRow {
    const [lastSeq, prev] = this.#lastRow();
    const duration = entry.durationMs;
    const unhashed: RawAuditRow = [
      lastSeq + 1,
      Math.trunc(this.#tables.clock.now()),
      entry.type,
      wellFormed(entry.callId),
      entry.actor.toWellFormed(),
      wellFormed(entry.clientId),
      wellFormed(entry.tool),
      kindsText(entry.kinds ?? []),
      entry.decision ?? null,
      entry.outcome ?? null,
      duration === undefined || !Number.isFinite(duration) ? null : Math.round(duration * 1000),
      entry.summary.toWellFormed(),
      entry.detail === undefined ? '{}' : JSON.stringify(entry.detail).toWellFormed(),
      '',
    ];
    const raw = unhashed.with(13, auditHash(prev, rowText(unhashed))) as unknown as RawAuditRow;
    this.#insert.run(raw);
    return toAuditRow(raw, prev, entry.detail ?? {});
  }
}

/** Half of a surrogate pair has no UTF-8: SQLite would give back another text than the one that was hashed. */
function wellFormed(text: string | undefined): string | null {
  return text === undefined ? null : text.toWellFormed();
}
