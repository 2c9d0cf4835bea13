/** Counts requests for each client in a bucket that refills steadily: a full minute's worth may come at once. */
export class RateLimiter {
  readonly #now: () => number;
  readonly #buckets = new Map<string, { tokens: number; at: number }>();

  /** @param now - milliseconds that only grow */
  constructor(now: () => number) {
    this.#now = now;
  }

  /**
   * Takes requests from a client's bucket, all or none.
   *
   * @param perMinute - requests a minute; 0 for no limit
   * @param count - how many at once
   * @returns seconds to wait before another try, or 0 when they may go on
   */
  take(clientId: string, perMinute: number, count = 1): number {
    if (perMinute === 0) return 0;
    const now = this.#now();
    const bucket = this.#buckets.get(clientId) ?? { tokens: perMinute, at: now };
    const perMs = perMinute / 60_000;
    bucket.tokens = Math.min(perMinute, bucket.tokens + (now - bucket.at) * perMs);
    bucket.at = now;
    this.#buckets.set(clientId, bucket);
    if (bucket.tokens >= count) {
      bucket.tokens -= count;
      return 0;
    }
    return Math.max(1, Math.ceil((count - bucket.tokens) / perMs / 1000));
  }

  forget(clientId: string): void {
    this.#buckets.delete(clientId);
  }
}
