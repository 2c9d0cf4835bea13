import { z } from 'zod';
import type { Tool } from '../../core/tool.ts';
import { defineTool } from '../tool.ts';
import { planFile, sameFile } from './file.ts';
import type { Rows } from './jobs.ts';
import { askingEffects, sqlPreview } from './question.ts';
import type { Sqlite } from './sqlite.ts';

export function explainQuery(sqlite: () => Promise<Sqlite>): Tool {
  return defineTool({
    name: 'explain_query',
    title: 'Explain a query',
    description: 'How SQLite would answer a question: which tables and indexes, in which order.',
    group: 'databases',
    risk: 'read',
    input: z.strictObject({ database: z.string(), sql: z.string().min(1).max(100_000) }),
    output: z.object({ plan: z.array(z.string()) }),
    async plan({ database, sql }, context) {
      const file = await planFile(context, database, 'read');
      return { effects: askingEffects(file), data: { file, sql }, preview: () => sqlPreview(file, sql, []) };
    },
    async run({ data }, context) {
      const { rows } = await (await sqlite()).run<Rows>(
        await sameFile(context, data.file, 'read'),
        { op: 'explain', sql: data.sql },
        { signal: context.signal, seconds: context.settings.databases.timeoutSeconds },
      );
      return {
        output: { plan: planLines(rows) },
        summary: `Explained a question to ${data.file.name}, ${rows.length} steps.`,
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
