import { z } from 'zod';
import type { Warning } from '../../../contract/approvals.ts';
import { warning } from '../../../contract/sentences.ts';
import type { RunContext, Tool } from '../../core/tool.ts';
import { defineTool } from '../tool.ts';
import type { Engines } from './engines.ts';
import type { PlannedFile } from './file.ts';
import type { Rows, WriteJob, Written } from './jobs.ts';
import { roomOf, rowsSummary, sqlPreview } from './question.ts';
import { Parameters, RowsOutput } from './schemas.ts';
import { askingEffects, changingEffects, planSource, type Source, type SourceServices } from './source.ts';

export function queryDatabase(engines: Engines, services: SourceServices): Tool {
  return defineTool({
    name: 'query_database',
    title: 'Query a database',
    description:
      'Runs one SQL statement on a SQLite file, or on PostgreSQL as pg:NAME, NAME being the secret with its URL. Read-only unless write is true. Bind values with ? ($1 in PostgreSQL).',
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
      const source = await planSource(context, services, database, write ? 'write' : 'read');
      return {
        effects: write ? changingEffects(source) : askingEffects(source),
        data: { source, sql, params, offset, write, room: roomOf(context.settings, limit) },
        preview: () =>
          sqlPreview(
            source,
            sql,
            params,
            write ? undoWarnings(source, context.settings.journal.maxFileBytes) : [],
          ),
      };
    },
    async run({ data }, context) {
      const { source, sql, params, offset, room } = data;
      if (!data.write) {
        const rows = await engines.ask<Rows>(source, { op: 'rows', sql, params, offset, room }, context);
        return { output: plain(rows), summary: `Asked ${source.name}: ${rowsSummary(rows)}.` };
      }
      const job: WriteJob = { op: 'write', sql, params, room };
      if (source.kind === 'file') return changeFile(engines, context, source, job);
      const written = await engines.askServer<Written>(source, job, context);
      return {
        output: { ...plain(written), changes: written.changes },
        summary: `Changed ${written.changes} rows of ${source.name}; it cannot be undone here.`,
      };
    },
  }) as Tool;
}

function undoWarnings(source: Source, maxFileBytes: number): Warning[] {
  if (source.kind === 'server') return [warning('serverChange')];
  return source.stat.size > maxFileBytes ? [warning('noCopy', source.name)] : [];
}

/** What was there is kept while no other program can change it, so that undo gives back just that. */
async function changeFile(engines: Engines, context: RunContext, file: PlannedFile, job: WriteJob) {
  let kept: { done(): Promise<void> } | undefined;
  const written = await engines.changeFile<Written>(file, job, context, async ({ whole }) => {
    // Where a log beside it holds a part, the file alone would be a state that never was.
    if (!whole) return;
    const { workspace, relative, absolute } = file;
    kept = await context.journal.before({ workspace, path: relative, absolute, op: 'modify' });
  });
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
