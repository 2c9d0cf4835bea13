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
  /** Where a link leads. */
  target: z.string().optional(),
});
export type KeptItem = z.infer<typeof KeptItem>;

export const JournalBody = z.strictObject({
  absolute: z.string(),
  movedTo: z.strictObject({ path: z.string(), absolute: z.string() }).optional(),
  /** What was there before; absent when nothing was, or when it was too large to keep. */
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

export class JournalStore {
  readonly #tables: Tables;

  constructor(tables: Tables) {
    this.#tables = tables;
  }

  add(row: Omit<JournalRow, 'id' | 'at' | 'undoneBy'>): number {
    const result = this.#tables.db
      .prepare(
        'INSERT INTO journal (call_id, at, client_name, tool, workspace, path, op, bytes, undoable, body) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)',
      )
      .run(
        row.callId,
        this.#tables.clock.now(),
        row.clientName,
        row.tool,
        row.workspace,
        row.path,
        row.op,
        row.bytes,
        row.undoable ? 1 : 0,
        JSON.stringify(row.body),
      );
    return Number(result.lastInsertRowid);
  }

  setBody(id: number, body: JournalBody): void {
    this.#tables.db.prepare('UPDATE journal SET body = ? WHERE id = ?').run(JSON.stringify(body), id);
  }

  markUndone(callId: string, by: string): void {
    this.#tables.db.prepare('UPDATE journal SET undone_by = ? WHERE call_id = ?').run(by, callId);
  }

  markRetired(ids: readonly number[]): void {
    const statement = this.#tables.db.prepare('UPDATE journal SET undoable = 0, bytes = 0 WHERE id = ?');
    this.#tables.db.transaction(() => ids.forEach((id) => statement.run(id)))();
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

  /** Those that still hold pre-images, oldest first. */
  undoable(): JournalRow[] {
    return this.#tables.db
      .prepare<[], Row>('SELECT * FROM journal WHERE undoable = 1 ORDER BY id')
      .all()
      .map(toRow);
  }
}

function toRow(row: Row): JournalRow {
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
    undoable: row.undoable === 1,
    ...(row.undone_by === null ? {} : { undoneBy: row.undone_by }),
    body: JournalBody.parse(JSON.parse(row.body)),
  };
}

export function toEntry({ body, ...row }: JournalRow): JournalEntry {
  return { ...row, ...(body.movedTo === undefined ? {} : { movedTo: body.movedTo.path }) };
}
