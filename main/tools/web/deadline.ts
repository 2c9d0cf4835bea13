import { FastbandError } from '../../core/errors.ts';
import type { Clock } from '../../ports.ts';

/** A signal that ends with the call, or after `seconds`; `stop` lets the clock go. */
export function deadline(
  signal: AbortSignal,
  clock: Clock,
  seconds: number,
): { readonly signal: AbortSignal; readonly stop: () => void } {
  const slow = new AbortController();
  const stop = clock.after(seconds * 1000, () =>
    slow.abort(
      new FastbandError(
        'timeout',
        `The answer was not complete after ${seconds} s (setting web.timeoutSeconds).`,
      ),
    ),
  );
  return { signal: AbortSignal.any([signal, slow.signal]), stop };
}
