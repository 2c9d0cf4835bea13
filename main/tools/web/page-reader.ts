import { Worker } from 'node:worker_threads';
import { FastbandError } from '../../core/errors.ts';
import type { Clock } from '../../ports.ts';

export type PageQuestion =
  | {
      readonly op: 'page';
      readonly html: string;
      readonly url: string;
      readonly format: 'markdown' | 'text';
      readonly full: boolean;
    }
  | { readonly op: 'robots'; readonly origin: string; readonly rules: string; readonly url: string };

export type PageAnswer =
  | { readonly op: 'page'; readonly title: string; readonly text: string; readonly plain: boolean }
  | { readonly op: 'robots'; readonly allowed: boolean };

/** At once; further questions wait. */
const MAX_WORKERS = 2;
/** A page that takes longer was made to. */
const LIMIT_MS = 10_000;
/** An idle thread keeps its memory for this long. */
const IDLE_MS = 15_000;

/**
 * Threads that read what strangers wrote. A hostile page can take a parser's time and memory, and there it takes them
 * from nobody: each question has a limit of both, and the thread that goes over it is ended.
 */
export class PageReader {
  #idle: { readonly worker: Worker; readonly stopTimer: () => void } | undefined;
  readonly #busy = new Set<Worker>();
  readonly #waiting: (() => void)[] = [];
  #closed = false;

  /** @throws FastbandError `fetch_failed` when it cannot be read within the limits; the signal's reason */
  async ask(question: PageQuestion, clock: Clock, signal: AbortSignal): Promise<PageAnswer> {
    while (this.#busy.size >= MAX_WORKERS) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    let worker: Worker | undefined;
    try {
      signal.throwIfAborted();
      if (this.#closed) throw new FastbandError('server_stopped', 'Fastband is stopping.');
      worker = this.#take();
      const answer = await this.#answer(worker, question, clock, signal);
      this.#busy.delete(worker);
      this.#rest(worker, clock);
      return answer;
    } catch (error) {
      if (worker !== undefined) {
        this.#busy.delete(worker);
        void worker.terminate();
      }
      throw error;
    } finally {
      this.#waiting.shift()?.();
    }
  }

  /** Ends every thread. What is being read is refused. */
  close(): void {
    this.#closed = true;
    this.#idle?.stopTimer();
    void this.#idle?.worker.terminate();
    this.#idle = undefined;
    for (const worker of this.#busy) void worker.terminate();
  }

  #take(): Worker {
    this.#idle?.stopTimer();
    const worker = this.#idle?.worker ?? startWorker();
    this.#idle = undefined;
    this.#busy.add(worker);
    return worker;
  }

  #rest(worker: Worker, clock: Clock): void {
    worker.unref();
    if (this.#closed || this.#idle !== undefined) {
      void worker.terminate();
      return;
    }
    const idle = {
      worker,
      stopTimer: clock.after(IDLE_MS, () => {
        if (this.#idle === idle) this.#idle = undefined;
        void worker.terminate();
      }),
    };
    this.#idle = idle;
    // One that dies while it rests must not be asked.
    worker.once('exit', () => {
      if (this.#idle === idle) this.#idle = undefined;
    });
  }

  #answer(worker: Worker, question: PageQuestion, clock: Clock, signal: AbortSignal): Promise<PageAnswer> {
    let stop = () => {};
    return new Promise<PageAnswer>((resolve, reject) => {
      const tooMuch = (cause?: unknown) =>
        reject(
          new FastbandError(
            'fetch_failed',
            'This page is too large or too tangled to be read. Ask for format "raw".',
            { cause },
          ),
        );
      const stopClock = clock.after(LIMIT_MS, () => tooMuch());
      const onAbort = () => reject(signal.reason);
      signal.addEventListener('abort', onAbort, { once: true });
      const onMessage = (answer: PageAnswer | { readonly op: 'failed' }) =>
        answer.op === 'failed' ? tooMuch() : resolve(answer);
      const onExit = () => tooMuch();
      worker.on('message', onMessage);
      worker.on('error', tooMuch);
      worker.on('exit', onExit);
      stop = () => {
        stopClock();
        signal.removeEventListener('abort', onAbort);
        worker.off('message', onMessage);
        worker.off('error', tooMuch);
        worker.off('exit', onExit);
      };
      worker.ref();
      worker.postMessage(question);
    }).finally(() => stop());
  }
}

function startWorker(): Worker {
  // From source Node runs the TypeScript itself; a build puts the bundled worker beside its other files.
  const file = import.meta.url.endsWith('.ts') ? './page-worker.ts' : './page-worker.js';
  const worker = new Worker(new URL(file, import.meta.url), {
    name: 'page-reader',
    execArgv: [],
    // Whatever secret came in through the environment is nothing to a reader of pages.
    env: {},
    resourceLimits: { maxOldGenerationSizeMb: 512, maxYoungGenerationSizeMb: 64 },
  });
  // An error that nobody waits for any more must not end the process.
  worker.on('error', () => {});
  return worker;
}
