import { z } from 'zod';
import type { Tool } from '../../core/tool.ts';
import type { ToolServices } from '../services.ts';
import { defineTool } from '../tool.ts';
import { PLACE, planPlace, WAIT } from './place.ts';
import { side, VIEW } from './view.ts';

const corner = z.number().min(0).max(1_000_000);

/** A picture of a page, of a part of it, or of all of it. */
export function screenshot(services: ToolServices): Tool {
  return defineTool({
    name: 'screenshot',
    title: 'Take a screenshot',
    description: 'Opens a page in a browser and answers its picture.',
    group: 'browser',
    risk: 'net',
    contentOnly: true,
    input: z.strictObject({
      ...PLACE,
      ...WAIT,
      ...VIEW,
      fullPage: z.boolean().optional(),
      element: z.string().max(500).optional().describe('selector: CSS, text=…, role=button[name="Save"]'),
      clip: z.strictObject({ x: corner, y: corner, width: side, height: side }).optional(),
      mask: z.array(z.string().max(500)).max(20).optional().describe('selectors of secrets to cover'),
      format: z.enum(['png', 'jpeg']).optional(),
    }),
    output: z.object({
      picture: z.string(),
      url: z.string(),
      status: z.int().optional(),
      width: z.int(),
      height: z.int(),
      bytes: z.int(),
    }),
    async plan(input, context) {
      const { effects, data } = await planPlace(input, context, services);
      const { viewport, device, theme, element, clip, fullPage = false, mask = [], format = 'png' } = input;
      return {
        effects,
        data: {
          ...data,
          view: { viewport, device, theme },
          shot: {
            fullPage,
            element,
            clip,
            mask,
            type: format === 'png' ? ('image/png' as const) : ('image/jpeg' as const),
          },
        },
      };
    },
    async run({ data, effects }, context) {
      const { takeScreenshot } = await import('./take-screenshot.ts');
      return takeScreenshot(data, effects, context, services);
    },
  }) as Tool;
}
