import type Database from 'better-sqlite3';
import { FastbandError } from '../../core/errors.ts';
import type { ColumnInfo, Description, TableInfo } from './jobs.ts';

/** Rows are counted up to here. */
const MAX_COUNT = 1_000_000;
const MAX_TABLES = 200;
/** Rows that all tables of one description are counted to, together. */
const MAX_COUNTED = 5_000_000;

/** Tables with what they are made of. Views and virtual tables are named and not run. */
export function describe(db: Database.Database, only: string | undefined): Description {
  const all = tableNames(db).filter(({ name }) => only === undefined || name === only);
  if (only !== undefined && all.length === 0)
    throw new FastbandError('not_found', `There is no table ${only.slice(0, 200)} in this database.`);
  let counted = 0;
  const tables = all.slice(0, MAX_TABLES).map((one): TableInfo => {
    const room = Math.min(MAX_COUNT, MAX_COUNTED - counted);
    const rows = one.type === 'table' ? count(db, one.name, room) : undefined;
    counted += rows ?? 0;
    return {
      ...one,
      ...(rows === undefined ? {} : rows > room ? { rows: room, more: true } : { rows }),
      columns: columnsIfTold(db, one),
      indexes: one.type === 'view' ? [] : indexes(db, one.name),
      foreignKeys: one.type === 'view' ? [] : foreignKeys(db, one.name),
    };
  });
  return { tables, left: all.length - tables.length };
}

/** The tables and views that people made. */
function tableNames(db: Database.Database): Pick<TableInfo, 'name' | 'type'>[] {
  return rowsOf(
    db,
    `SELECT name, type FROM pragma_table_list WHERE schema = 'main' AND type IN ('table', 'view', 'virtual')
     AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name`,
  ).map(({ name, type }) => ({ name: String(name), type: type as TableInfo['type'] }));
}

/** An identifier that SQLite reads as this name and nothing else. */
export function quoteName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

function count(db: Database.Database, table: string, room: number): number {
  return Number(
    db
      .prepare(`SELECT count(*) FROM (SELECT 1 FROM ${quoteName(table)} LIMIT ${room + 1})`)
      .pluck()
      .get(),
  );
}

/** A view that calls what it may not has no columns that could be told. */
function columnsIfTold(
  db: Database.Database,
  { name, type }: Pick<TableInfo, 'name' | 'type'>,
): ColumnInfo[] {
  if (type === 'table') return columns(db, name);
  try {
    return columns(db, name);
  } catch {
    return [];
  }
}

function columns(db: Database.Database, table: string): ColumnInfo[] {
  return rowsOf(
    db,
    'SELECT name, type, "notnull" AS nn, pk, dflt_value AS dv FROM pragma_table_xinfo(?) WHERE hidden <> 1',
    table,
  ).map(({ name, type, nn, pk, dv }) => ({
    name: String(name),
    type: String(type),
    ...(Number(nn) === 0 ? {} : { notNull: true }),
    ...(Number(pk) === 0 ? {} : { primaryKey: Number(pk) }),
    ...(dv === null ? {} : { default: String(dv).slice(0, 200) }),
  }));
}

function indexes(db: Database.Database, table: string): TableInfo['indexes'] {
  return rowsOf(db, 'SELECT name, "unique" AS u FROM pragma_index_list(?) ORDER BY name', table).map(
    ({ name, u }) => ({
      name: String(name),
      unique: Number(u) === 1,
      columns: rowsOf(db, 'SELECT name FROM pragma_index_info(?) ORDER BY seqno', String(name)).map(
        (column) => (column.name === null ? '(expression)' : String(column.name)),
      ),
    }),
  );
}

function foreignKeys(db: Database.Database, table: string): TableInfo['foreignKeys'] {
  const found = new Map<number, { columns: string[]; to: string; targets: string[] }>();
  for (const row of rowsOf(
    db,
    'SELECT id, "table" AS t, "from" AS f, "to" AS c FROM pragma_foreign_key_list(?) ORDER BY id, seq',
    table,
  )) {
    const key = found.get(Number(row.id)) ?? { columns: [], to: String(row.t), targets: [] };
    key.columns.push(String(row.f));
    if (row.c !== null) key.targets.push(String(row.c));
    found.set(Number(row.id), key);
  }
  return [...found.values()].map(({ columns: from, to, targets }) => ({
    columns: from,
    to: targets.length === 0 ? to : `${to}(${targets.join(', ')})`,
  }));
}

function rowsOf(db: Database.Database, sql: string, ...params: string[]): Record<string, unknown>[] {
  return db.prepare<unknown[], Record<string, unknown>>(sql).all(...params);
}
