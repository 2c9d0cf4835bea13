import { z } from 'zod';
import type { Tool } from '../../core/tool.ts';
import { defineTool } from '../tool.ts';
import type { Engines } from './engines.ts';
import type { Description } from './jobs.ts';
import { askingEffects, planSource, type SourceServices } from './source.ts';

const Table = z.object({
  name: z.string(),
  type: z.enum(['table', 'view', 'virtual']),
  rows: z.int().optional(),
  more: z.boolean().optional(),
  /** `rows` is the server's own guess. */
  estimated: z.boolean().optional(),
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

export function describeDatabase(engines: Engines, services: SourceServices): Tool {
  return defineTool({
    name: 'describe_database',
    title: 'Describe a database',
    description: 'Tables of a database with columns, keys, indexes and row counts.',
    group: 'databases',
    risk: 'read',
    input: z.strictObject({ database: z.string(), table: z.string().max(1000).optional() }),
    output: z.object({ tables: z.array(Table), left: z.int() }),
    async plan({ database, table }, context) {
      const source = await planSource(context, services, database, 'read');
      return { effects: askingEffects(source), data: { source, table } };
    },
    async run({ data: { source, table } }, context) {
      const description = await engines.ask<Description>(source, { op: 'describe', table }, context);
      const { tables, left } = description as { tables: z.infer<typeof Table>[]; left: number };
      return {
        output: { tables, left },
        summary: `Described ${tables.length} tables of ${source.name}${left > 0 ? `, and left ${left} out` : ''}.`,
      };
    },
  }) as Tool;
}
