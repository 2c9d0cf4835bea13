import { chmodSync, rmSync } from 'node:fs';
import Database from 'better-sqlite3';
import type { AuditFilter, AuditRow, AuditSearchInput, AuditSearchOutput } from '../../contract/audit.ts';
import { EFFECT_KINDS } from '../../contract/effects.ts';
import { AUDIT_COLUMNS, GENESIS, kindsOfBits, type RawAuditRow, toAuditRow } from './audit-row.ts';

type Db = Database.Database;
const BATCH = 5000;
const VERSION = 1;

/**
 * Words and filter values of the log in a full-text index, in a file of its own: it is derived, may lag behind, may be
 * deleted, and building it never holds up whoever writes the log. Each filter value is a token too, so that a filter
 * and words together are one look-up.
 */
export class AuditIndex {
  readonly #log: Db;
  readonly #db: Db;

  constructor(log: Db, file: string) {
    this.#log = log;
    this.#db = openIndex(file);
  }

  /** Indexes what came since the last time. */
  catchUp(): void {
    const upTo = this.#db.prepare('SELECT up_to FROM state').pluck();
    const rows = this.#log.prepare<[number, number], RawAuditRow>(`SELECT ${AUDIT_COLUMNS} FROM audit WHERE seq > ? ORDER BY seq LIMIT ?`).raw();
    const insert = this.#db.prepare('INSERT INTO words (rowid, text) VALUES (?, ?)');
    const done = this.#db.prepare('UPDATE state SET up_to = ?');
    for (let full = true; full; ) {
      full = this.#db
        .transaction(() => {
          // Read again under the lock: another process's worker may have got further.
          const batch = rows.all(upTo.get() as number, BATCH) as RawAuditRow[];
          for (const row of batch) insert.run(row[0], indexText(row));
          const last = batch.at(-1);
          if (last !== undefined) done.run(last[0]);
          return batch.length === BATCH;
        })
        .immediate();
    }
  }

  search(input: AuditSearchInput): AuditSearchOutput {
    this.catchUp();
    const { cursor, limit } = input;
    const below = cursor ?? Number.MAX_SAFE_INTEGER;
    const seqs = this.select(input, { below, above: 0, order: 'DESC', limit: limit + 1 });
    const rows = this.rows(seqs.slice(0, limit));
    const last = rows.at(-1);
    return { rows, next: seqs.length > limit && last !== undefined ? last.seq : null };
  }

  /** Sequence numbers of matching rows between two bounds, both exclusive. */
  select(filter: AuditFilter, page: { below: number; above: number; order: 'ASC' | 'DESC'; limit: number }): number[] {
    const from = filter.from === undefined ? 0 : this.#firstAt(filter.from) - 1;
    const to = filter.to === undefined ? Number.MAX_SAFE_INTEGER : this.#firstAt(filter.to);
    const above = Math.max(page.above, from);
    const below = Math.min(page.below, to);
    const words = matchExpression(filter);
    if (words === undefined) {
      return this.#log
        .prepare(`SELECT seq FROM audit WHERE seq > ? AND seq < ? ORDER BY seq ${page.order} LIMIT ?`)
        .pluck()
        .all(above, below, page.limit) as number[];
    }
    return this.#db
      .prepare(`SELECT rowid FROM words WHERE words MATCH ? AND rowid > ? AND rowid < ? ORDER BY rowid ${page.order} LIMIT ?`)
      .pluck()
      .all(words, above, below, page.limit) as number[];
  }

  rows(seqs: readonly number[]): AuditRow[] {
    const one = this.#log.prepare<[number], RawAuditRow>(`SELECT ${AUDIT_COLUMNS} FROM audit WHERE seq = ?`).raw();
    const hashOf = this.#log.prepare<[number], Buffer>('SELECT hash FROM audit WHERE seq = ?').pluck();
    const checkpoint = this.#log.prepare<[number], Buffer>('SELECT hash FROM audit_checkpoints WHERE up_to = ?').pluck();
    return seqs.flatMap((seq) => {
      const raw = one.get(seq) as RawAuditRow | undefined;
      if (raw === undefined) return [];
      const prev = (hashOf.get(seq - 1) ?? checkpoint.get(seq - 1) ?? GENESIS) as Buffer;
      return [toAuditRow(raw, prev)];
    });
  }

