import { FastbandError } from '../../core/errors.ts';
import type { ColumnInfo, Description, TableInfo } from './jobs.ts';
import type { PostgresSession } from './postgres-session.ts';

const MAX_TABLES = 200;

type Row = readonly (string | null)[];

/** Tables and views that the role may read. Row counts are the server's own estimates: counting could take hours. */
export async function describePostgres(
  session: PostgresSession,
  only: string | undefined,
): Promise<Description> {
  const { rows: all } = await session.query(
    `SELECT c.oid, n.nspname, c.relname, c.relkind, c.reltuples::bigint
     FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND NOT c.relispartition
       AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname !~ '^pg_(toast|temp)'
       AND has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'SELECT')
       AND ($1::text IS NULL OR c.relname = $1 OR n.nspname || '.' || c.relname = $1)
     ORDER BY n.nspname <> 'public', n.nspname, c.relname LIMIT 10000`,
    [only ?? null],
  );
  if (only !== undefined && all.length === 0)
    throw new FastbandError('not_found', `There is no table ${only.slice(0, 200)} in this database.`);
  const chosen = all.slice(0, MAX_TABLES);
  const ids = [chosen.map(([oid]) => oid)];
  const [columns, indexes, foreignKeys] = [
    grouped(await session.query(COLUMNS, ids)),
    grouped(await session.query(INDEXES, ids)),
    grouped(await session.query(FOREIGN_KEYS, ids)),
  ];
  const tables = chosen.map(([oid, schema, name, kind, estimate]): TableInfo => {
    const rows = Number(estimate);
    const id = String(oid);
    return {
      name: schema === 'public' ? String(name) : `${schema}.${name}`,
      type: kind === 'v' || kind === 'm' ? 'view' : kind === 'f' ? 'virtual' : 'table',
      // Below 0: never looked at. A view has none.
      ...(kind === 'v' || kind === 'f' || rows < 0 ? {} : { rows, estimated: true }),
      columns: (columns.get(id) ?? []).map(columnOf),
      indexes: (indexes.get(id) ?? []).map(([, index, unique, parts]) => ({
        name: String(index),
        unique: unique === 't',
        columns: JSON.parse(parts ?? '[]') as string[],
      })),
      foreignKeys: (foreignKeys.get(id) ?? []).map(([, from, table, to]) => ({
        columns: JSON.parse(from ?? '[]') as string[],
        to: `${String(table).replace(/^public\./, '')}(${(JSON.parse(to ?? '[]') as string[]).join(', ')})`,
      })),
    };
  });
  return { tables, left: all.length - tables.length };
}

const COLUMNS = `
  SELECT a.attrelid, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull,
    (SELECT array_position(i.indkey::smallint[], a.attnum) + 1 FROM pg_index i
     WHERE i.indrelid = a.attrelid AND i.indisprimary),
    left(pg_get_expr(d.adbin, d.adrelid), 200)
  FROM pg_attribute a LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
  WHERE a.attrelid = ANY ($1::oid[]) AND a.attnum > 0 AND NOT a.attisdropped
  ORDER BY a.attrelid, a.attnum`;

const INDEXES = `
  SELECT i.indrelid, c.relname, i.indisunique,
    (SELECT json_agg(pg_get_indexdef(i.indexrelid, k, true) ORDER BY k)
     FROM generate_series(1, i.indnkeyatts) AS k)
  FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
  WHERE i.indrelid = ANY ($1::oid[]) ORDER BY i.indrelid, c.relname`;

const FOREIGN_KEYS = `
  SELECT f.conrelid,
    (SELECT json_agg(a.attname ORDER BY k.at) FROM unnest(f.conkey) WITH ORDINALITY AS k (num, at)
     JOIN pg_attribute a ON a.attrelid = f.conrelid AND a.attnum = k.num),
    f.confrelid::regclass,
    (SELECT json_agg(a.attname ORDER BY k.at) FROM unnest(f.confkey) WITH ORDINALITY AS k (num, at)
     JOIN pg_attribute a ON a.attrelid = f.confrelid AND a.attnum = k.num)
  FROM pg_constraint f WHERE f.contype = 'f' AND f.conrelid = ANY ($1::oid[]) ORDER BY f.conrelid, f.conname`;

function grouped({ rows }: { readonly rows: readonly Row[] }): Map<string, Row[]> {
  return Map.groupBy(rows, ([id]) => String(id));
}

function columnOf([, name, type, notNull, key, value]: Row): ColumnInfo {
  return {
    name: String(name),
    type: String(type),
    ...(notNull === 't' ? { notNull: true } : {}),
    ...(key === null || key === undefined ? {} : { primaryKey: Number(key) }),
    ...(value === null || value === undefined ? {} : { default: value }),
  };
}
