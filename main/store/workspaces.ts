import { Workspace } from '../../contract/entities.ts';
import { FastbandError } from '../core/errors.ts';
import { isConstraintError, readPolicy } from './database.ts';
import type { Tables } from './tables.ts';

interface Row {
  readonly name: string;
  readonly root: string;
  readonly read_only: number;
  readonly created_at: number;
}

/** The folders that clients may work in. */
export class WorkspaceStore {
  readonly #tables: Tables;

  constructor(tables: Tables) {
    this.#tables = tables;
  }

  /** By name. @throws FastbandError `policy_unavailable` */
  list(): Workspace[] {
    return readPolicy(() =>
      this.#tables.db.prepare<[], Row>('SELECT * FROM workspaces ORDER BY name').all().map(toWorkspace),
    );
  }

  /** @param root - absolute real path. @throws FastbandError `conflict` when the name (whatever its case) or folder is taken */
  add({
    name,
    root,
    readOnly,
  }: {
    readonly name: string;
    readonly root: string;
    readonly readOnly: boolean;
  }): Workspace {
    const { db, transactions, clock, touched } = this.#tables;
    const createdAt = clock.now();
    try {
      transactions.run(() =>
        db
          .prepare('INSERT INTO workspaces (name, root, read_only, created_at) VALUES (?, ?, ?, ?)')
          .run(name, root, readOnly ? 1 : 0, createdAt),
      );
    } catch (error) {
      if (!isConstraintError(error)) throw error;
      throw new FastbandError('conflict', 'There is a workspace of this name or folder already.');
    }
    touched();
    return { name, root, readOnly, createdAt };
  }

  /** @throws FastbandError `not_found`, `policy_unavailable` */
  setReadOnly(name: string, readOnly: boolean): Workspace {
    const { db, transactions, touched } = this.#tables;
    return transactions.run(() => {
      const row = readPolicy(() =>
        db.prepare<[string], Row>('SELECT * FROM workspaces WHERE name = ?').get(name),
      );
      if (row === undefined) throw new FastbandError('not_found', 'There is no workspace of this name.');
      const read_only = readOnly ? 1 : 0;
      db.prepare('UPDATE workspaces SET read_only = ? WHERE name = ?').run(read_only, name);
      touched();
      return toWorkspace({ ...row, read_only });
    });
  }

  /**
   * Removes it together with the grants that name it: another folder that gets the name later must not inherit them.
   *
   * @throws FastbandError `not_found`, `policy_unavailable`
   */
  remove(name: string): Workspace {
    const { db, transactions, touched } = this.#tables;
    return transactions.run(() => {
      const row = readPolicy(() =>
        db.prepare<[string], Row>('SELECT * FROM workspaces WHERE name = ?').get(name),
      );
      if (row === undefined) throw new FastbandError('not_found', 'There is no workspace of this name.');
      db.prepare(
        "DELETE FROM grants WHERE json_valid(body) AND body ->> '$.match.workspace' = ? COLLATE NOCASE",
      ).run(name);
      db.prepare('DELETE FROM workspaces WHERE name = ?').run(name);
      touched();
      return toWorkspace(row);
    });
  }
}

function toWorkspace(row: Row): Workspace {
  return Workspace.parse({
    name: row.name,
    root: row.root,
    readOnly: row.read_only === 1,
    createdAt: row.created_at,
  });
}
