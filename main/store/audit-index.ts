import { rmSync } from 'node:fs';
import Database from 'better-sqlite3';
import { AUDIT_COLUMNS, type RawAuditRow } from './audit-row.ts';
import { type Expressions, indexText, PREFIX_LENGTHS } from './audit-words.ts';
import { connect, type Db, isStorageError } from './database.ts';
import { preparePrivateFile } from './home.ts';

/** Changes when what is indexed does: an index of another version is made anew. */
const VERSION = 1;
/** Rows of one segment, a full-text table of its own: a search reads newest first and stops, retention drops whole ones. */
const SEGMENT = 65_536;
/** Rows of one block, whose earliest and latest time are kept. Divides SEGMENT. */
const BLOCK = 1024;
/** Rows indexed in one transaction. Divides SEGMENT, a multiple of BLOCK. */
const BATCH = 8192;

/** Rows found by a wide expression and not meant, in one segment, that cost less than the exact expression would. */
const MAX_MISSES = 150;

interface Segment {
  readonly id: number;
  readonly first_seq: number;
  readonly last_seq: number;
  readonly last_hash: string;
}

/** A stretch of rows, both ends included. */
export interface Stretch {
  readonly low: number;
  readonly high: number;
}

/**
 * The words of the log, in FTS5 tables in a file of their own: derived, made anew when damaged, and written without
 * the log's lock, so that indexing never holds up a call. How far it got commits with the words themselves; a kill
 * in between loses nothing but work.
 */
export class AuditIndex {
  readonly #log: Db;
  readonly #db: Db;

  private constructor(log: Db, db: Db) {
    this.#log = log;
    this.#db = db;
  }

  /** @returns undefined when there can be none now (read-only folder, full disk): searches then read the log itself */
  static open(log: Db, file: string): AuditIndex | undefined {
    try {
      return new AuditIndex(log, openIndex(file));
    } catch (error) {
      if (
        !isStorageError(error) &&
        !(error instanceof TypeError) &&
        (error as NodeJS.ErrnoException).code === undefined
      )
        throw error;
      return undefined;
    }
  }

  close(): void {
    this.#db.close();
  }

