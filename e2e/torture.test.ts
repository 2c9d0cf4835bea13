import { randomInt } from 'node:crypto';
import { expect, it } from 'vitest';
import { torture } from './torture.ts';

it('a few rounds of kill -9 at random moments lose nothing that was answered and loosen nothing [LOG-4 FLT-1]', async () => {
  const seed = randomInt(2 ** 31);
  const report = await torture({ rounds: 5, seed });
  expect(report).toMatchObject({ rounds: 5, lost: 0 });
  expect(report.rows).toBeGreaterThanOrEqual(report.acknowledged);
  // By chance all five may have been killed while they started.
  if (report.killedStarting < 5) expect(report.acknowledged).toBeGreaterThan(0);
});
