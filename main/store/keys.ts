import type { KeyCheck } from '../../contract/keys.ts';
import { FastbandError } from '../core/errors.ts';
import { readPolicy } from './database.ts';
import type { Tables } from './tables.ts';

interface Row {
  readonly id: string;
  readonly label: string;
  /** JSON. */
  readonly hosts: string;
  readonly added_at: number;
  readonly last_used_at: number | null;
  readonly last_used_by: string | null;
  readonly checked_at: number | null;
  readonly checked: KeyCheck['result'] | null;
  readonly check_problem: string | null;
}

/** What is kept of a key beside its value, which is in the system's keychain alone. */
export interface KeyRecord {
  readonly id: string;
  readonly label: string;
  readonly hosts: readonly string[];
  readonly addedAt: number;
  readonly lastUsedAt?: number;
  readonly lastUsedBy?: string;
  readonly check?: KeyCheck;
}

/** How often "last used" is written for one key and client, in milliseconds. */
const USED_MS = 10_000;

export class KeyStore {
  readonly #tables: Tables;
  readonly #noted = new Map<string, number>();

  constructor(tables: Tables) {
    this.#tables = tables;
  }

  /** By id. @throws FastbandError `policy_unavailable` */
  list(): KeyRecord[] {
    return readPolicy(() =>
      this.#tables.db.prepare<[], Row>('SELECT * FROM keys ORDER BY id').all().map(toRecord),
    );
  }

  get(id: string): KeyRecord | undefined {
    const row = readPolicy(() =>
      this.#tables.db.prepare<[string], Row>('SELECT * FROM keys WHERE id = ?').get(id),
    );
    return row === undefined ? undefined : toRecord(row);
  }

  /** A new value: what was known of the old one no longer holds. */
  put(id: string, about: { readonly label: string; readonly hosts: readonly string[] }): KeyRecord {
    const { db, transactions, clock, touched } = this.#tables;
    transactions.run(() =>
      db
        .prepare(
          `INSERT INTO keys (id, label, hosts, added_at) VALUES (?, ?, ?, ?)
           ON CONFLICT (id) DO UPDATE SET label = excluded.label, hosts = excluded.hosts, added_at = excluded.added_at,
             checked_at = NULL, checked = NULL, check_problem = NULL`,
        )
        .run(id, about.label, JSON.stringify(about.hosts), clock.now()),
    );
    touched();
    return this.#known(id);
  }

  /** @throws FastbandError `not_found` */
  update(id: string, about: { readonly label: string; readonly hosts: readonly string[] }): KeyRecord {
    const { db, transactions, touched } = this.#tables;
    transactions.run(() =>
      db
        .prepare('UPDATE keys SET label = ?, hosts = ? WHERE id = ?')
        .run(about.label, JSON.stringify(about.hosts), id),
    );
    touched();
    return this.#known(id);
  }

  checked(id: string, { result, at, problem }: KeyCheck): void {
    const { db, transactions, touched } = this.#tables;
    transactions.run(() =>
      db
        .prepare('UPDATE keys SET checked = ?, checked_at = ?, check_problem = ? WHERE id = ?')
        .run(result, at, problem ?? null, id),
    );
    touched();
  }

  /** @throws FastbandError `not_found` */
  remove(id: string): KeyRecord {
    const { db, transactions, touched } = this.#tables;
    return transactions.run(() => {
      const record = this.#known(id);
      db.prepare('DELETE FROM keys WHERE id = ?').run(id);
      touched();
      return record;
    });
  }

  /** Never throws: that a time is not kept stops no call. */
  used(id: string, by: string, at: number): void {
    const { db, transactions, log } = this.#tables;
    const last = this.#noted.get(`${id}\0${by}`);
    if (last !== undefined && at - last < USED_MS) return;
    this.#noted.set(`${id}\0${by}`, at);
    try {
      transactions.run(() =>
        db.prepare('UPDATE keys SET last_used_at = ?, last_used_by = ? WHERE id = ?').run(at, by, id),
      );
    } catch (error) {
      log.warn({ err: error }, 'the time when a key was used could not be written');
    }
  }

  #known(id: string): KeyRecord {
    const record = this.get(id);
    if (record === undefined) throw new FastbandError('not_found', 'There is no such key.');
    return record;
  }
}

function toRecord(row: Row): KeyRecord {
  return {
    id: row.id,
    label: row.label,
    hosts: JSON.parse(row.hosts) as string[],
    addedAt: row.added_at,
    ...(row.last_used_at === null ? {} : { lastUsedAt: row.last_used_at }),
    ...(row.last_used_by === null ? {} : { lastUsedBy: row.last_used_by }),
    ...(row.checked === null || row.checked_at === null
      ? {}
      : {
          check: {
            result: row.checked,
            at: row.checked_at,
            ...(row.check_problem === null ? {} : { problem: row.check_problem }),
          },
        }),
  };
}
