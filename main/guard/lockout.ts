import type { Clock } from '../ports.ts';

const WINDOW_MS = 60_000;
const MAX_FAILURES = 10;

/** Stops guessing: after ten failures within a minute nothing more is tried for a minute. */
export class Lockout {
  readonly #clock: Pick<Clock, 'monotonic'>;
  #failures: number[] = [];
  #until = Number.NEGATIVE_INFINITY;

  constructor(clock: Pick<Clock, 'monotonic'>) {
    this.#clock = clock;
  }

  /** Whole seconds until the next try, 0 when one may be made now. */
  secondsLeft(): number {
    return Math.max(0, Math.ceil((this.#until - this.#clock.monotonic()) / 1000));
  }

  fail(): void {
    const now = this.#clock.monotonic();
    this.#failures = [...this.#failures.filter((at) => now - at < WINDOW_MS), now];
    if (this.#failures.length < MAX_FAILURES) return;
    this.#until = now + WINDOW_MS;
    this.#failures = [];
  }
}
