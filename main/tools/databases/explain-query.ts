import { z } from 'zod';
import type { Tool } from '../../core/tool.ts';
import { defineTool } from '../tool.ts';
import type { Engines } from './engines.ts';
import type { Rows } from './jobs.ts';
import { sqlPreview } from './question.ts';
import { Parameters } from './schemas.ts';
import { askingEffects, planSource, type SourceServices } from './source.ts';

export function explainQuery(engines: Engines, services: SourceServices): Tool {
  return defineTool({
    name: 'explain_query',
    title: 'Explain a query',
    description: 'How the database would answer a question: which tables and indexes, in which order.',
    group: 'databases',
    risk: 'read',
    input: z.strictObject({
      database: z.string(),
      sql: z.string().min(1).max(100_000),
      params: Parameters.optional(),
    }),
    output: z.object({ plan: z.array(z.string()) }),
    async plan({ database, sql, params = [] }, context) {
      const source = await planSource(context, services, database, 'read');
      return {
        effects: askingEffects(source),
        data: { source, sql, params },
        preview: () => sqlPreview(source, sql, params),
      };
    },
    async run({ data: { source, sql, params } }, context) {
      const { rows } = await engines.ask<Rows>(source, { op: 'explain', sql, params }, context);
      return {
        output: { plan: source.kind === 'server' ? rows.map(([line]) => String(line)) : planLines(rows) },
        summary: `Explained a question to ${source.name}, ${rows.length} steps.`,
      };
    },
  }) as Tool;
}

/** SQLite answers id, parent, unused, text: the depth of each step is that of its parent, and one more. */
function planLines(rows: Rows['rows']): string[] {
  const depth = new Map<unknown, number>();
  return rows.map(([id, parent, , text]) => {
    const own = (depth.get(parent) ?? -1) + 1;
    depth.set(id, own);
    return `${'  '.repeat(own)}${String(text)}`;
  });
}
