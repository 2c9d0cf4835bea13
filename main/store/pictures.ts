import type { PictureInfo, PictureListInput, PictureType } from '../../contract/pictures.ts';
import { FastbandError } from '../core/errors.ts';
import type { Tables } from './tables.ts';

interface Row {
  readonly seq: number;
  readonly id: string;
  readonly at: number;
  readonly call_id: string;
  readonly client_id: string;
  readonly client_name: string;
  readonly tool: string;
  readonly url: string;
  readonly title: string;
  readonly width: number;
  readonly height: number;
  readonly bytes: number;
  readonly type: PictureType;
  readonly hash: string;
  readonly small: string | null;
}

/** A picture with where its content lies. */
export interface PictureRow {
  readonly info: PictureInfo;
  /** SHA-256 (hex) of its file. */
  readonly hash: string;
  /** Of its thumbnail, a JPEG, once there is one. */
  readonly small: string | undefined;
}

/** What is known of the pictures; their content is in files. */
export class PictureStore {
  readonly #tables: Tables;

  constructor(tables: Tables) {
    this.#tables = tables;
  }

  add(info: PictureInfo, hash: string): void {
    const { db, transactions } = this.#tables;
    const insert = db.prepare(
      `INSERT INTO pictures (id, at, call_id, client_id, client_name, tool, url, title, width, height, bytes, type, hash)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    );
    const { id, at, callId, clientId, clientName, tool, url, title, width, height, bytes, type } = info;
    transactions.run(() =>
      insert.run(id, at, callId, clientId, clientName, tool, url, title, width, height, bytes, type, hash),
    );
  }

  setSmall(id: string, hash: string): void {
    const { db, transactions } = this.#tables;
    transactions.run(() => db.prepare('UPDATE pictures SET small = ? WHERE id = ?').run(hash, id));
  }

  get(id: string): PictureRow | undefined {
    const row = this.#tables.db.prepare<[string], Row>('SELECT * FROM pictures WHERE id = ?').get(id);
    return row === undefined ? undefined : toRow(row);
  }

  /** Newest first. */
  list({ client, callId, cursor, limit }: PictureListInput): { rows: PictureRow[]; next: number | null } {
    const conditions: string[] = [];
    const values: unknown[] = [];
    const where = (condition: string, value: unknown) => {
      if (value === undefined) return;
      conditions.push(condition);
      values.push(value);
    };
    where('client_name = ?', client);
    where('call_id = ?', callId);
    where('seq < ?', cursor);
    const rows = this.#tables.db
      .prepare<unknown[], Row>(
        `SELECT * FROM pictures ${conditions.length === 0 ? '' : `WHERE ${conditions.join(' AND ')}`}
         ORDER BY seq DESC LIMIT ?`,
      )
      .all(...values, limit + 1);
    const page = rows.slice(0, limit);
    return { rows: page.map(toRow), next: rows.length > limit ? (page.at(-1)?.seq ?? null) : null };
  }

  /** The newest that one client made. */
  ofClient(clientId: string, limit: number): PictureRow[] {
    return this.#tables.db
      .prepare<[string, number], Row>('SELECT * FROM pictures WHERE client_id = ? ORDER BY seq DESC LIMIT ?')
      .all(clientId, limit)
      .map(toRow);
  }

  totals(): { total: number; bytes: number } {
    return this.#tables.db
      .prepare<[], { total: number; bytes: number }>(
        'SELECT count(*) AS total, coalesce(sum(bytes), 0) AS bytes FROM pictures',
      )
      .get() as { total: number; bytes: number };
  }

  /** @throws FastbandError `not_found` */
  remove(id: string): PictureRow {
    const row = this.get(id);
    if (row === undefined) throw new FastbandError('not_found', 'There is no such picture.');
    this.#tables.transactions.run(() => this.#tables.db.prepare('DELETE FROM pictures WHERE id = ?').run(id));
    return row;
  }

  /** @returns how many there were */
  clear(): number {
    const { db, transactions } = this.#tables;
    return transactions.run(() => db.prepare('DELETE FROM pictures').run().changes);
  }

  /**
   * Forgets those that are too old, then the oldest until the rest fits.
   *
   * @param before - milliseconds since the epoch
   */
  retire(before: number, maxBytes: number): void {
    const { db, transactions } = this.#tables;
    transactions.run(() => {
      db.prepare('DELETE FROM pictures WHERE at < ?').run(before);
      db.prepare(
        `DELETE FROM pictures WHERE seq IN (
           SELECT seq FROM (SELECT seq, sum(bytes) OVER (ORDER BY seq DESC) AS so_far FROM pictures) WHERE so_far > ?)`,
      ).run(maxBytes);
    });
  }

  /** Every content that a picture needs. */
  hashes(): Set<string> {
    const rows = this.#tables.db
      .prepare<[], { hash: string; small: string | null }>('SELECT hash, small FROM pictures')
      .all();
    return new Set(rows.flatMap(({ hash, small }) => (small === null ? [hash] : [hash, small])));
  }
}

function toRow(row: Row): PictureRow {
  const { id, at, tool, url, title, width, height, bytes, type } = row;
  return {
    info: {
      id,
      at,
      callId: row.call_id,
      clientId: row.client_id,
      clientName: row.client_name,
      tool,
      url,
      title,
      width,
      height,
      bytes,
      type,
    },
    hash: row.hash,
    small: row.small ?? undefined,
  };
}
