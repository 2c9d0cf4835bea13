import { z } from 'zod';
import type { Tool } from '../../core/tool.ts';
import type { ToolServices } from '../services.ts';
import { defineTool } from '../tool.ts';
import { PLACE, planPlace, WAIT } from './place.ts';

/** What went wrong on a page, for whoever builds it. */
export function pageConsole(services: ToolServices): Tool {
  return defineTool({
    name: 'page_console',
    title: 'Read a page’s console',
    description: 'Answers console messages, errors and failed requests of a page, with where they came from.',
    group: 'browser',
    risk: 'net',
    contentOnly: true,
    input: z.strictObject({ ...PLACE, ...WAIT, errorsOnly: z.boolean().optional() }),
    output: z.object({
      url: z.string(),
      events: z.array(z.object({ kind: z.string(), text: z.string(), at: z.string().optional() })),
      dropped: z.int(),
    }),
    async plan(input, context) {
      const { effects, data } = await planPlace(input, context, services);
      return { effects, data: { ...data, errorsOnly: input.errorsOnly ?? false } };
    },
    async run({ data, effects }, context) {
      const { readConsole } = await import('./look.ts');
      return readConsole(data, effects, context, services.browsers);
    },
  }) as Tool;
}
