import { randomBytes } from 'node:crypto';
import { Grant } from '../../contract/policy.ts';
import { FastbandError } from '../core/errors.ts';
import { newId } from '../core/ids.ts';
import type { Tables } from './open.ts';
import { parsePolicyRow } from './rows.ts';

interface Row {
  readonly id: string;
  readonly created_at: number;
  readonly last_used_at: number | null;
  readonly body: string;
}

const USED_MS = 60_000;

export class GrantStore {
  readonly #tables: Tables;
  readonly #used = new Map<string, number>();

  constructor(tables: Tables) {
    this.#tables = tables;
  }

  /** @throws FastbandError `policy_unavailable` */
  list(): Grant[] {
    return this.#tables.db.prepare<[], Row>('SELECT id, created_at, last_used_at, body FROM grants ORDER BY created_at, id').all().map(toGrant);
  }

  add(input: Omit<Grant, 'id' | 'createdAt' | 'lastUsedAt'>): Grant {
    const grant: Grant = { ...input, id: newId('g', randomBytes), createdAt: this.#tables.clock.now() };
    this.#tables.db
      .prepare('INSERT INTO grants (id, client_id, created_at, body) VALUES (?, ?, ?, ?)')
      .run(grant.id, grant.clientId, grant.createdAt, JSON.stringify(input));
    this.#tables.touched();
    return grant;
  }

  /** @throws FastbandError `not_found` */
  revoke(id: string): Grant {
    const row = this.#tables.db.prepare<[string], Row>('SELECT id, created_at, last_used_at, body FROM grants WHERE id = ?').get(id);
    if (row === undefined) throw new FastbandError('not_found', 'There is no such grant. It may have been revoked already.');
    this.#tables.db.prepare('DELETE FROM grants WHERE id = ?').run(id);
    this.#tables.touched();
    return toGrant(row);
  }

  /** Drops what was granted until Fastband stops: called by a host when it starts. */
  clearSession(): void {
    this.#tables.db.prepare("DELETE FROM grants WHERE body ->> '$.scope' = 'session'").run();
    this.#tables.touched();
  }

  /** Notes that a grant answered a call, at most once a minute. */
  used(id: string, at: number): void {
    if (at - (this.#used.get(id) ?? 0) < USED_MS) return;
    this.#used.set(id, at);
    try {
      this.#tables.db.prepare('UPDATE grants SET last_used_at = ? WHERE id = ?').run(at, id);
    } catch {
      this.#used.delete(id);
    }
  }
}

function toGrant(row: Row): Grant {
  return parsePolicyRow(Grant, row.body, {
    id: row.id,
    createdAt: row.created_at,
    ...(row.last_used_at === null ? {} : { lastUsedAt: row.last_used_at }),
  });
}
