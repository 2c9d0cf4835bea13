interface Line {
  working: number;
  readonly waiting: (() => void)[];
}

/** Whose turn it is, for each client by itself: none waits for another's calls. */
export class ClientTurns {
  readonly #atOnce: number;
  readonly #lines = new Map<string, Line>();

  /** @param atOnce - of one client; those beyond wait */
  constructor(atOnce: number) {
    this.#atOnce = atOnce;
  }

  /**
   * Takes a turn, in the order of asking. Where one is free it is there at once, not a moment later.
   *
   * @returns what ends the turn, to be called once
   * @throws the signal's reason
   */
  take(clientId: string, signal: AbortSignal): (() => void) | Promise<() => void> {
    signal.throwIfAborted();
    const line = this.#lines.get(clientId) ?? { working: 0, waiting: [] };
    this.#lines.set(clientId, line);
    const end = () => this.#end(clientId, line);
    if (line.working < this.#atOnce) {
      line.working++;
      return end;
    }
    return new Promise((resolve, reject) => {
      const mine = () => {
        signal.removeEventListener('abort', onAbort);
        resolve(end);
      };
      const onAbort = () => {
        line.waiting.splice(line.waiting.indexOf(mine), 1);
        reject(signal.reason);
      };
      signal.addEventListener('abort', onAbort, { once: true });
      line.waiting.push(mine);
    });
  }

  #end(clientId: string, line: Line): void {
    const next = line.waiting.shift();
    if (next === undefined) line.working--;
    else next();
    if (line.working === 0) this.#lines.delete(clientId);
  }
}
