import { z } from 'zod';
import type { Tool } from '../../core/tool.ts';
import { defineTool } from '../tool.ts';
import type { Engines } from './engines.ts';
import type { Rows } from './jobs.ts';
import { roomOf, rowsSummary, sqlPreview } from './question.ts';
import { RowsOutput } from './schemas.ts';
import { askingEffects, planSource, type SourceServices } from './source.ts';

export function sampleTable(engines: Engines, services: SourceServices): Tool {
  return defineTool({
    name: 'sample_table',
    title: 'Rows of a table',
    description: 'The first rows of a table or view.',
    group: 'databases',
    risk: 'read',
    input: z.strictObject({
      database: z.string(),
      table: z.string().min(1).max(1000),
      limit: z.int().min(1).max(1000).optional().describe('default 20'),
    }),
    output: RowsOutput,
    async plan({ database, table, limit = 20 }, context) {
      const source = await planSource(context, services, database, 'read');
      // On a server a table is told with its schema, unless that is the usual one.
      const names =
        source.kind === 'server' ? (/^([^.]+)\.(.+)$/s.exec(table)?.slice(1) ?? [table]) : [table];
      const sql = `SELECT * FROM ${names.map(quoteName).join('.')} LIMIT ${limit}`;
      return {
        effects: askingEffects(source),
        data: { source, sql, room: roomOf(context.settings, limit) },
        preview: () => sqlPreview(source, sql, []),
      };
    },
    async run({ data: { source, sql, room } }, context) {
      const { columns, rows, more, shortened } = await engines.ask<Rows>(
        source,
        { op: 'rows', sql, params: [], offset: 0, room },
        context,
      );
      return {
        output: { columns: [...columns], rows: rows.map((row) => [...row]), more, shortened },
        summary: `Read rows of ${source.name}: ${rowsSummary({ columns, rows, more, shortened })}.`,
      };
    },
  }) as Tool;
}

/** A name in quotes, its own quotes doubled, is a name and nothing else. */
function quoteName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
