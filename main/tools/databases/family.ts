import type { ToolFamily, ToolServices } from '../services.ts';
import { describeDatabase } from './describe-database.ts';
import { Engines } from './engines.ts';
import { explainQuery } from './explain-query.ts';
import { listDatabases } from './list-databases.ts';
import { queryDatabase } from './query-database.ts';
import { sampleTable } from './sample-table.ts';

/** SQLite files in workspaces, in processes of their own; PostgreSQL on servers that a secret names. */
export function databaseTools(services: ToolServices): ToolFamily {
  const engines = new Engines({
    sqlite: async () => new (await import('./sqlite.ts')).Sqlite(services.ports),
    postgres: async () => new (await import('./postgres.ts')).Postgres(services),
  });
  return {
    tools: [
      listDatabases(services.keys),
      describeDatabase(engines, services),
      queryDatabase(engines, services),
      explainQuery(engines, services),
      sampleTable(engines, services),
    ],
    close: () => engines.close(),
  };
}
