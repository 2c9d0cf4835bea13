import { z } from 'zod';
import { WriteOp } from '../../contract/effects.ts';
import type { JournalEntry } from '../../contract/entities.ts';
import type { Tables } from './tables.ts';

/** One thing in a folder or a file, as it was: enough to put it back or to see that it changed. */
export const KeptItem = z.strictObject({
  /** Relative to the entry's path; `.` for the entry itself. */
  path: z.string(),
  type: z.enum(['file', 'directory', 'link']),
  mode: z.int(),
  /** SHA-256 (hex) of a file's content. */
  hash: z.string().optional(),
  /** Number, size and time of a file, where its content was not read. */
  stamp: z.string().optional(),
  /** Where a link leads. */
  target: z.string().optional(),
});
export type KeptItem = z.infer<typeof KeptItem>;

export const JournalBody = z.strictObject({
  absolute: z.string(),
  movedTo: z.strictObject({ path: z.string(), absolute: z.string() }).optional(),
  /** What was there before; absent when it was too much to keep. Empty: nothing. */
  before: z.array(KeptItem).optional(),
  /** What the call left there; set once it is done. Empty: nothing. */
  after: z.array(KeptItem).optional(),
});
export type JournalBody = z.infer<typeof JournalBody>;

export interface JournalRow extends Omit<JournalEntry, 'movedTo'> {
  readonly body: JournalBody;
}

interface Row {
  readonly id: number;
  readonly call_id: string;
  readonly at: number;
  readonly client_name: string;
  readonly tool: string;
  readonly workspace: string;
  readonly path: string;
  readonly op: string;
  readonly bytes: number;
  readonly undoable: number;
  readonly undone_by: string | null;
  readonly body: string;
}

/** What calls changed in files, and what was there before. Writes throw `audit_unavailable` when they cannot commit. */
export class JournalStore {
  readonly #tables: Tables;

  constructor(tables: Tables) {
    this.#tables = tables;
  }

  /** @returns the new row's number */
  add(row: Omit<JournalRow, 'id' | 'at' | 'undoneBy'>): number {
    const { db, transactions, clock } = this.#tables;
    const insert = db.prepare(
      `INSERT INTO journal (call_id, at, client_name, tool, workspace, path, op, bytes, undoable, body)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    );
    const { callId, clientName, tool, workspace, path, op, bytes, undoable, body } = row;
    const values = [callId, clock.now(), clientName, tool, workspace, path, op, bytes, undoable ? 1 : 0];
    return transactions.run(() => Number(insert.run(...values, JSON.stringify(body)).lastInsertRowid));
  }

  setBody(id: number, body: JournalBody): void {
    this.#write('UPDATE journal SET body = ? WHERE id = ?', [[JSON.stringify(body), id]]);
  }

  markUndone(id: number, by: string): void {
    this.#write('UPDATE journal SET undone_by = ? WHERE id = ?', [[by, id]]);
  }

  /** Their pre-images are, or are about to be, no longer kept. */
  markRetired(ids: readonly number[]): void {
    this.#write(
      'UPDATE journal SET undoable = 0, bytes = 0 WHERE id = ?',
      ids.map((id) => [id]),
    );
  }

  /** Forgets what cannot be undone any more and is older than a time, in milliseconds since the epoch. */
  forget(before: number): void {
    this.#write('DELETE FROM journal WHERE undoable = 0 AND at < ?', [[before]]);
  }

  /** In the order that they were made. */
  ofCall(callId: string): JournalRow[] {
    return this.#tables.db
      .prepare<[string], Row>('SELECT * FROM journal WHERE call_id = ? ORDER BY id')
      .all(callId)
      .map(toRow);
  }

  /** Newest first. */
  list(limit: number): JournalRow[] {
    return this.#tables.db
      .prepare<[number], Row>('SELECT * FROM journal ORDER BY id DESC LIMIT ?')
      .all(limit)
      .map(toRow);
  }

  /** Those that may hold pre-images, oldest first. */
  undoable(): JournalRow[] {
    return this.#tables.db
      .prepare<[], Row>('SELECT * FROM journal WHERE undoable = 1 ORDER BY id')
      .all()
      .map(toRow);
  }

  #write(sql: string, each: readonly unknown[][]): void {
    const { db, transactions } = this.#tables;
    const statement = db.prepare(sql);
    transactions.run(() => {
      for (const values of each) statement.run(...values);
    });
  }
}

function toRow(row: Row): JournalRow {
  const body = parseBody(row.body);
  return {
    id: row.id,
    callId: row.call_id,
    at: row.at,
    clientName: row.client_name,
    tool: row.tool,
    workspace: row.workspace,
    path: row.path,
    op: WriteOp.parse(row.op),
    bytes: row.bytes,
    // What cannot be read cannot be put back; the rest of the list can still be shown.
    undoable: row.undoable === 1 && body !== undefined,
    ...(row.undone_by === null ? {} : { undoneBy: row.undone_by }),
    body: body ?? { absolute: '' },
  };
}

function parseBody(text: string): JournalBody | undefined {
  try {
    return JournalBody.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}

export function toEntry({ body, ...row }: JournalRow): JournalEntry {
  return { ...row, ...(body.movedTo === undefined ? {} : { movedTo: body.movedTo.path }) };
}
