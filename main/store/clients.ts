import { hash, timingSafeEqual } from 'node:crypto';
import type Database from 'better-sqlite3';
import { showLine } from '../../contract/display.ts';
import { Client, type ModelLimits } from '../../contract/entities.ts';
import { FastbandError } from '../core/errors.ts';
import { newId } from '../core/ids.ts';
import { isConstraintError, readPolicy } from './database.ts';
import { SeenTimes, type Tables } from './tables.ts';

interface Row {
  readonly id: string;
  readonly name: string;
  readonly token_hash: Buffer;
  readonly created_at: number;
  readonly last_seen_at: number | null;
  readonly revoked_at: number | null;
  /** JSON. */
  readonly tools_off: string;
  readonly daily_tokens: number | null;
  readonly daily_cents: number | null;
}

/** Who acts in the log where no client does. A client of this name would sign its calls as the person. */
const RESERVED_NAMES = new Set(['person', 'fastband', 'unknown', 'your trial']);

/** Clients and the hashes of their tokens. A token is 256 random bits, so its plain SHA-256 gives nothing away. */
export class ClientStore {
  readonly #tables: Tables;
  readonly #byHash: Database.Statement<[Buffer], Row>;
  readonly #seen: SeenTimes;

  constructor(tables: Tables) {
    this.#tables = tables;
    this.#byHash = tables.db.prepare<[Buffer], Row>(
      'SELECT * FROM clients WHERE token_hash = ? AND revoked_at IS NULL',
    );
    this.#seen = new SeenTimes(tables, 'UPDATE clients SET last_seen_at = ? WHERE id = ?');
  }

  /**
   * @returns the token, `fb_` and 43 characters, this once: only its hash is kept
   * @throws FastbandError `conflict` when an active client has this name, whatever its case; `invalid_input` for a name
   *   that would be read as another
   */
  create(name: string): { client: Client; token: string } {
    const plain = name.normalize('NFC').trim();
    if (
      plain === '' ||
      plain.length > 100 ||
      showLine(plain) !== plain ||
      RESERVED_NAMES.has(plain.toLowerCase())
    ) {
      throw new FastbandError(
        'invalid_input',
        'A client needs a name of 1 to 100 visible characters, other than "person", "fastband", "unknown" and "your trial".',
      );
    }
    const { random, clock, db, transactions, touched } = this.#tables;
    const token = `fb_${Buffer.from(random(32)).toString('base64url')}`;
    const client: Client = { id: newId('k', random), name: plain, createdAt: clock.now(), toolsOff: [] };
    try {
      transactions.run(() =>
        db
          .prepare('INSERT INTO clients (id, name, token_hash, created_at) VALUES (?, ?, ?, ?)')
          .run(client.id, plain, tokenHash(token), client.createdAt),
      );
    } catch (error) {
      if (!isConstraintError(error)) throw error;
      throw new FastbandError(
        'conflict',
        'There is a client of this name already. Revoke it first, or choose another name.',
      );
    }
    touched();
    return { client, token };
  }

  /** All of them, revoked ones too, oldest first. @throws FastbandError `policy_unavailable` */
  list(): Client[] {
    return readPolicy(() =>
      this.#tables.db
        .prepare<[], Row>('SELECT * FROM clients ORDER BY created_at, rowid')
        .all()
        .map(toClient),
    );
  }

  /**
   * The active client that a token belongs to. What is looked up is a hash, so the time it takes says nothing about
   * tokens that are nearly right.
   *
   * @throws FastbandError `policy_unavailable`
   */
  byToken(token: string): Client | undefined {
    if (!/^fb_[A-Za-z0-9_-]{43}$/.test(token)) return undefined;
    const wanted = tokenHash(token);
    return readPolicy(() => {
      const row = this.#byHash.get(wanted);
      return row !== undefined && timingSafeEqual(row.token_hash, wanted) ? toClient(row) : undefined;
    });
  }

  /** Ends a client's access for good, its grants with it. @throws FastbandError `not_found`, `conflict` when revoked already */
  revoke(id: string): Client {
    const { db, transactions, clock, touched } = this.#tables;
    return transactions.run(() => {
      const row = readPolicy(() => this.#row(id));
      if (row === undefined) throw new FastbandError('not_found', 'There is no such client.');
      if (row.revoked_at !== null) throw new FastbandError('conflict', 'This client was revoked already.');
      const at = clock.now();
      db.prepare('UPDATE clients SET revoked_at = ? WHERE id = ?').run(at, id);
      db.prepare('DELETE FROM grants WHERE client_id = ?').run(id);
      touched();
      return toClient({ ...row, revoked_at: at });
    });
  }

  /** @param toolsOff - names of tools, switched off for this client. @throws FastbandError `not_found`, `conflict` when revoked */
  setToolsOff(id: string, toolsOff: readonly string[]): Client {
    const tools_off = JSON.stringify([...new Set(toolsOff)].sort());
    return this.#change(id, (row) => {
      this.#tables.db.prepare('UPDATE clients SET tools_off = ? WHERE id = ?').run(tools_off, id);
      return { ...row, tools_off };
    });
  }

  /** What it may use of AI models in a day. @throws FastbandError `not_found`, `conflict` when revoked */
  setLimits(id: string, { dailyTokens, dailyCents }: ModelLimits): Client {
    return this.#change(id, (row) => {
      this.#tables.db
        .prepare('UPDATE clients SET daily_tokens = ?, daily_cents = ? WHERE id = ?')
        .run(dailyTokens, dailyCents, id);
      return { ...row, daily_tokens: dailyTokens, daily_cents: dailyCents };
    });
  }

  /** @throws FastbandError `policy_unavailable` */
  limitsOf(id: string): ModelLimits {
    const row = readPolicy(() => this.#row(id));
    return { dailyTokens: row?.daily_tokens ?? null, dailyCents: row?.daily_cents ?? null };
  }

  #change(id: string, change: (row: Row) => Row): Client {
    const { transactions, touched } = this.#tables;
    return transactions.run(() => {
      const row = readPolicy(() => this.#row(id));
      if (row === undefined) throw new FastbandError('not_found', 'There is no such client.');
      if (row.revoked_at !== null) throw new FastbandError('conflict', 'This client was revoked.');
      const changed = change(row);
      touched();
      return toClient(changed);
    });
  }

  #row(id: string): Row | undefined {
    return this.#tables.db.prepare<[string], Row>('SELECT * FROM clients WHERE id = ?').get(id);
  }

  /** Notes that a client was here. Written at most once a minute; never throws. @param at - milliseconds since the epoch */
  touch(id: string, at: number): void {
    this.#seen.note(id, at);
  }
}

function tokenHash(token: string): Buffer {
  return hash('sha256', token, 'buffer');
}

function toClient(row: Row): Client {
  return Client.parse({
    id: row.id,
    name: row.name,
    createdAt: row.created_at,
    toolsOff: JSON.parse(row.tools_off) as unknown,
    ...(row.daily_tokens === null ? {} : { dailyTokens: row.daily_tokens }),
    ...(row.daily_cents === null ? {} : { dailyCents: row.daily_cents }),
    ...(row.last_seen_at === null ? {} : { lastSeenAt: row.last_seen_at }),
    ...(row.revoked_at === null ? {} : { revokedAt: row.revoked_at }),
  });
}
