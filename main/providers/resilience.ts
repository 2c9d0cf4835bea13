import {
  BrokenCircuitError,
  type CircuitBreakerPolicy,
  ConsecutiveBreaker,
  circuitBreaker,
  DelegateBackoff,
  handleWhen,
  type RetryPolicy,
  retry,
} from 'cockatiel';
import { ProviderFailure } from './failure.ts';

/** Times in milliseconds. */
export interface Patience {
  readonly firstMs: number;
  readonly mostMs: number;
  readonly attempts: number;
  readonly openMs: number;
  /** A provider that sends nothing for so long is given up. */
  readonly silenceMs: number;
}

/** Models may think for a while before they write: the longest silence is far from what a good one needs. */
export const PATIENCE: Patience = {
  firstMs: 500,
  mostMs: 20_000,
  attempts: 2,
  openMs: 30_000,
  silenceMs: 300_000,
};
/** So many failures in a row, and a provider is left alone for a while. */
const FAILURES = 5;

/** Tries again what may work soon, and leaves a provider alone that keeps failing. One for each provider. */
export class Resilience {
  readonly #retry: RetryPolicy;
  readonly #breaker: CircuitBreakerPolicy;

  constructor(patience: Patience) {
    this.#retry = retry(
      handleWhen((error) => error instanceof ProviderFailure && error.kind === 'busy'),
      {
        maxAttempts: patience.attempts,
        backoff: new DelegateBackoff(({ attempt, result }) => {
          const error = 'error' in result ? result.error : undefined;
          const asked = error instanceof ProviderFailure ? error.retryAfterMs : undefined;
          // Half of it by chance, so that clients do not come back all at once.
          const own = patience.firstMs * 2 ** (attempt - 1) * (0.5 + Math.random() / 2);
          return Math.min(patience.mostMs, Math.max(own, asked ?? 0));
        }),
      },
    );
    this.#breaker = circuitBreaker(
      handleWhen((error) => error instanceof ProviderFailure && error.kind !== 'refused'),
      { halfOpenAfter: patience.openMs, breaker: new ConsecutiveBreaker(FAILURES) },
    );
  }

  /** @throws ProviderFailure `down` at once while the provider is left alone */
  async run<T>(name: string, work: () => Promise<T>, signal: AbortSignal): Promise<T> {
    try {
      return await this.#retry.execute(() => this.#breaker.execute(work, signal), signal);
    } catch (error) {
      if (error instanceof BrokenCircuitError)
        throw new ProviderFailure(
          'down',
          `${name} failed several times in a row and is left alone for half a minute.`,
        );
      throw error;
    }
  }
}
