import { z } from 'zod';

export const Parameters = z
  .array(z.union([z.string().max(1_000_000), z.number(), z.boolean(), z.null()]))
  .max(200);

export const RowsOutput = z.object({
  columns: z.array(z.object({ name: z.string(), type: z.string().nullable() })),
  rows: z.array(z.array(z.unknown())),
  more: z.boolean(),
  shortened: z.int(),
  changes: z.int().optional(),
});
