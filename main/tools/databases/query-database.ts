import { z } from 'zod';
import type { RunContext, Tool } from '../../core/tool.ts';
import { defineTool } from '../tool.ts';
import { type PlannedFile, planFile, sameFile } from './file.ts';
import type { Parameter, Rows, Written } from './jobs.ts';
import { askingEffects, changingEffects, roomOf, rowsSummary, sqlPreview } from './question.ts';
import { Parameters, RowsOutput } from './schemas.ts';
import type { Sqlite } from './sqlite.ts';
import type { PageRoom } from './values.ts';

export function queryDatabase(sqlite: () => Promise<Sqlite>): Tool {
  return defineTool({
    name: 'query_database',
    title: 'Query a database',
    description:
      'Runs one SQL statement on a SQLite file. Read-only unless write is true. Bind values with ?.',
    group: 'databases',
    risk: 'write',
    input: z.strictObject({
      database: z.string(),
      sql: z.string().min(1).max(100_000),
      params: Parameters.optional(),
      limit: z.int().min(1).optional().describe('rows, default 100'),
      offset: z.int().min(0).optional(),
      write: z.boolean().optional(),
    }),
    output: RowsOutput,
    async plan({ database, sql, params = [], limit, offset = 0, write = false }, context) {
      const file = await planFile(context, database, write ? 'write' : 'read');
      const tooLarge = write && file.stat.size > context.settings.journal.maxFileBytes;
      return {
        effects: write ? changingEffects(file) : askingEffects(file),
        data: { file, sql, params, offset, write, room: roomOf(context.settings, limit) },
        preview: () =>
          sqlPreview(
            file,
            sql,
            params,
            tooLarge ? ['The file is too large to be kept: this cannot be undone.'] : [],
          ),
      };
    },
    async run({ data }, context) {
      const { file, sql, params, offset, room } = data;
      const seconds = context.settings.databases.timeoutSeconds;
      const engine = await sqlite();
      if (data.write) return change(engine, context, file, { sql, params, room }, seconds);
      const rows = await engine.run<Rows>(
        await sameFile(context, file, 'read'),
        { op: 'rows', sql, params, offset, room },
        { signal: context.signal, seconds },
      );
      return { output: plain(rows), summary: `Asked ${file.name}: ${rowsSummary(rows)}.` };
    },
  }) as Tool;
}

/** What was there is kept while no other program can change it, so that undo gives back just that. */
async function change(
  engine: Sqlite,
  context: RunContext,
  file: PlannedFile,
  job: { readonly sql: string; readonly params: readonly Parameter[]; readonly room: PageRoom },
  seconds: number,
) {
  let kept: { done(): Promise<void> } | undefined;
  const written = await engine.run<Written>(
    await sameFile(context, file, 'write'),
    { op: 'write', ...job },
    {
      signal: context.signal,
      seconds,
      locked: async ({ whole }) => {
        // Where a log beside it holds a part, the file alone would be a state that never was.
        if (!whole) return;
        const { workspace, relative, absolute } = file;
        kept = await context.journal.before({ workspace, path: relative, absolute, op: 'modify' });
      },
    },
  );
  if (written.whole) await kept?.done();
  const undo =
    kept !== undefined && written.whole ? '' : '; it cannot be undone, as another program has it open';
  return {
    output: { ...plain(written), changes: written.changes },
    summary: `Changed ${written.changes} rows of ${file.name}${undo}.`,
  };
}

function plain({ columns, rows, more, shortened }: Rows) {
  return { columns: columns.map((one) => ({ ...one })), rows: rows.map((row) => [...row]), more, shortened };
}
