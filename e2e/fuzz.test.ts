import { randomInt } from 'node:crypto';
import { expect, it } from 'vitest';
import { fuzz } from './fuzz.ts';

// Printed in the title, so that what a run found can be sent again: npm run fuzz -- --seed N
const ANEW = randomInt(1_000_000);

it.each([
  ['as in every run', 20_261_123],
  [`anew, seed ${ANEW}`, ANEW],
])(
  'a few seconds of requests by chance do no harm: %s [ACC-13 CALL-5]',
  async (_name, seed) => {
    const { found, requests } = await fuzz({ seconds: 5, seed });
    expect(found, `seed ${seed}`).toEqual([]);
    expect(requests).toBeGreaterThan(100);
  },
  60_000,
);
