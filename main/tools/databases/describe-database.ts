import { z } from 'zod';
import type { Tool } from '../../core/tool.ts';
import { defineTool } from '../tool.ts';
import { planFile, sameFile } from './file.ts';
import type { Description } from './jobs.ts';
import { askingEffects } from './question.ts';
import type { Sqlite } from './sqlite.ts';

const Table = z.object({
  name: z.string(),
  type: z.enum(['table', 'view', 'virtual']),
  rows: z.int().optional(),
  more: z.boolean().optional(),
  columns: z.array(
    z.object({
      name: z.string(),
      type: z.string(),
      notNull: z.boolean().optional(),
      primaryKey: z.int().optional(),
      default: z.string().optional(),
    }),
  ),
  indexes: z.array(z.object({ name: z.string(), unique: z.boolean(), columns: z.array(z.string()) })),
  foreignKeys: z.array(z.object({ columns: z.array(z.string()), to: z.string() })),
});

export function describeDatabase(sqlite: () => Promise<Sqlite>): Tool {
  return defineTool({
    name: 'describe_database',
    title: 'Describe a database',
    description: 'Tables of a SQLite file with columns, keys, indexes and row counts.',
    group: 'databases',
    risk: 'read',
    input: z.strictObject({ database: z.string(), table: z.string().max(1000).optional() }),
    output: z.object({ tables: z.array(Table), left: z.int() }),
    async plan({ database, table }, context) {
      const file = await planFile(context, database, 'read');
      return { effects: askingEffects(file), data: { file, table } };
    },
    async run({ data: { file, table } }, context) {
      const description = await (await sqlite()).run<Description>(
        await sameFile(context, file, 'read'),
        { op: 'describe', table },
        { signal: context.signal, seconds: context.settings.databases.timeoutSeconds },
      );
      const { tables, left } = description as { tables: z.infer<typeof Table>[]; left: number };
      return {
        output: { tables, left },
        summary: `Described ${tables.length} tables of ${file.name}${left > 0 ? `, and left ${left} out` : ''}.`,
      };
    },
  }) as Tool;
}
