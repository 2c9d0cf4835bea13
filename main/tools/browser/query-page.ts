import { z } from 'zod';
import type { Tool } from '../../core/tool.ts';
import type { ToolServices } from '../services.ts';
import { defineTool } from '../tool.ts';
import { PLACE, planPlace, WAIT } from './place.ts';

/** Elements of a page, by a selector. A selector is data: nothing that an agent writes is ever run on a page. */
export function queryPage(services: ToolServices): Tool {
  return defineTool({
    name: 'query_page',
    title: 'Look up elements of a page',
    description: 'Answers tag, text, attributes and box of the elements that a selector matches.',
    group: 'browser',
    risk: 'net',
    contentOnly: true,
    input: z.strictObject({
      ...PLACE,
      ...WAIT,
      selector: z.string().min(1).max(500),
      limit: z.int().min(1).max(200).optional().describe('default 20'),
    }),
    output: z.object({
      url: z.string(),
      matches: z.int(),
      elements: z.array(
        z.object({
          tag: z.string(),
          text: z.string(),
          attributes: z.record(z.string(), z.string()),
          box: z.object({ x: z.number(), y: z.number(), width: z.number(), height: z.number() }),
          visible: z.boolean(),
        }),
      ),
    }),
    async plan(input, context) {
      const { effects, data } = await planPlace(input, context, services);
      return { effects, data: { ...data, selector: input.selector, limit: input.limit ?? 20 } };
    },
    async run({ data, effects }, context) {
      const { queryElements } = await import('./look.ts');
      return queryElements(data, effects, context, services.browsers);
    },
  }) as Tool;
}
