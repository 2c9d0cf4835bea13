import { Grant } from '../../contract/policy.ts';
import { FastbandError } from '../core/errors.ts';
import { newId } from '../core/ids.ts';
import { readPolicy } from './database.ts';
import { SeenTimes, type Tables } from './tables.ts';

interface Row {
  readonly id: string;
  readonly created_at: number;
  readonly last_used_at: number | null;
  readonly body: string;
}

export type GrantInput = Omit<Grant, 'id' | 'createdAt' | 'lastUsedAt'>;

/** What a person allowed for longer than one call. */
export class GrantStore {
  readonly #tables: Tables;
  readonly #used: SeenTimes;

  constructor(tables: Tables) {
    this.#tables = tables;
    this.#used = new SeenTimes(tables, 'UPDATE grants SET last_used_at = ? WHERE id = ?');
  }

  /** Oldest first, expired ones too. @throws FastbandError `policy_unavailable` when any of them cannot be read */
  list(): Grant[] {
    return readPolicy(() =>
      this.#tables.db.prepare<[], Row>('SELECT * FROM grants ORDER BY created_at, rowid').all().map(toGrant),
    );
  }

  /** @throws FastbandError `client_revoked` when its client is not there or has been revoked in between */
  add(input: GrantInput): Grant {
    const { db, transactions, random, clock, touched } = this.#tables;
    const grant: Grant = Grant.parse({ ...input, id: newId('g', random), createdAt: clock.now() });
    const { id, createdAt, lastUsedAt: _, ...body } = grant;
    const active = transactions.run(() => {
      const found =
        db.prepare('SELECT 1 FROM clients WHERE id = ? AND revoked_at IS NULL').get(grant.clientId) !==
        undefined;
      if (found)
        db.prepare('INSERT INTO grants (id, client_id, created_at, body) VALUES (?, ?, ?, ?)').run(
          id,
          grant.clientId,
          createdAt,
          JSON.stringify(body),
        );
      return found;
    });
    if (!active)
      throw new FastbandError('client_revoked', 'The client was revoked, so nothing can be granted to it.');
    touched();
    return grant;
  }

  /** @throws FastbandError `not_found` */
  revoke(id: string): Grant {
    const { db, transactions, touched } = this.#tables;
    return transactions.run(() => {
      const row = readPolicy(() => db.prepare<[string], Row>('SELECT * FROM grants WHERE id = ?').get(id));
      if (row === undefined)
        throw new FastbandError('not_found', 'There is no such grant. It may have been revoked already.');
      const grant = readPolicy(() => toGrant(row));
      db.prepare('DELETE FROM grants WHERE id = ?').run(id);
      touched();
      return grant;
    });
  }

  /**
   * Called by a host when it starts: drops what was granted until the last one stopped, and what has expired.
   *
   * @param now - milliseconds since the epoch; the later one where clocks differ
   */
  clearSession(now: number = this.#tables.clock.now()): void {
    const { db, transactions, touched } = this.#tables;
    // One that cannot be read stays: it makes the policy deny, which a person should see, not a host that does not start.
    const sql =
      "DELETE FROM grants WHERE json_valid(body) AND (body ->> '$.scope' = 'session' OR coalesce(body ->> '$.expires' <= ?, 0))";
    transactions.run(() => db.prepare(sql).run(now));
    touched();
  }

  /** Notes that a grant answered a call. Written at most once a minute; never throws. @param at - milliseconds since the epoch */
  used(id: string, at: number): void {
    this.#used.note(id, at);
  }
}

function toGrant(row: Row): Grant {
  return Grant.parse({
    ...(JSON.parse(row.body) as object),
    id: row.id,
    createdAt: row.created_at,
    ...(row.last_used_at === null ? {} : { lastUsedAt: row.last_used_at }),
  });
}
