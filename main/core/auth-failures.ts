import type { Clock } from '../ports.ts';

const WINDOW_MS = 60_000;

/**
 * Turns failed authentications into few audit rows: the first of a kind at once, the rest of that minute as one
 * count. Whoever guesses tokens must not be able to fill the log or the disk.
 */
export class AuthFailures {
  readonly #clock: Clock;
  readonly #append: (summary: string) => void;
  readonly #repeats = new Map<string, number>();

  constructor(clock: Clock, append: (summary: string) => void) {
    this.#clock = clock;
    this.#append = append;
  }

  /** @param what - one of a few fixed texts, never anything that the request said */
  record(what: string): void {
    const repeats = this.#repeats.get(what);
    if (repeats !== undefined) {
      this.#repeats.set(what, repeats + 1);
      return;
    }
    this.#repeats.set(what, 0);
    this.#clock.after(WINDOW_MS, () => this.#close(what));
    this.#try(`Refused ${what}.`);
  }

  /** Writes what has been counted so far. */
  flush(): void {
    for (const what of [...this.#repeats.keys()]) this.#close(what);
  }

  #close(what: string): void {
    const repeats = this.#repeats.get(what) ?? 0;
    this.#repeats.delete(what);
    if (repeats > 0)
      this.#try(`Refused ${what}, ${repeats} more ${repeats === 1 ? 'time' : 'times'} within a minute.`);
  }

  #try(summary: string): void {
    try {
      this.#append(summary);
    } catch {
      // The log cannot be written: calls are being refused for that reason, and the status says so.
    }
  }
}
