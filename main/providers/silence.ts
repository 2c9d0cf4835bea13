type Fetch = typeof globalThis.fetch;

/** Notices when a provider sends nothing for too long: no answer, or none of its next bytes. */
export class Silence {
  readonly #ms: number;
  readonly #over = new AbortController();
  #timer: NodeJS.Timeout | undefined;

  constructor(ms: number) {
    this.#ms = ms;
  }

  /** Aborted once it was silent for too long. */
  get signal(): AbortSignal {
    return this.#over.signal;
  }

  /** A fetch that is listened to, from the request to the last byte of the answer. */
  listen(fetch: Fetch): Fetch {
    return async (input, init) => {
      this.#heard();
      const answer = await fetch(input, init);
      this.#heard();
      if (answer.body === null) return answer;
      const body = answer.body.pipeThrough(
        new TransformStream<Uint8Array, Uint8Array>({
          transform: (piece, controller) => {
            this.#heard();
            controller.enqueue(piece);
          },
        }),
      );
      const { status, statusText, headers } = answer;
      return new Response(body, { status, statusText, headers });
    };
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  #heard(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#over.abort(), this.#ms);
  }
}
