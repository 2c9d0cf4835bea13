import type { z } from 'zod';
import { FastbandError } from '../core/errors.ts';

/**
 * Parses a stored policy row. A row that cannot be understood is never passed over: one denial less would allow more.
 *
 * @throws FastbandError `policy_unavailable`
 */
export function parsePolicyRow<T>(schema: z.ZodType<T>, text: string, extra: object): T {
  try {
    return schema.parse({ ...(JSON.parse(text) as object), ...extra });
  } catch (error) {
    throw new FastbandError('policy_unavailable', 'A stored rule or grant cannot be read, so everything is denied. Run "fastband doctor".', { cause: error });
  }
}
