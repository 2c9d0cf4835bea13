import { Worker } from 'node:worker_threads';
import type { AuditIndexInput, AuditSearchInput } from '../../contract/audit.ts';
import type { WireError } from '../../contract/errors.ts';
import { FastbandError } from '../core/errors.ts';
import type { ExportQuestion } from './audit-export.ts';
import type { StatsQuestion } from './audit-stats.ts';

export type ReaderQuestion =
  | { readonly op: 'search'; readonly input: AuditSearchInput }
  | ({ readonly op: 'export' } & ExportQuestion)
  | { readonly op: 'index'; readonly input: AuditIndexInput }
  | ({ readonly op: 'stats' } & StatsQuestion)
  /** Checks a stretch of the chain. */
  | { readonly op: 'walk'; readonly from: number; readonly to: number }
  /** Empties the write-ahead log when it has grown, and indexes new rows if told so. */
  | { readonly op: 'upkeep'; readonly index: boolean }
  /** Leaves the index as far as it is, until the next search that wants it. */
  | { readonly op: 'rest' };

export interface ReaderAnswer {
  readonly id: number;
  readonly value?: unknown;
  readonly error?: WireError;
  /** Not the answer yet: how far it is. */
  readonly progress?: number;
  /** No answer at all: how many rows the index holds of those that there are, while it is made between questions. */
  readonly indexed?: { readonly done: number; readonly total: number };
}

interface Waiting {
  readonly background: boolean;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** The worker thread that reads the log. Started when first asked; a process may end while it is idle. */
export class Reader {
  readonly #home: string;
  readonly #waiting = new Map<number, Waiting>();
  #worker: Worker | undefined;
  #ids = 0;
  #closed = false;
  /** Told how far the index is, while it is made. */
  onIndexed: (done: number, total: number) => void = () => {};

  constructor(home: string) {
    this.#home = home;
  }

  /**
   * @param options - `background`: the process may end before the answer comes
   * @throws FastbandError what the worker refuses with; `internal` when it died, `server_stopped` after `close`
   */
  ask<T>(
    question: ReaderQuestion,
    { background = false }: { readonly background?: boolean } = {},
  ): Promise<T> {
    if (this.#closed) return Promise.reject(stopped());
    this.#worker ??= this.#start();
    const worker = this.#worker;
    const id = ++this.#ids;
    return new Promise<T>((resolve, reject) => {
      this.#waiting.set(id, { background, resolve: resolve as (value: unknown) => void, reject });
      this.#hold(worker);
      worker.postMessage({ id, question });
    });
  }

  /** Ends the worker. What still waits is refused. */
  close(): void {
    this.#closed = true;
    this.#refuseAll(stopped());
    void this.#worker?.terminate();
    this.#worker = undefined;
  }

  #start(): Worker {
    const worker = startWorker(this.#home);
    worker.on('message', ({ id, value, error, indexed }: ReaderAnswer) => {
      if (indexed !== undefined) return this.onIndexed(indexed.done, indexed.total);
      const waiting = this.#waiting.get(id);
      this.#waiting.delete(id);
      this.#hold(worker);
      if (error === undefined) waiting?.resolve(value);
      else waiting?.reject(new FastbandError(error.code, error.message));
    });
    let cause: unknown;
    worker.on('error', (error) => {
      cause = error;
    });
    worker.on('exit', () => {
      // The next question starts another one.
      if (this.#worker !== worker) return;
      this.#worker = undefined;
      this.#refuseAll(
        new FastbandError('internal', 'Reading the audit log failed. Try again; Fastband’s log says more.', {
          cause,
        }),
      );
    });
    return worker;
  }

  /** Keeps the process alive for as long as someone waits for an answer. */
  #hold(worker: Worker): void {
    if ([...this.#waiting.values()].some((one) => !one.background)) worker.ref();
    else worker.unref();
  }

  #refuseAll(error: FastbandError): void {
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
  }
}

export interface AskOnceOptions {
  /** Ends the worker; the question is refused with the signal's reason. */
  readonly signal?: AbortSignal;
  readonly progress?: (done: number) => void;
}

/** Asks a worker of its own, which ends with its answer. */
export async function askOnce<T>(
  home: string,
  question: ReaderQuestion,
  { signal, progress }: AskOnceOptions = {},
): Promise<T> {
  signal?.throwIfAborted();
  const worker = startWorker(home);
  let stop = () => {};
  try {
    return await new Promise<T>((resolve, reject) => {
      stop = () => reject(signal?.reason);
      signal?.addEventListener('abort', stop);
      worker.on('message', ({ value, error, progress: done }: ReaderAnswer) => {
        if (done !== undefined) progress?.(done);
        else if (error === undefined) resolve(value as T);
        else reject(new FastbandError(error.code, error.message));
      });
      worker.on('error', (cause) =>
        reject(new FastbandError('internal', 'Reading the audit log failed. Try again.', { cause })),
      );
      worker.on('exit', () =>
        reject(new FastbandError('internal', 'Reading the audit log was cut off. Try again.')),
      );
      worker.postMessage({ id: 1, question });
    });
  } finally {
    signal?.removeEventListener('abort', stop);
    await worker.terminate();
  }
}

function startWorker(home: string): Worker {
  // From source Node runs the TypeScript itself; a build puts the bundled worker beside its other files.
  const file = import.meta.url.endsWith('.ts') ? './reader-worker.ts' : './reader-worker.js';
  // An environment of its own: whatever secret came in through ours is nothing to a reader.
  return new Worker(new URL(file, import.meta.url), {
    workerData: { home },
    name: 'audit-reader',
    execArgv: [],
    env: {},
  });
}

function stopped(): FastbandError {
  return new FastbandError('server_stopped', 'Fastband is stopping.');
}
