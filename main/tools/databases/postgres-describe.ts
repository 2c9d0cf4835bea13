import { DatabaseError } from 'pg';
import { FastbandError } from '../../core/errors.ts';
import type { ColumnInfo, Description, TableInfo } from './jobs.ts';
import type { PostgresSession } from './postgres-session.ts';

const MAX_TABLES = 200;
const MAX_COUNT = 10_000;
const COUNT_MS = 2000;

type Row = readonly (string | null)[];

/**
 * Tables and views that the role may read. Row counts are the server's own estimates: counting could take hours. Tables
 * that it has made none for are counted, as far as `MAX_COUNT`.
 */
export async function describePostgres(
  session: PostgresSession,
  only: string | undefined,
): Promise<Description> {
  const { rows: all } = await session.query(
    `SELECT c.oid, n.nspname, c.relname, c.relkind, c.reltuples::bigint, format('%I.%I', n.nspname, c.relname), c.relrowsecurity
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
  const counted = await countRows(
    session,
    chosen.filter(([, , , kind, estimate, , judged]) => isUnknown(kind, estimate) && judged !== 't'),
  );
  const tables = chosen.map(([oid, schema, name, kind, estimate]): TableInfo => {
    const rows = Number(estimate);
    const id = String(oid);
    return {
      name: schema === 'public' ? String(name) : `${schema}.${name}`,
      type: kind === 'v' || kind === 'm' ? 'view' : kind === 'f' ? 'virtual' : 'table',
      ...(kind === 'v' || kind === 'f'
        ? {}
        : isUnknown(kind, estimate)
          ? counted.get(id)
          : { rows, estimated: true }),
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

/** Below 0: never looked at, or 0 before PostgreSQL 14. A partitioned one is not looked at by itself, ever. */
function isUnknown(kind: string | null | undefined, estimate: string | null | undefined): boolean {
  return (kind === 'r' || kind === 'm' || kind === 'p') && Number(estimate) <= 0;
}

/**
 * Rows of each, up to a limit. Not of views and foreign tables, nor where rules choose the rows: counting would run what
 * the schema says. Where it takes too long, or a table is locked, no rows are told.
 */
async function countRows(
  session: PostgresSession,
  tables: readonly Row[],
): Promise<ReadonlyMap<string, Pick<TableInfo, 'rows' | 'more'>>> {
  // A partition may be a foreign table.
  const own = tables.filter(([, , , kind]) => kind !== 'p');
  if (own.length === 0) return new Map();
  // The server has quoted each name itself.
  const counts = own.map(
    ([oid, , , , , name]) =>
      `SELECT ${Number(oid)}, (SELECT count(*) FROM (SELECT FROM ONLY ${name} LIMIT ${MAX_COUNT + 1}) AS part)`,
  );
  await session.query(
    `SAVEPOINT counting; SET LOCAL statement_timeout = ${COUNT_MS}; SET LOCAL lock_timeout = ${COUNT_MS / 4}`,
  );
  try {
    const { rows } = await session.query(counts.join(' UNION ALL '));
    return new Map(
      rows.map(([oid, count]) => {
        const all = Number(count);
        return [String(oid), all > MAX_COUNT ? { rows: MAX_COUNT, more: true } : { rows: all }];
      }),
    );
  } catch (error) {
    // Stopped, or not given the lock.
    if (!(error instanceof DatabaseError) || !/^(?:57014|55P03)$/.test(error.code ?? '')) throw error;
    return new Map();
  } finally {
    await session.query('ROLLBACK TO SAVEPOINT counting');
  }
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
