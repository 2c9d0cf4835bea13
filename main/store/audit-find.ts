import type { AuditFilter, AuditRow } from '../../contract/audit.ts';
import { readCheckpoint } from './audit-chain.ts';
import type { AuditIndex, Stretch } from './audit-index.ts';
import { AUDIT_COLUMNS, GENESIS, kindsOf, type RawAuditRow, toAuditRow } from './audit-row.ts';
import { holdsTerms, indexText, matchExpressions, type Term, termsOf } from './audit-words.ts';
import type { Db } from './database.ts';

/** What to look for: rows between two numbers, both included, in one order, so many at most. */
export interface Find extends Stretch {
  readonly filter: AuditFilter;
  readonly order: 'ASC' | 'DESC';
  readonly limit: number;
  /** Without `detail`. */
  readonly brief?: boolean;
}

/**
 * Finds rows. The index answers words and filters together; whatever it holds for each row, the row itself is
 * compared with the filter before it counts. Rows that are not indexed (the index cannot be written) are read one by one.
 */
export function findRows(log: Db, index: AuditIndex | undefined, find: Find): AuditRow[] {
  // One view of the log throughout, so that a row and the hash before it belong together.
  return log.transaction(() => new Finder(log, index, find).rows())();
}

class Finder {
  readonly #log: Db;
  readonly #index: AuditIndex | undefined;
  readonly #find: Find;
  readonly #terms: readonly Term[];
  readonly #found: AuditRow[] = [];
  readonly #prev;
  #checkpoint: ReturnType<typeof readCheckpoint> | null = null;

  constructor(log: Db, index: AuditIndex | undefined, find: Find) {
    this.#log = log;
    this.#index = index;
    this.#find = find;
    this.#terms = termsOf(find.filter.text ?? '');
    this.#prev = log.prepare('SELECT lower(hex(hash)) FROM audit WHERE seq = ?').pluck();
  }

  rows(): AuditRow[] {
    const { filter, order } = this.#find;
    // Something was asked for that no row can hold as a word.
    if (this.#terms.length === 0 && (filter.text ?? '').trim() !== '') return [];
    const indexed = this.#index?.lastSeq ?? 0;
    const parts = [
      () => this.#indexed(indexed),
      () => this.#scan({ low: Math.max(this.#find.low, indexed + 1), high: this.#find.high }, true),
    ];
    for (const part of order === 'ASC' ? parts : parts.toReversed()) part();
    return this.#found;
  }

  get #full(): boolean {
    return this.#found.length >= this.#find.limit;
  }

  #indexed(indexed: number): void {
    const { filter, order } = this.#find;
    if (this.#index === undefined || this.#full) return;
    let low = this.#find.low;
    let high = Math.min(this.#find.high, indexed);
    if (filter.from !== undefined || filter.to !== undefined) {
      const stretch = this.#index.timeStretch(filter.from, filter.to);
      if (stretch === undefined) return;
      low = Math.max(low, stretch.low);
      high = Math.min(high, stretch.high);
    }
    if (low > high) return;
    const expressions = matchExpressions(filter, this.#terms);
    if (expressions === undefined) {
      this.#scan({ low, high }, false);
      return;
    }
    const one = this.#log
      .prepare<[number], RawAuditRow>(`SELECT ${AUDIT_COLUMNS} FROM audit WHERE seq = ?`)
      .raw();
    const read = (seq: number) => one.get(seq) as RawAuditRow | undefined;
    const holds = (seq: number) => {
      const row = read(seq);
      return row !== undefined && holdsTerms(indexText(row), this.#terms);
    };
    for (const seq of this.#index.matches(expressions, { low, high }, order, holds)) {
      const row = read(seq);
      if (row !== undefined && passes(row, filter)) this.#add(row);
      if (this.#full) return;
    }
  }

  #scan({ low, high }: Stretch, words: boolean): void {
    const { filter, order } = this.#find;
    if (low > high || this.#full) return;
    const rows = this.#log
      .prepare<[number, number], RawAuditRow>(
        `SELECT ${AUDIT_COLUMNS} FROM audit WHERE seq BETWEEN ? AND ? ORDER BY seq ${order}`,
      )
      .raw();
    for (const row of rows.iterate(low, high) as IterableIterator<RawAuditRow>) {
      if (
        passes(row, filter) &&
        (!words || this.#terms.length === 0 || holdsTerms(indexText(row), this.#terms))
      )
        this.#add(row);
      if (this.#full) return;
    }
  }

  #add(row: RawAuditRow): void {
    const detail = this.#find.brief === true ? {} : undefined;
    this.#found.push(toAuditRow(row, this.#hashBefore(row[0]), detail));
  }

  #hashBefore(seq: number): string {
    const before = this.#prev.get(seq - 1);
    if (typeof before === 'string') return before;
    if (this.#checkpoint === null) this.#checkpoint = readCheckpoint(this.#log);
    return this.#checkpoint?.upTo === seq - 1 ? this.#checkpoint.hash : GENESIS;
  }
}

/** Whether a row is one that a filter asks for, words aside. */
export function passes(row: RawAuditRow, filter: AuditFilter): boolean {
  const [, at, type, callId, actor, clientId, tool, kinds, decision, outcome] = row;
  return (
    (filter.type === undefined ||
      filter.type.length === 0 ||
      (filter.type as readonly string[]).includes(type)) &&
    (filter.client === undefined || filter.client === actor || filter.client === clientId) &&
    (filter.tool === undefined || filter.tool === tool) &&
    (filter.kind === undefined || kindsOf(kinds).includes(filter.kind)) &&
    (filter.decision === undefined || filter.decision === decision) &&
    (filter.outcome === undefined || filter.outcome === outcome) &&
    (filter.callId === undefined || filter.callId === callId) &&
    (filter.from === undefined || at >= filter.from) &&
    (filter.to === undefined || at < filter.to)
  );
}
