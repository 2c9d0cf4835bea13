import { z } from 'zod';
import type { Tool } from '../../core/tool.ts';
import type { ToolServices } from '../services.ts';
import { defineTool } from '../tool.ts';
import { PLACE, planPlace, WAIT } from './place.ts';

/** What a page says to a screen reader, as text: cheaper to read than a picture, and exact. */
export function pageSnapshot(services: ToolServices): Tool {
  return defineTool({
    name: 'page_snapshot',
    title: 'Read a page as a screen reader does',
    description: 'Answers the accessibility tree of a page, or of the element, as text.',
    group: 'browser',
    risk: 'net',
    contentOnly: true,
    input: z.strictObject({
      ...PLACE,
      ...WAIT,
      element: z.string().max(500).optional().describe('selector'),
    }),
    output: z.object({ url: z.string(), text: z.string(), cut: z.boolean() }),
    async plan(input, context) {
      const { effects, data } = await planPlace(input, context, services);
      return { effects, data: { ...data, element: input.element } };
    },
    async run({ data, effects }, context) {
      const { readSnapshot } = await import('./look.ts');
      return readSnapshot(data, effects, context, services.browsers);
    },
  }) as Tool;
}
