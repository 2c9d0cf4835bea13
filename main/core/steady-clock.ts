import type { Clock } from '../ports.ts';

/**
 * The time in which allowances end. Where the system's clock is set back it goes on from the latest time that was
 * known, so that an hour is an hour at most; where it is set forward it follows.
 *
 * @param since - no time before this is believed, in milliseconds since the epoch
 */
export function steadyClock(clock: Clock, since = 0): Clock {
  let latest = Math.max(since, clock.now());
  let at = clock.monotonic();
  return {
    now() {
      const mark = clock.monotonic();
      latest = Math.max(clock.now(), latest + Math.max(0, mark - at));
      at = mark;
      // Times are kept in whole milliseconds; what a system's clock has grown by is not whole.
      return Math.floor(latest);
    },
    monotonic: () => clock.monotonic(),
    after: (ms, run) => clock.after(ms, run),
  };
}
