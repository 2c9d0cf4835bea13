import type { Clock } from '../ports.ts';
import { FastbandError } from './errors.ts';

/** Progress goes out this often at most, in milliseconds. */
const TELL_MS = 100;

export type Progress = (done: number, total: number) => void;

/** Long work that a person follows and may stop. Whoever starts it names it. */
export class Tasks {
  readonly #clock: Clock;
  readonly #tell: (task: string, done: number, total: number) => void;
  readonly #running = new Map<string, AbortController>();

  constructor(clock: Clock, tell: (task: string, done: number, total: number) => void) {
    this.#clock = clock;
    this.#tell = tell;
  }

  /**
   * Begins a task: what it is stopped by, and what it tells its progress to. `end` has to be called in the end.
   *
   * @param task - absent: nobody follows it and nobody can stop it
   * @throws FastbandError `conflict` when a task of this name runs
   */
  begin(task: string | undefined): { signal: AbortSignal; progress: Progress; end: () => void } {
    const stop = new AbortController();
    if (task === undefined) return { signal: stop.signal, progress: () => {}, end: () => {} };
    if (this.#running.has(task))
      throw new FastbandError('conflict', 'A task of this name runs already. Wait for it, or cancel it.');
    this.#running.set(task, stop);
    let told = Number.NEGATIVE_INFINITY;
    let latest = { done: 0, total: 0 };
    let forget: (() => void) | undefined;
    const still = () => {
      forget?.();
      forget = undefined;
    };
    const tell = () => {
      still();
      if (stop.signal.aborted) return;
      told = this.#clock.monotonic();
      this.#tell(task, latest.done, latest.total);
    };
    return {
      signal: stop.signal,
      progress: (done, total) => {
        latest = { done, total };
        const wait = told + TELL_MS - this.#clock.monotonic();
        if (done >= total || wait <= 0) tell();
        // Work may halt here: how far it came is told all the same.
        else forget ??= this.#clock.after(wait, tell);
      },
      end: () => {
        still();
        this.#running.delete(task);
      },
    };
  }

  /** Does work as a task. */
  async run<T>(
    task: string | undefined,
    work: (signal: AbortSignal, progress: Progress) => Promise<T>,
  ): Promise<T> {
    const { signal, progress, end } = this.begin(task);
    try {
      return await work(signal, progress);
    } finally {
      end();
    }
  }

  cancel(task: string): void {
    this.#running.get(task)?.abort(new FastbandError('cancelled', 'It was cancelled.'));
  }
}
