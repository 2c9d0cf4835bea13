import { expect, it } from 'vitest';
import { fuzz } from './fuzz.ts';

it('a few seconds of requests by chance do no harm [ACC-13 CALL-5]', async () => {
  const { found, requests } = await fuzz({ seconds: 5, seed: 20_261_123 });
  expect(found).toEqual([]);
  expect(requests).toBeGreaterThan(100);
}, 60_000);
