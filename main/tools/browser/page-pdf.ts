import { z } from 'zod';
import { FastbandError } from '../../core/errors.ts';
import type { Tool } from '../../core/tool.ts';
import { resolveFor } from '../paths.ts';
import type { ToolServices } from '../services.ts';
import { defineTool } from '../tool.ts';
import { PLACE, planPlace, WAIT } from './place.ts';

/** A page printed into a file of a workspace. */
export function pagePdf(services: ToolServices): Tool {
  return defineTool({
    name: 'page_pdf',
    title: 'Save a page as PDF',
    description: 'Prints a page into a PDF file in a workspace.',
    group: 'browser',
    risk: 'write',
    input: z.strictObject({
      ...PLACE,
      ...WAIT,
      to: z.string().describe('the new file, ends with .pdf'),
      paper: z.enum(['A4', 'A3', 'Letter', 'Legal']).optional(),
      landscape: z.boolean().optional(),
    }),
    output: z.object({ path: z.string(), bytes: z.int() }),
    async plan(input, context) {
      if (!/\.pdf$/i.test(input.to))
        throw new FastbandError('invalid_input', 'The file’s name must end with .pdf.');
      const { effects, data } = await planPlace(input, context, services);
      const { requested, workspace, absolute, relative, type, stat, missing } = await resolveFor(
        context,
        input.to,
        'write',
      );
      if (type === 'directory') throw new FastbandError('invalid_input', `${input.to} is a folder.`);
      if (missing.length > 0)
        throw new FastbandError(
          'not_found',
          `There is no folder ${missing[0]}. Make it with create_directory.`,
        );
      const op = stat === null ? ('create' as const) : ('modify' as const);
      return {
        effects: [...effects, { kind: 'write', workspace: workspace.name, path: relative, op }],
        data: {
          ...data,
          file: { requested, absolute, workspace: workspace.name, path: relative, stat, op },
          paper: input.paper ?? ('A4' as const),
          landscape: input.landscape ?? false,
        },
      };
    },
    async run({ data, effects }, context) {
      const { printPage } = await import('./print-page.ts');
      return printPage(data, effects, context, services.browsers);
    },
  }) as Tool;
}
