import type { Workspace } from '../../contract/entities.ts';
import { FastbandError } from '../core/errors.ts';
import type { Tables } from './open.ts';

interface Row {
  readonly name: string;
  readonly root: string;
  readonly read_only: number;
  readonly created_at: number;
}

export class WorkspaceStore {
  readonly #tables: Tables;

  constructor(tables: Tables) {
    this.#tables = tables;
  }

  list(): Workspace[] {
    return this.#tables.db.prepare<[], Row>('SELECT * FROM workspaces ORDER BY name').all().map(toWorkspace);
  }

  /** @throws FastbandError `conflict` */
  add({ name, root, readOnly }: { name: string; root: string; readOnly: boolean }): Workspace {
    const createdAt = this.#tables.clock.now();
    try {
      this.#tables.db
        .prepare('INSERT INTO workspaces (name, root, read_only, created_at) VALUES (?, ?, ?, ?)')
        .run(name, root, readOnly ? 1 : 0, createdAt);
    } catch (error) {
      if (!String((error as { code?: string }).code).startsWith('SQLITE_CONSTRAINT')) throw error;
      throw new FastbandError('conflict', 'There is a workspace of this name or folder already.');
    }
    this.#tables.touched();
    return { name, root, readOnly, createdAt };
  }

  /** Removes it together with the grants that name it: another folder of that name must not inherit them. */
  remove(name: string): Workspace {
    const row = this.#tables.db.prepare<[string], Row>('SELECT * FROM workspaces WHERE name = ?').get(name);
    if (row === undefined) throw new FastbandError('not_found', `There is no workspace "${name}".`);
    this.#tables.db.prepare("DELETE FROM grants WHERE body ->> '$.match.workspace' = ?").run(name);
    this.#tables.db.prepare('DELETE FROM workspaces WHERE name = ?').run(name);
    this.#tables.touched();
    return toWorkspace(row);
  }
}

function toWorkspace(row: Row): Workspace {
  return { name: row.name, root: row.root, readOnly: row.read_only === 1, createdAt: row.created_at };
}
