import { z } from 'zod';
import type { Tool } from '../../core/tool.ts';
import { defineTool } from '../tool.ts';
import { planFile, sameFile } from './file.ts';
import type { Rows } from './jobs.ts';
import { askingEffects, roomOf, rowsSummary, sqlPreview } from './question.ts';
import { RowsOutput } from './schemas.ts';
import type { Sqlite } from './sqlite.ts';

export function sampleTable(sqlite: () => Promise<Sqlite>): Tool {
  return defineTool({
    name: 'sample_table',
    title: 'Rows of a table',
    description: 'The first rows of a table or view of a SQLite file.',
    group: 'databases',
    risk: 'read',
    input: z.strictObject({
      database: z.string(),
      table: z.string().min(1).max(1000),
      limit: z.int().min(1).max(1000).optional().describe('default 20'),
    }),
    output: RowsOutput,
    async plan({ database, table, limit = 20 }, context) {
      const file = await planFile(context, database, 'read');
      // A name in quotes, its own quotes doubled, is a name and nothing else.
      const sql = `SELECT * FROM "${table.replaceAll('"', '""')}" LIMIT ${limit}`;
      return {
        effects: askingEffects(file),
        data: { file, sql, room: roomOf(context.settings, limit) },
        preview: () => sqlPreview(file, sql, []),
      };
    },
    async run({ data: { file, sql, room } }, context) {
      const { columns, rows, more, shortened } = await (await sqlite()).run<Rows>(
        await sameFile(context, file, 'read'),
        { op: 'rows', sql, params: [], offset: 0, room },
        { signal: context.signal, seconds: context.settings.databases.timeoutSeconds },
      );
      return {
        output: { columns: [...columns], rows: rows.map((row) => [...row]), more, shortened },
        summary: `Read rows of ${file.name}: ${rowsSummary({ columns, rows, more, shortened })}.`,
      };
    },
  }) as Tool;
}
