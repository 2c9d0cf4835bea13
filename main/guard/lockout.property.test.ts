import fc from 'fast-check';
import { expect, test } from 'vitest';
import { runs } from '../core/property-testing.ts';
import { Lockout } from './lockout.ts';

const MINUTE = 60_000;

test('whoever guesses whenever they may has ten guesses in any minute, however they spread them [ACC-10]', () => {
  const pause = fc.oneof(
    { weight: 8, arbitrary: fc.nat(9000) },
    { weight: 1, arbitrary: fc.nat(90_000) },
    { weight: 1, arbitrary: fc.constantFrom(0, MINUTE - 1, MINUTE) },
  );
  const pauses = fc.array(pause, { maxLength: 120, size: 'max' });
  fc.assert(
    fc.property(pauses, (waits) => {
      let now = 0;
      const lockout = new Lockout({ monotonic: () => now });
      const guesses: number[] = [];
      for (const wait of waits) {
        now += wait;
        const left = lockout.secondsLeft();
        expect(left).toBeLessThanOrEqual(60);
        if (left > 0) continue;
        lockout.fail();
        guesses.push(now);
        const lately = guesses.filter((at) => now - at < MINUTE).length;
        expect(lately).toBeLessThanOrEqual(10);
        // Nobody is kept out who guessed less often.
        if (lately < 10) expect(lockout.secondsLeft()).toBe(0);
      }
    }),
    runs(500),
  );
});
