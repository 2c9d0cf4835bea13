import { z } from 'zod';
import type { Tool } from '../../core/tool.ts';
import type { ToolServices } from '../services.ts';
import { defineTool } from '../tool.ts';
import { sourceOf } from './picture-source.ts';

const source = z.string().max(4096);

/** Where two pictures differ. */
export function compareScreenshots(services: ToolServices): Tool {
  return defineTool({
    name: 'compare_screenshots',
    title: 'Compare two pictures',
    description: 'Answers how much of two pictures differs, and a picture of where.',
    group: 'browser',
    risk: 'read',
    contentOnly: true,
    input: z.strictObject({
      before: source.describe('a picture’s id or fastband://pictures/ID, or the path of a PNG'),
      after: source,
      threshold: z.number().min(0).max(1).optional().describe('per pixel; default 0.1'),
    }),
    output: z.object({
      ratio: z.number(),
      pixels: z.int(),
      width: z.int(),
      height: z.int(),
      sameSize: z.boolean(),
      picture: z.string(),
    }),
    async plan({ before, after, threshold = 0.1 }, context) {
      const sources = [await sourceOf(before, context), await sourceOf(after, context)] as const;
      return {
        effects: sources.flatMap((one) =>
          one.kind === 'file' ? [{ kind: 'read' as const, workspace: one.workspace, path: one.path }] : [],
        ),
        data: { before: sources[0], after: sources[1], threshold },
      };
    },
    async run({ data }, context) {
      const { comparePictures } = await import('./compare-pictures.ts');
      return comparePictures(data, context, services);
    },
  }) as Tool;
}
