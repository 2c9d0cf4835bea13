import { readPolicy } from './database.ts';
import type { Tables } from './tables.ts';

/** Which tools are switched off. What is not named here is on. */
export class ToolSwitchStore {
  readonly #tables: Tables;

  constructor(tables: Tables) {
    this.#tables = tables;
  }

  /** @throws FastbandError `policy_unavailable` */
  disabled(): ReadonlySet<string> {
    return readPolicy(
      () =>
        new Set(this.#tables.db.prepare<[], string>('SELECT name FROM tools_off').pluck().all() as string[]),
    );
  }

  set(name: string, enabled: boolean): void {
    const { db, transactions, touched } = this.#tables;
    const sql = enabled
      ? 'DELETE FROM tools_off WHERE name = ?'
      : 'INSERT OR IGNORE INTO tools_off (name) VALUES (?)';
    transactions.run(() => db.prepare(sql).run(name));
    touched();
  }
}
