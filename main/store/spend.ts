import { readPolicy } from './database.ts';
import type { Tables } from './tables.ts';

/** What one client used of AI models on one day (UTC). */
export interface Spend {
  readonly clientId: string;
  readonly tokens: number;
  /** Millionths of a US cent, for calls whose price is known. */
  readonly microcents: number;
}

export class SpendStore {
  readonly #tables: Tables;

  constructor(tables: Tables) {
    this.#tables = tables;
  }

  /** @param day - `2026-11-23` */
  of(day: string, clientId: string): Spend {
    return this.list(day).find((one) => one.clientId === clientId) ?? { clientId, tokens: 0, microcents: 0 };
  }

  list(day: string): Spend[] {
    return readPolicy(() =>
      this.#tables.db
        .prepare<[string], { client_id: string; tokens: number; microcents: number }>(
          'SELECT client_id, tokens, microcents FROM model_spend WHERE day = ?',
        )
        .all(day)
        .map(({ client_id, tokens, microcents }) => ({ clientId: client_id, tokens, microcents })),
    );
  }

  add(day: string, clientId: string, tokens: number, microcents: number): void {
    const { db, transactions } = this.#tables;
    transactions.run(() =>
      db
        .prepare(
          `INSERT INTO model_spend (day, client_id, tokens, microcents) VALUES (?, ?, ?, ?)
           ON CONFLICT (day, client_id) DO UPDATE SET tokens = tokens + excluded.tokens, microcents = microcents + excluded.microcents`,
        )
        .run(day, clientId, tokens, microcents),
    );
  }
}
