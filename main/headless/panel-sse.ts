import type { ServerResponse } from 'node:http';
import type { HostEvent } from '../../contract/events.ts';
import type { Ports } from '../ports.ts';

const BEAT_MS = 15_000;
/** What may wait for a slow reader; one event more may come on top. */
const MAX_WAITING_BYTES = 1024 * 1024;
const MAX_STREAMS = 64;

interface Stream {
  readonly res: ServerResponse;
  readonly sessionId: string | undefined;
  /** Asked at each beat: an expired session does not go on listening. */
  readonly isLive: () => boolean;
}

/** `GET /api/events`: what the host tells its panel, to every browser that listens. */
export class EventStreams {
  readonly #clock: Ports['clock'];
  readonly #streams = new Set<Stream>();
  readonly #unsubscribe: () => void;
  #stopBeating: () => void;

  constructor(clock: Ports['clock'], subscribe: (listener: (event: HostEvent) => void) => () => void) {
    this.#clock = clock;
    this.#unsubscribe = subscribe((event) => this.#tell(event));
    this.#stopBeating = this.#beat();
  }

  get isFull(): boolean {
    return this.#streams.size >= MAX_STREAMS;
  }

  open(stream: Stream): void {
    const { res } = stream;
    res.writeHead(200, { 'Content-Type': 'text/event-stream; charset=utf-8', 'Cache-Control': 'no-store' });
    this.#streams.add(stream);
    res.on('close', () => this.#streams.delete(stream));
    // Something at once, so that the reader knows that it is connected before it asks for what is there already.
    this.#send(stream, 'retry: 2000\n: connected\n\n');
  }

  endSession(sessionId: string): void {
    for (const stream of this.#streams) if (stream.sessionId === sessionId) stream.res.end();
  }

  close(): void {
    this.#unsubscribe();
    this.#stopBeating();
    for (const stream of this.#streams) stream.res.end();
    this.#streams.clear();
  }

  #tell(event: HostEvent): void {
    if (this.#streams.size === 0) return;
    const frame = `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`;
    for (const stream of this.#streams) this.#send(stream, frame);
  }

  #send(stream: Stream, frame: string): void {
    const { res } = stream;
    if (res.writableEnded || res.destroyed) return;
    // Whoever does not read must not make the host hold the log for them. They connect again and ask for what is new.
    if (res.writableLength > MAX_WAITING_BYTES) {
      this.#streams.delete(stream);
      res.destroy();
      return;
    }
    res.write(frame);
  }

  #beat(): () => void {
    return this.#clock.after(BEAT_MS, () => {
      this.#stopBeating = this.#beat();
      for (const stream of this.#streams) {
        if (stream.isLive()) this.#send(stream, ': beat\n\n');
        else stream.res.end();
      }
    });
  }
}
