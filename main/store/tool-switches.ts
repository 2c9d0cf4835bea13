import type { Tables } from './open.ts';

/** Which tools are switched off. What is not named here is on. */
export class ToolSwitchStore {
  readonly #tables: Tables;

  constructor(tables: Tables) {
    this.#tables = tables;
  }

  disabled(): ReadonlySet<string> {
    return new Set(this.#tables.db.prepare<[], string>('SELECT name FROM tools_off').pluck().all() as string[]);
  }

  set(name: string, enabled: boolean): void {
    const sql = enabled ? 'DELETE FROM tools_off WHERE name = ?' : 'INSERT OR IGNORE INTO tools_off (name) VALUES (?)';
    this.#tables.db.prepare(sql).run(name);
    this.#tables.touched();
  }
}
