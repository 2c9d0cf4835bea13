import { FastbandError } from '../../core/errors.ts';
import { Turns } from '../../core/turns.ts';
import type { Clock } from '../../ports.ts';
import type { OpenPage } from './open-page.ts';

interface Session {
  readonly clientId: string;
  readonly turns: Turns;
  open: OpenPage | undefined;
  /** The device that its page was opened as, in lower case. */
  device: string | undefined;
  users: number;
  usedAt: number;
  stopIdle: () => void;
}

const MAX_SESSIONS = 8;
const MAX_OF_CLIENT = 4;

/** Pages that clients keep by a name. A name is its client's own: another client's page cannot be named. */
export class Sessions {
  readonly #clock: Clock;
  readonly #idleMs: () => number;
  readonly #changed: () => void;
  readonly #sessions = new Map<string, Session>();

  /** @param changed - called when one has gone by itself */
  constructor(clock: Clock, idleMs: () => number, changed: () => void) {
    this.#clock = clock;
    this.#idleMs = idleMs;
    this.#changed = changed;
  }

  get size(): number {
    return this.#sessions.size;
  }

  urlOf(clientId: string, name: string): string | undefined {
    const open = this.#sessions.get(keyOf(clientId, name))?.open;
    return open === undefined || open.closed ? undefined : open.page.url();
  }

  /**
   * A session's page, made when there is none. Calls on one session come one after the other.
   *
   * @param device - as which it is opened. A page cannot become another device: its screen and user agent are its own
   * @throws FastbandError `limit_reached`; `conflict` for a page that is open as another device
   */
  async take(
    clientId: string,
    name: string,
    device: string | undefined,
    signal: AbortSignal,
    make: () => Promise<OpenPage>,
  ): Promise<{ open: OpenPage; release: () => void }> {
    const key = keyOf(clientId, name);
    const session = this.#sessions.get(key) ?? this.#add(key, clientId);
    session.users++;
    session.stopIdle();
    let done = () => {};
    try {
      done = await session.turns.take(signal);
      if (session.open === undefined || session.open.closed) {
        session.open = await make();
        session.device = device?.toLowerCase();
      } else if (device !== undefined && device.toLowerCase() !== session.device)
        throw new FastbandError(
          'conflict',
          `The session ${name} is open ${session.device === undefined ? 'without a device' : 'as another device'}. Use another session name for ${device}.`,
        );
    } catch (error) {
      done();
      this.#left(key, session);
      throw error;
    }
    return {
      open: session.open,
      release: () => {
        done();
        this.#left(key, session);
      },
    };
  }

  clear(): void {
    for (const key of [...this.#sessions.keys()]) this.#end(key);
  }

  #add(key: string, clientId: string): Session {
    const own = [...this.#sessions].filter(([, one]) => one.clientId === clientId);
    if (own.length >= MAX_OF_CLIENT || this.#sessions.size >= MAX_SESSIONS) {
      // Its own oldest makes room; nobody else's does.
      const idle = own.filter(([, one]) => one.users === 0).sort(([, a], [, b]) => a.usedAt - b.usedAt)[0];
      if (idle === undefined)
        throw new FastbandError('limit_reached', 'Too many browser sessions are open. Wait for one to end.');
      this.#end(idle[0]);
    }
    const session: Session = {
      clientId,
      turns: new Turns(1),
      open: undefined,
      device: undefined,
      users: 0,
      usedAt: this.#clock.now(),
      stopIdle: () => {},
    };
    this.#sessions.set(key, session);
    return session;
  }

  #left(key: string, session: Session): void {
    session.users--;
    session.usedAt = this.#clock.now();
    if (session.users > 0 || this.#sessions.get(key) !== session) return;
    if (session.open === undefined || session.open.closed) {
      this.#end(key);
      return;
    }
    session.stopIdle = this.#clock.after(this.#idleMs(), () => {
      this.#end(key);
      this.#changed();
    });
  }

  #end(key: string): void {
    const session = this.#sessions.get(key);
    this.#sessions.delete(key);
    session?.stopIdle();
    void session?.open?.close();
  }
}

function keyOf(clientId: string, name: string): string {
  return `${clientId}\0${name}`;
}
