import { z } from 'zod';
import { previewTitle } from '../../../contract/sentences.ts';
import type { Tool } from '../../core/tool.ts';
import type { ToolServices } from '../services.ts';
import { defineTool } from '../tool.ts';
import { netEffect } from './effect.ts';
import { PLACE, parsePage, planPlace, WAIT } from './place.ts';
import { refuseUnfit, Step, stepWords } from './steps.ts';
import { VIEW } from './view.ts';

/** Uses a page as a person would, step by step. */
export function usePage(services: ToolServices): Tool {
  return defineTool({
    name: 'use_page',
    title: 'Use a page',
    description: 'Does steps on a page, in order; stops at the first that fails and says which.',
    group: 'browser',
    risk: 'net',
    contentOnly: true,
    input: z.strictObject({ ...PLACE, ...WAIT, ...VIEW, steps: z.array(Step).min(1).max(50) }),
    output: z.object({
      url: z.string(),
      done: z.int(),
      failed: z.string().optional(),
      pictures: z.array(z.string()),
    }),
    async plan(input, context) {
      const { viewport, device, theme, steps } = input;
      for (const [at, step] of steps.entries()) refuseUnfit(step, at + 1);
      const { effects, data } = await planPlace(input, context, services);
      for (const step of steps) {
        if (step.do !== 'goto') continue;
        const effect = netEffect('GET', parsePage(step.value ?? '', services.net));
        if (!effects.some((one) => one.kind === 'net' && one.url === effect.url)) effects.push(effect);
      }
      return {
        effects,
        data: { ...data, view: { viewport, device, theme }, steps },
        preview: () => ({
          previews: [
            {
              kind: 'text' as const,
              title: previewTitle('steps'),
              text: steps.map((step, at) => `${at + 1}. ${stepWords(step)}`).join('\n'),
              omitted: 0,
            },
          ],
          warnings: [],
        }),
      };
    },
    async run({ data, effects }, context) {
      const { takeSteps } = await import('./take-steps.ts');
      return takeSteps(data, effects, context, services);
    },
  }) as Tool;
}
