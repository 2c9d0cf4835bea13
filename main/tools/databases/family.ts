import type { Tool } from '../../core/tool.ts';
import type { ToolFamily, ToolServices } from '../services.ts';
import { describeDatabase } from './describe-database.ts';
import { explainQuery } from './explain-query.ts';
import { listDatabases } from './list-databases.ts';
import { queryDatabase } from './query-database.ts';
import { sampleTable } from './sample-table.ts';
import type { Sqlite } from './sqlite.ts';

/** SQLite files in workspaces, asked and changed in processes of their own. */
export function databaseTools({ ports }: ToolServices): ToolFamily {
  let engine: Promise<Sqlite> | undefined;
  const sqlite = () => {
    engine ??= import('./sqlite.ts').then(({ Sqlite: Engine }) => new Engine(ports));
    return engine;
  };
  return {
    tools: [
      listDatabases as Tool,
      describeDatabase(sqlite),
      queryDatabase(sqlite),
      explainQuery(sqlite),
      sampleTable(sqlite),
    ],
    close: async () => {
      const running = engine;
      engine = undefined;
      (await running)?.close();
    },
  };
}