  /** The last row that is indexed; 0 for none. */
  get lastSeq(): number {
    return Number(this.#db.prepare('SELECT coalesce(max(last_seq), 0) FROM segment').pluck().get());
  }

  /** How many rows are indexed of those that are to be. @param more - whether the missing ones are */
  extent(more: boolean): { done: number; total: number } {
    const newest = Number(this.#log.prepare('SELECT coalesce(max(seq), 0) FROM audit').pluck().get());
    const before = this.#firstSeq() - 1;
    const done = this.lastSeq - before;
    return { done, total: more ? newest - before : done };
  }

  /**
   * Indexes what came since the last time, and forgets what retention removed.
   *
   * @param batches - at most so many, of 8,192 rows each
   * @returns whether more rows wait
   * @throws SqliteError when it cannot be written
   */
  catchUp(batches = Number.POSITIVE_INFINITY): boolean {
    this.#inTransaction(() => this.#align());
    for (let i = 0; i < batches; i++) if (!this.#inTransaction(() => this.#indexBatch())) return false;
    return true;
  }

  /**
   * Rows in one segment after another that match, in order. `holds` says whether a row found by the wide expression
   * really does; where it often does not, the rest of the segment is found by the exact one.
   */
  *matches(
    { exact, wide }: Expressions,
    { low, high }: Stretch,
    order: 'ASC' | 'DESC',
    holds: (seq: number) => boolean,
  ): Generator<number> {
    for (const { id, first_seq, last_seq } of this.#segments(low, high, order)) {
      let from = Math.max(low, first_seq);
      let to = Math.min(high, last_seq);
      let misses = 0;
      if (wide !== undefined) {
        for (const seq of this.#segmentMatches(id, wide, from, to, order)) {
          if (holds(seq)) yield seq;
          else if (++misses > MAX_MISSES) {
            if (order === 'ASC') from = seq + 1;
            else to = seq - 1;
            break;
          }
        }
        if (misses <= MAX_MISSES) continue;
      }
      if (from <= to) yield* this.#segmentMatches(id, exact, from, to, order);
    }
  }

  #segmentMatches(
    id: number,
    expression: string,
    from: number,
    to: number,
    order: 'ASC' | 'DESC',
  ): IterableIterator<number> {
    return this.#db
      .prepare<[string, number, number], number>(
        `SELECT rowid FROM words_${id} WHERE words_${id} MATCH ? AND rowid BETWEEN ? AND ? ORDER BY rowid ${order}`,
      )
      .pluck()
      .iterate(expression, from, to) as IterableIterator<number>;
  }

  /** The smallest stretch of indexed rows that holds all those between two times (`to` excluded); undefined when none can be. */
  timeStretch(from: number | undefined, to: number | undefined): Stretch | undefined {
    const sql = 'SELECT min(first_seq), max(last_seq) FROM block WHERE max_at >= ? AND min_at < ?';
    const [low, high] = this.#db
      .prepare(sql)
      .raw()
      .get(from ?? Number.MIN_SAFE_INTEGER, to ?? Number.MAX_SAFE_INTEGER) as [number | null, number | null];
    return low === null || high === null ? undefined : { low, high };
  }

  /** Whether a row lies in a block whose rows are all between two times (`to` excluded). */
  blocksWithin(from = Number.MIN_SAFE_INTEGER, to = Number.MAX_SAFE_INTEGER): { has(seq: number): boolean } {
    const ids = this.#db
      .prepare<[number, number], number>('SELECT id FROM block WHERE min_at >= ? AND max_at < ?')
      .pluck()
      .all(from, to);
    const whole = new Set(ids);
    return { has: (seq) => whole.has(blockOf(seq)) };
  }

  #segments(low: number, high: number, order: 'ASC' | 'DESC'): Segment[] {
    return this.#db
      .prepare<[number, number], Segment>(
        `SELECT * FROM segment WHERE last_seq >= ? AND first_seq <= ? ORDER BY id ${order}`,
      )
      .all(low, high);
  }

  /**
   * Makes the index one of the log as it is: a power cut may have taken the log's last rows and not their words, an
   * older log may have been put back, and retention takes rows away at the other end.
   */
  #align(): void {
    for (const segment of this.#segments(0, Number.MAX_SAFE_INTEGER, 'DESC')) {
      const hash = this.#log
        .prepare('SELECT lower(hex(hash)) FROM audit WHERE seq = ?')
        .pluck()
        .get(segment.last_seq);
      if (hash === segment.last_hash) break;
      // Gone at the old end is retention, seen to below; anything else means that the words are of other rows.
      if (hash === undefined && segment.last_seq < this.#firstSeq()) break;
      this.#drop(segment.id);
    }
    const first = this.#firstSeq();
    for (const segment of this.#segments(0, first, 'ASC')) {
      if (segment.last_seq < first) this.#drop(segment.id);
      else if (segment.first_seq < first) {
        this.#drop(segment.id);
        this.#indexRows(segment.id, this.#rows(first, segment.last_seq));
      }
    }
  }

  /** @returns whether there may be more */
  #indexBatch(): boolean {
    const from = Math.max(this.lastSeq + 1, this.#firstSeq());
    const id = segmentOf(from);
    const rows = this.#rows(from, Math.min(from - ((from - 1) % BATCH) + BATCH - 1, (id + 1) * SEGMENT));
    this.#indexRows(id, rows);
    return rows.length > 0;
  }

  #indexRows(id: number, rows: readonly RawAuditRow[]): void {
    const [first, last] = [rows[0], rows.at(-1)];
    if (first === undefined || last === undefined) return;
    this.#db.exec(
      `CREATE VIRTUAL TABLE IF NOT EXISTS words_${id} USING fts5 (text, content = '', columnsize = 0, detail = 'none', prefix = '${PREFIX_LENGTHS.join(' ')}', tokenize = 'ascii')`,
    );
    const insert = this.#db.prepare(`INSERT INTO words_${id} (rowid, text) VALUES (?, ?)`);
    const block = this.#db.prepare(
      `INSERT INTO block (id, first_seq, last_seq, min_at, max_at) VALUES (?, ?, ?, ?, ?)
       ON CONFLICT (id) DO UPDATE SET last_seq = excluded.last_seq, min_at = min(min_at, excluded.min_at), max_at = max(max_at, excluded.max_at)`,
    );
    for (const row of rows) insert.run(row[0], indexText(row));
    for (const part of blocksOf(rows)) block.run(part);
    this.#db
      .prepare(
        `INSERT INTO segment (id, first_seq, last_seq, last_hash) VALUES (?, ?, ?, ?)
         ON CONFLICT (id) DO UPDATE SET last_seq = excluded.last_seq, last_hash = excluded.last_hash`,
      )
      .run(id, first[0], last[0], last[13]);
    // A full segment never changes again: one tree in place of several makes every search of it cheaper.
    if (last[0] % SEGMENT === 0) this.#db.exec(`INSERT INTO words_${id} (words_${id}) VALUES ('optimize')`);
  }

  #drop(id: number): void {
    // What is removed is overwritten: free pages would go on holding its words.
    this.#db.pragma('secure_delete = ON');
    this.#db.exec(`DROP TABLE IF EXISTS words_${id}`);
    this.#db.pragma('secure_delete = OFF');
    this.#db.prepare('DELETE FROM segment WHERE id = ?').run(id);
    this.#db
      .prepare('DELETE FROM block WHERE id >= ? AND id < ?')
      .run((id * SEGMENT) / BLOCK, ((id + 1) * SEGMENT) / BLOCK);
  }

  #rows(from: number, to: number): RawAuditRow[] {
    return this.#log
      .prepare<[number, number], RawAuditRow>(
        `SELECT ${AUDIT_COLUMNS} FROM audit WHERE seq BETWEEN ? AND ? ORDER BY seq`,
      )
      .raw()
      .all(from, to) as RawAuditRow[];
  }

  #firstSeq(): number {
    return Number(this.#log.prepare('SELECT coalesce(min(seq), 1) FROM audit').pluck().get());
  }

  /** Under the index's own lock, so that of two processes' workers each goes on where the other got to. */
  #inTransaction<T>(run: () => T): T {
    return this.#db.transaction(run).immediate();
  }
}

