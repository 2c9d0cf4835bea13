import type { WireError } from '../../../contract/errors.ts';
import type { Cell, PageRoom } from './values.ts';

/** A file that passed the guard: which one it was when the call was planned. */
export interface DatabaseFile {
  readonly absolute: string;
  readonly dev: number;
  readonly ino: number;
}

/** A bound value. Blobs are not taken: JSON has none. */
export type Parameter = string | number | boolean | null;

export interface RowsJob {
  readonly op: 'rows';
  readonly sql: string;
  readonly params: readonly Parameter[];
  readonly offset: number;
  readonly room: PageRoom;
}

export interface WriteJob {
  readonly op: 'write';
  readonly sql: string;
  readonly params: readonly Parameter[];
  readonly room: PageRoom;
}

export interface ExplainJob {
  readonly op: 'explain';
  readonly sql: string;
  readonly params: readonly Parameter[];
}

/** What a database can be asked. */
export type Job =
  | RowsJob
  | WriteJob
  | ExplainJob
  | { readonly op: 'describe'; readonly table?: string | undefined };

export interface Rows {
  readonly columns: readonly { readonly name: string; readonly type: string | null }[];
  readonly rows: readonly (readonly Cell[])[];
  /** There are rows after these. */
  readonly more: boolean;
  /** Values that are not whole. */
  readonly shortened: number;
}

export interface Written extends Rows {
  /** Rows that were changed. */
  readonly changes: number;
  /** The file alone holds the whole database afterwards, as it did before. */
  readonly whole: boolean;
}

export interface TableInfo {
  readonly name: string;
  readonly type: 'table' | 'view' | 'virtual';
  /** Undefined where counting would run what the schema says: views, virtual tables. */
  readonly rows?: number | undefined;
  /** `rows` is where counting stopped. */
  readonly more?: boolean | undefined;
  /** `rows` is the server's own guess. */
  readonly estimated?: boolean | undefined;
  readonly columns: readonly ColumnInfo[];
  readonly indexes: readonly {
    readonly name: string;
    readonly unique: boolean;
    readonly columns: string[];
  }[];
  readonly foreignKeys: readonly { readonly columns: string[]; readonly to: string }[];
}

export interface ColumnInfo {
  readonly name: string;
  readonly type: string;
  readonly notNull?: true;
  readonly primaryKey?: number;
  readonly default?: string;
}

export interface Description {
  readonly tables: readonly TableInfo[];
  /** Tables that there was no room for. */
  readonly left: number;
}

/** To the process. `go` lets a change that waits with its lock happen. */
export type ToSqlite =
  | { readonly id: number; readonly file: DatabaseFile; readonly job: Job; readonly seconds: number }
  | { readonly id: number; readonly go: true };

/** From the process. */
export type FromSqlite =
  | { readonly id: number; readonly value: unknown }
  | { readonly id: number; readonly error: WireError }
  /** No other writer can come between now. */
  | { readonly id: number; readonly locked: { readonly whole: boolean } };