  /** Drops what retention removed. */
  forget(upTo: number): void {
    this.#db.prepare('DELETE FROM words WHERE rowid <= ?').run(upTo);
  }

  /** The first row at or after a time: rows never go back in time, so halving finds it. One past the last when none is. */
  #firstAt(at: number): number {
    const bounds = this.#log.prepare('SELECT min(seq), max(seq) FROM audit').raw().get() as [number | null, number | null];
    if (bounds[0] === null || bounds[1] === null) return 1;
    const atOf = this.#log.prepare<[number], number>('SELECT at FROM audit WHERE seq = ?').pluck();
    let [low, high] = [bounds[0], bounds[1] + 1];
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      if (((atOf.get(middle) as number | undefined) ?? Number.POSITIVE_INFINITY) < at) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

function openIndex(file: string): Db {
  try {
    return prepareIndex(file);
  } catch {
    // Derived data: a damaged index is made anew rather than mended.
    for (const end of ['', '-wal', '-shm']) rmSync(file + end, { force: true });
    return prepareIndex(file);
  }
}

function prepareIndex(file: string): Db {
  const before = process.umask?.();
  const db = new Database(file, { timeout: 10_000 });
  if (before !== undefined) chmodSync(file, 0o600);
  db.pragma('journal_mode = WAL');
  db.pragma('synchronous = OFF');
  db.transaction(() => {
    if (Number(db.pragma('user_version', { simple: true })) === VERSION) return;
    db.exec(`
      DROP TABLE IF EXISTS words;
      DROP TABLE IF EXISTS state;
      CREATE VIRTUAL TABLE words USING fts5 (text, content = '', contentless_delete = 1, detail = 'none', tokenize = 'unicode61', prefix = '2 3');
      CREATE TABLE state (up_to INTEGER NOT NULL);
      INSERT INTO state VALUES (0);
    `);
    db.pragma(`user_version = ${VERSION}`);
  }).immediate();
  db.prepare('SELECT up_to FROM state').get();
  return db;
}

function indexText(row: RawAuditRow): string {
  const [, , type, callId, actor, clientId, tool, kinds, decision, outcome, , summary, detail] = row;
  const filters = [
    token('type', type),
    token('call', callId),
    token('actor', actor),
    token('client', clientId),
    token('tool', tool),
    ...kindsOfBits(kinds).map((kind) => token('kind', kind)),
    token('decision', decision),
    token('outcome', outcome),
  ];
  return `${filters.join(' ')} ${actor} ${tool ?? ''} ${summary} ${detail}`;
}

/** A filter value as one word that no text holds by chance. */
function token(name: string, value: string | null): string {
  return value === null ? '' : `zq${name}zq${Buffer.from(value).toString('hex')}`;
}

/** The filter as an FTS5 expression made of quoted words only: nothing a person types is syntax. */
function matchExpression(filter: AuditFilter): string | undefined {
  const parts: string[] = [];
  const all = (name: string, value: string | undefined) => value !== undefined && parts.push(`"${token(name, value)}"`);
  if (filter.client !== undefined) parts.push(`("${token('client', filter.client)}" OR "${token('actor', filter.client)}")`);
  all('tool', filter.tool);
  if (filter.kind !== undefined && EFFECT_KINDS.includes(filter.kind)) all('kind', filter.kind);
  all('decision', filter.decision);
  all('outcome', filter.outcome);
  all('call', filter.callId);
  if (filter.type !== undefined && filter.type.length > 0) parts.push(`(${filter.type.map((type) => `"${token('type', type)}"`).join(' OR ')})`);
  for (const word of (filter.text ?? '').toLowerCase().match(/[\p{L}\p{N}\p{Co}]+/gu) ?? []) parts.push(`"${word}" *`);
  return parts.length === 0 ? undefined : parts.join(' AND ');
}
