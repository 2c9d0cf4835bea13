/** Counts requests for each client in a bucket that refills steadily: a full minute's worth may come at once. */
export class RateLimiter {
  readonly #now: () => number;
  readonly #buckets = new Map<string, { tokens: number; at: number }>();

  /** @param now - milliseconds that only grow */
  constructor(now: () => number) {
    this.#now = now;
  }

  /**
   * Takes one request from a client's bucket.
   *
   * @param perMinute - requests a minute; 0 for no limit
   * @returns seconds to wait before another try, or 0 when the request may go on
   */
  take(clientId: string, perMinute: number): number {
    if (perMinute === 0) return 0;
    const now = this.#now();
    const bucket = this.#buckets.get(clientId) ?? { tokens: perMinute, at: now };
    const perMs = perMinute / 60_000;
    bucket.tokens = Math.min(perMinute, bucket.tokens + (now - bucket.at) * perMs);
    bucket.at = now;
    this.#buckets.set(clientId, bucket);
    if (bucket.tokens >= 1) {
      bucket.tokens -= 1;
      return 0;
    }
    return Math.max(1, Math.ceil((1 - bucket.tokens) / perMs / 1000));
  }

  forget(clientId: string): void {
    this.#buckets.delete(clientId);
  }
}
