import { Worker } from 'node:worker_threads';
import type { AuditFilter, AuditSearchInput } from '../../contract/audit.ts';
import type { WireError } from '../../contract/errors.ts';
import { FastbandError } from '../core/errors.ts';
import type { Log } from '../ports.ts';

export type ReaderQuestion =
  | { readonly op: 'search'; readonly input: AuditSearchInput }
  | { readonly op: 'verify'; readonly key: Uint8Array }
  | { readonly op: 'export'; readonly format: 'jsonl' | 'csv'; readonly filter: AuditFilter; readonly after: number; readonly upTo: number }
  | { readonly op: 'forget'; readonly upTo: number }
  | { readonly op: 'index' };

export interface ReaderAnswer {
  readonly id: number;
  readonly value?: unknown;
  readonly error?: WireError;
}

/** Rows are indexed so long after they came, many at a time, unless a search wants them sooner. */
const INDEX_DELAY_MS = 2000;

/** The worker thread behind the log, started when first asked and ended with the process. */
export class Reader {
  readonly #home: string;
  readonly #log: Log;
  readonly #open = new Map<number, { resolve: (value: unknown) => void; reject: (error: Error) => void }>();
  #worker: Worker | undefined;
  #ids = 0;
  #nudged: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(home: string, log: Log) {
    this.#home = home;
    this.#log = log;
  }

  /** @throws FastbandError what the worker refuses with; `internal` when it died */
  ask<T>(question: ReaderQuestion): Promise<T> {
    const worker = this.#start();
    const id = ++this.#ids;
    return new Promise<T>((resolve, reject) => {
      this.#open.set(id, { resolve: resolve as (value: unknown) => void, reject });
      worker.ref();
      worker.postMessage({ id, question });
    });
  }

  /** Says that there are new rows. Costs nothing but a timer now and then. */
  nudge(): void {
    if (this.#nudged !== undefined || this.#closed) return;
    this.#nudged = setTimeout(() => {
      this.#nudged = undefined;
      this.ask({ op: 'index' }).catch((error: unknown) => this.#log.warn({ err: error }, 'the audit index is behind'));
    }, INDEX_DELAY_MS);
    this.#nudged.unref();
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#nudged);
    void this.#worker?.terminate();
  }

  #start(): Worker {
    if (this.#closed) throw new FastbandError('server_stopped', 'Fastband is stopping.');
    if (this.#worker !== undefined) return this.#worker;
    const file = import.meta.url.endsWith('.ts') ? './reader-worker.ts' : './reader-worker.js';
    const worker = new Worker(new URL(file, import.meta.url), { workerData: { home: this.#home }, name: 'audit-reader', execArgv: [] });
    worker.on('message', ({ id, value, error }: ReaderAnswer) => {
      const waiting = this.#open.get(id);
      this.#open.delete(id);
      if (this.#open.size === 0) worker.unref();
      if (error === undefined) waiting?.resolve(value);
      else waiting?.reject(new FastbandError(error.code, error.message));
    });
    const died = (cause?: unknown) => {
      if (this.#worker === worker) this.#worker = undefined;
      for (const { reject } of this.#open.values()) reject(new FastbandError('internal', 'Reading the audit log failed. Try again.', { cause }));
      this.#open.clear();
    };
    worker.on('error', died);
    worker.on('exit', () => died());
    worker.unref();
    this.#worker = worker;
    return worker;
  }
}
