import { FastbandError } from '../../core/errors.ts';
import type { Child, Ports } from '../../ports.ts';
import type { DatabaseFile, FromSqlite, Job, ToSqlite } from './jobs.ts';

const MAX_PROCESSES = 3;
/** A process that nobody needed for so long is ended. */
const IDLE_MS = 30_000;

export interface RunOptions {
  readonly signal: AbortSignal;
  readonly seconds: number;
  /** A change that has its lock and waits: resolves when it may go on. */
  readonly locked?: (state: { readonly whole: boolean }) => Promise<void>;
}

interface Process {
  readonly child: Child;
  busy: boolean;
  /** Whoever waits for its answer. */
  hear: ((message: FromSqlite | 'gone') => void) | undefined;
  /** What it last answered: its next page is quickest there. */
  last: string;
  stopIdle: () => void;
}

/** SQLite in processes of its own, each for one call at a time. What has to stop is ended with its process. */
export class Sqlite {
  readonly #ports: Pick<Ports, 'fork' | 'clock'>;
  readonly #processes = new Set<Process>();
  readonly #queue: (() => void)[] = [];
  #ids = 0;

  constructor(ports: Pick<Ports, 'fork' | 'clock'>) {
    this.#ports = ports;
  }

  /** Processes that are there now. */
  get size(): number {
    return this.#processes.size;
  }

  /** @throws FastbandError what the process refuses with; `timeout`; `limit_reached`; the signal's reason */
  async run<T>(file: DatabaseFile, job: Job, options: RunOptions): Promise<T> {
    options.signal.throwIfAborted();
    const key = JSON.stringify([file, 'sql' in job ? job.sql : '']);
    const process = await this.#take(key, options.signal);
    try {
      return (await this.#ask(process, file, job, options)) as T;
    } finally {
      process.last = key;
      this.#giveBack(process);
    }
  }

  /** Ends every process. */
  close(): void {
    for (const process of this.#processes) process.child.kill();
  }

  #ask(process: Process, file: DatabaseFile, job: Job, options: RunOptions): Promise<unknown> {
    const { signal, seconds, locked } = options;
    const id = ++this.#ids;
    const { child } = process;
    const send = (message: ToSqlite) => child.send(message);
    return new Promise<unknown>((resolve, reject) => {
      const stopTimer = this.#ports.clock.after(seconds * 1000, () =>
        stop(
          new FastbandError(
            'timeout',
            `The query was stopped after ${seconds} s (setting databases.timeoutSeconds).`,
          ),
        ),
      );
      const onAbort = () => stop(signal.reason);
      const settle = (finish: () => void) => {
        stopTimer();
        signal.removeEventListener('abort', onAbort);
        process.hear = undefined;
        finish();
      };
      const stop = (reason: unknown) => {
        this.#drop(process);
        settle(() => reject(reason));
      };
      signal.addEventListener('abort', onAbort, { once: true });
      process.hear = (message) => {
        if (message === 'gone')
          return settle(() =>
            reject(
              new FastbandError(
                'limit_reached',
                'The query needed more than 512 MB of memory, or SQLite could not bear this file. It was ended.',
              ),
            ),
          );
        if (message.id !== id) return;
        if ('locked' in message) {
          (locked?.(message.locked) ?? Promise.resolve()).then(
            () => send({ id, go: true }),
            (error: unknown) => stop(error),
          );
        } else if ('error' in message) {
          const { code, message: text } = message.error;
          settle(() => reject(new FastbandError(code, text)));
        } else settle(() => resolve(message.value));
      };
      send({ id, file, job, seconds });
    });
  }

  async #take(key: string, signal: AbortSignal): Promise<Process> {
    for (;;) {
      signal.throwIfAborted();
      const free = [...this.#processes].filter(({ busy }) => !busy);
      const process =
        free.find(({ last }) => last === key) ??
        free[0] ??
        (this.#processes.size < MAX_PROCESSES ? this.#start() : undefined);
      if (process !== undefined) {
        process.busy = true;
        process.stopIdle();
        return process;
      }
      await new Promise<void>((resolve) => {
        const next = () => {
          signal.removeEventListener('abort', next);
          const at = this.#queue.indexOf(next);
          if (at !== -1) this.#queue.splice(at, 1);
          resolve();
        };
        this.#queue.push(next);
        signal.addEventListener('abort', next, { once: true });
      });
    }
  }

  #giveBack(process: Process): void {
    process.busy = false;
    process.stopIdle = this.#ports.clock.after(IDLE_MS, () => this.#drop(process));
    this.#queue[0]?.();
  }

  #drop(process: Process): void {
    this.#processes.delete(process);
    process.child.kill();
  }

  #start(): Process {
    // From source Node runs the TypeScript itself; a build puts the bundled file beside its other files.
    const file = import.meta.url.endsWith('.ts') ? './sqlite-process.ts' : './sqlite-process.js';
    const child = this.#ports.fork(new URL(file, import.meta.url));
    const process: Process = { child, busy: false, hear: undefined, last: '', stopIdle: () => {} };
    this.#processes.add(process);
    child.onMessage((message) => process.hear?.(message as FromSqlite));
    child.onExit(() => {
      this.#processes.delete(process);
      process.stopIdle();
      process.hear?.('gone');
      this.#queue[0]?.();
    });
    return process;
  }
}