function segmentOf(seq: number): number {
  return Math.floor((seq - 1) / SEGMENT);
}

function blockOf(seq: number): number {
  return Math.floor((seq - 1) / BLOCK);
}

function blocksOf(
  rows: readonly RawAuditRow[],
): [id: number, first: number, last: number, minAt: number, maxAt: number][] {
  const blocks: [number, number, number, number, number][] = [];
  for (const [seq, at] of rows) {
    const id = blockOf(seq);
    const block = blocks.at(-1);
    if (block === undefined || block[0] !== id) blocks.push([id, seq, seq, at, at]);
    else {
      block[2] = seq;
      block[3] = Math.min(block[3], at);
      block[4] = Math.max(block[4], at);
    }
  }
  return blocks;
}

function openIndex(file: string): Db {
  try {
    return prepareIndex(file);
  } catch (error) {
    if (!(error instanceof Database.SqliteError) || !/^SQLITE_(CORRUPT|NOTADB)/.test(error.code)) throw error;
    for (const end of ['', '-wal', '-shm']) rmSync(file + end, { force: true });
    return prepareIndex(file);
  }
}

function prepareIndex(file: string): Db {
  preparePrivateFile(file);
  const db = connect(file, 'write');
  try {
    db.pragma('journal_mode = WAL');
    db.pragma('cache_size = -16000');
    db.transaction(() => {
      if (Number(db.pragma('user_version', { simple: true })) === VERSION) return;
      for (const name of db
        .prepare("SELECT name FROM sqlite_master WHERE type = 'table' AND sql LIKE 'CREATE VIRTUAL%'")
        .pluck()
        .all())
        db.exec(`DROP TABLE "${String(name)}"`);
      db.exec(`
        DROP TABLE IF EXISTS segment;
        DROP TABLE IF EXISTS block;
        CREATE TABLE segment (id INTEGER PRIMARY KEY, first_seq INTEGER NOT NULL, last_seq INTEGER NOT NULL, last_hash TEXT NOT NULL) STRICT;
        CREATE TABLE block (id INTEGER PRIMARY KEY, first_seq INTEGER NOT NULL, last_seq INTEGER NOT NULL, min_at INTEGER NOT NULL, max_at INTEGER NOT NULL) STRICT;
      `);
      db.pragma(`user_version = ${VERSION}`);
    }).immediate();
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}
