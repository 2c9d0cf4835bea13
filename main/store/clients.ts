import { hash, randomBytes } from 'node:crypto';
import type { Client } from '../../contract/entities.ts';
import { FastbandError } from '../core/errors.ts';
import { newId } from '../core/ids.ts';
import type { Tables } from './open.ts';

interface Row {
  readonly id: string;
  readonly name: string;
  readonly created_at: number;
  readonly last_seen_at: number | null;
  readonly revoked_at: number | null;
}

const TOUCH_MS = 60_000;
const COLUMNS = 'id, name, created_at, last_seen_at, revoked_at';

/** Clients and the hashes of their tokens. A token is 256 random bits, so its plain SHA-256 gives nothing away. */
export class ClientStore {
  readonly #tables: Tables;
  readonly #byHash;
  readonly #touched = new Map<string, number>();

  constructor(tables: Tables) {
    this.#tables = tables;
    this.#byHash = tables.db.prepare<[Buffer], Row>(`SELECT ${COLUMNS} FROM clients WHERE token_hash = ? AND revoked_at IS NULL`);
  }

  /** @returns the token once, `fb_` and 43 characters; only its hash is kept. @throws FastbandError `conflict` */
  create(name: string): { client: Client; token: string } {
    const token = `fb_${randomBytes(32).toString('base64url')}`;
    const client: Client = { id: newId('k', randomBytes), name, createdAt: this.#tables.clock.now() };
    try {
      this.#tables.db
        .prepare('INSERT INTO clients (id, name, token_hash, created_at) VALUES (?, ?, ?, ?)')
        .run(client.id, name, tokenHash(token), client.createdAt);
    } catch (error) {
      if ((error as { code?: string }).code !== 'SQLITE_CONSTRAINT_UNIQUE') throw error;
      throw new FastbandError('conflict', `There is a client of this name already. Revoke it first, or choose another name.`);
    }
    this.#tables.touched();
    return { client, token };
  }

  list(): Client[] {
    return this.#tables.db.prepare<[], Row>(`SELECT ${COLUMNS} FROM clients ORDER BY created_at, id`).all().map(toClient);
  }

  /** The active client that a token belongs to. Looked up by hash, so time tells nothing about a token that is near. */
  byToken(token: string): Client | undefined {
    if (!/^fb_[A-Za-z0-9_-]{43}$/.test(token)) return undefined;
    const row = this.#byHash.get(tokenHash(token));
    return row === undefined ? undefined : toClient(row);
  }

  /** @throws FastbandError `not_found`, `conflict` when it is revoked already */
  revoke(id: string): Client {
    const row = this.#tables.db.prepare<[string], Row>(`SELECT ${COLUMNS} FROM clients WHERE id = ?`).get(id);
    if (row === undefined) throw new FastbandError('not_found', 'There is no such client.');
    if (row.revoked_at !== null) throw new FastbandError('conflict', `${row.name} was revoked already.`);
    const at = this.#tables.clock.now();
    this.#tables.db.prepare('UPDATE clients SET revoked_at = ? WHERE id = ?').run(at, id);
    this.#tables.touched();
    return toClient({ ...row, revoked_at: at });
  }

  /** Notes that a client was here, at most once a minute. A full disk must not stop a read, so a failure is let go. */
  touch(id: string, at: number): void {
    if (at - (this.#touched.get(id) ?? 0) < TOUCH_MS) return;
    this.#touched.set(id, at);
    try {
      this.#tables.db.prepare('UPDATE clients SET last_seen_at = ? WHERE id = ?').run(at, id);
    } catch {
      this.#touched.delete(id);
    }
  }
}

function tokenHash(token: string): Buffer {
  return hash('sha256', token, 'buffer');
}

function toClient(row: Row): Client {
  return {
    id: row.id,
    name: row.name,
    createdAt: row.created_at,
    ...(row.last_seen_at === null ? {} : { lastSeenAt: row.last_seen_at }),
    ...(row.revoked_at === null ? {} : { revokedAt: row.revoked_at }),
  };
}
