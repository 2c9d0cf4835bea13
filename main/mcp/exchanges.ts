import type { ServerResponse } from 'node:http';
import type { Clock } from '../ports.ts';

/** Bytes that are held for one client: bodies of requests under way, and answers that it has not read. */
export const MAX_HELD = 64 * 1024 * 1024;
/** Whoever takes so long for what was written at once (8 MB at most) is cut off. */
export const STALLED_MS = 60_000;

/** One request and its answer, streams included. */
export class Exchange {
  readonly #controller = new AbortController();
  readonly #res: ServerResponse;
  readonly #clock: Clock;
  /** Those of its client, itself among them. */
  readonly #all: ReadonlySet<Exchange>;
  readonly #most: number;
  #body = 0;
  #messages = 1;
  #watching = false;

  constructor(res: ServerResponse, clock: Clock, all: ReadonlySet<Exchange>, most: number) {
    this.#res = res;
    this.#clock = clock;
    this.#all = all;
    this.#most = most;
  }

  /** Aborted when the connection is lost before the answer is out, or the client was revoked. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  abort(): void {
    this.#controller.abort();
  }

  /** @returns false when the client has as much under way as it may: no more of the body is to be read */
  took(bytes: number): boolean {
    this.#body += bytes;
    return this.#heldByAll() <= MAX_HELD;
  }

  /** @returns false when that is more than the client may have under way */
  brought(messages: number): boolean {
    this.#messages = messages;
    let all = 0;
    for (const one of this.#all) all += one.#messages;
    return all <= this.#most;
  }

  /** To be called when something was written. A reader that does not read must not make the host hold it for them. */
  wrote(): void {
    if (this.#res.destroyed || this.#res.writableLength === 0) return;
    if (this.#heldByAll() > MAX_HELD) this.#res.destroy();
    else this.#watch();
  }

  #heldByAll(): number {
    let bytes = 0;
    for (const one of this.#all) bytes += one.#body + one.#res.writableLength;
    return bytes;
  }

  #watch(): void {
    if (this.#watching) return;
    this.#watching = true;
    const waiting = this.#res.writableLength;
    const stop = this.#clock.after(STALLED_MS, () => {
      this.#res.off('close', stop);
      this.#watching = false;
      if (this.#res.destroyed || this.#res.writableLength === 0) return;
      if (this.#res.writableLength >= waiting) this.#res.destroy();
      else this.#watch();
    });
    this.#res.once('close', stop);
  }
}

/** What is under way for each client. */
export class Exchanges {
  /** Messages that one client has under way at once, those of a batch counted singly. */
  most = 512;
  readonly #clock: Clock;
  readonly #byClient = new Map<string, Set<Exchange>>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** How many clients have something under way. */
  get size(): number {
    return this.#byClient.size;
  }

  has(clientId: string): boolean {
    return this.#byClient.has(clientId);
  }

  begin(clientId: string, res: ServerResponse): Exchange {
    const mine = this.#byClient.get(clientId) ?? new Set();
    this.#byClient.set(clientId, mine);
    const exchange = new Exchange(res, this.#clock, mine, this.most);
    mine.add(exchange);
    res.on('close', () => {
      if (!res.writableFinished) exchange.abort();
      mine.delete(exchange);
      if (mine.size === 0 && this.#byClient.get(clientId) === mine) this.#byClient.delete(clientId);
    });
    return exchange;
  }

  abort(clientId: string): void {
    for (const exchange of this.#byClient.get(clientId) ?? []) exchange.abort();
  }
}
