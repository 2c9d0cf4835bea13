import { z } from 'zod';

/** A length in CSS pixels. */
export const side = z.int().min(50).max(4000);
/** The screen that a page is shown on. */
export const VIEW = {
  viewport: z.strictObject({ width: side, height: side }).optional(),
  device: z.string().max(100).optional().describe('e.g. iPhone 15; a session keeps its own'),
  theme: z.enum(['light', 'dark']).optional(),
};

export interface View {
  readonly viewport: { readonly width: number; readonly height: number } | undefined;
  readonly device: string | undefined;
  readonly theme: 'light' | 'dark' | undefined;
}
