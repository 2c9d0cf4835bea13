import { createHmac, timingSafeEqual } from 'node:crypto';
import type { Ports } from '../ports.ts';
import { sha256 } from './panel-guard.ts';
import type { SignedOut } from './panel-signed-out.ts';

const LIFE_MS = 12 * 60 * 60 * 1000;
/** From the link to the page that binds it: a browser needs seconds. */
const UNBOUND_LIFE_MS = 60 * 1000;
/** Clocks that are set right by the network jump a little. */
const SKEW_MS = 5 * 60 * 1000;

/** A browser that is logged in. */
export interface Session {
  readonly id: string;
  /** Milliseconds since the epoch. */
  readonly issued: number;
  readonly expires: number;
  /** SHA-256 (base64url) of the key that the panel's page holds; empty until the page has told it. */
  readonly keyHash: string;
}

export interface SessionOptions {
  readonly key: Uint8Array;
  readonly random: Ports['random'];
  readonly clock: Pick<Ports['clock'], 'now'>;
  readonly signedOut: Pick<SignedOut, 'has' | 'add'>;
}

/**
 * Sessions as signed cookies: id, times and key hash, with an HMAC over them. Nothing is kept for a live one.
 *
 * Cookies do not know ports: a browser sends the panel's cookie to every server on 127.0.0.1, also to one that an
 * agent started to look at its work. Such a server must not be able to answer approvals with it. So the page makes a
 * key, keeps it in its own storage (which does know ports), and binds the session to it: from then on the cookie
 * counts only together with that key in a header. The cookie of before lives a minute, and is signed with a key of
 * this start alone: after another one nobody knows any more that its session was bound.
 */
export class Sessions {
  readonly #options: SessionOptions;
  /** Signs cookies that are not bound yet. */
  readonly #startKey: Uint8Array;
  /** Sessions bound since the start, for requests that were under way with the cookie of before. */
  readonly #bound = new Map<string, Session>();

  constructor(options: SessionOptions) {
    this.#options = options;
    this.#startKey = options.random(32);
  }

  issue(): Session {
    const now = this.#options.clock.now();
    return {
      id: Buffer.from(this.#options.random(16)).toString('base64url'),
      issued: now,
      expires: now + UNBOUND_LIFE_MS,
      keyHash: '',
    };
  }

  /** The cookie's value. */
  sign(session: Session): string {
    const text = `${session.id}.${session.issued}.${session.expires}.${session.keyHash}`;
    return `${text}.${this.#mac(text, session.keyHash)}`;
  }

  /** The live session that a cookie stands for. Whether its key is there too is another question: `hasKey`. */
  read(cookie: string | undefined): Session | undefined {
    const end = cookie?.lastIndexOf('.') ?? -1;
    if (cookie === undefined || cookie.length > 500 || end < 0) return undefined;
    const text = cookie.slice(0, end);
    const given = Buffer.from(cookie.slice(end + 1));
    const [id, issued, expires, keyHash] = text.split('.');
    if (id === undefined || keyHash === undefined) return undefined;
    const right = Buffer.from(this.#mac(text, keyHash));
    if (given.length !== right.length || !timingSafeEqual(given, right)) return undefined;
    const session: Session = this.#bound.get(id) ?? {
      id,
      issued: Number(issued),
      expires: Number(expires),
      keyHash,
    };
    return this.isLive(session) ? session : undefined;
  }

  isLive(session: Session): boolean {
    const now = this.#options.clock.now();
    // One of a time to come was made before the clock was set back: how old it is cannot be told.
    if (session.issued > now + SKEW_MS) return false;
    return now < session.expires && !this.#options.signedOut.has(session);
  }

  /** Whether what came with the cookie is the key that the session is bound to. An unbound one needs none. */
  hasKey(session: Session, key: string | undefined): boolean {
    if (session.keyHash === '') return true;
    return key !== undefined && timingSafeEqual(sha256(hashOf(key)), sha256(session.keyHash));
  }

  /** @returns the session bound to the key; undefined when it is bound to another one already */
  bind(session: Session, key: string): Session | undefined {
    if (session.keyHash !== '') return this.hasKey(session, key) ? session : undefined;
    const bound = { ...session, expires: session.issued + LIFE_MS, keyHash: hashOf(key) };
    for (const [id, { expires }] of this.#bound)
      if (expires <= this.#options.clock.now()) this.#bound.delete(id);
    this.#bound.set(session.id, bound);
    return bound;
  }

  /** Resolves when the session is refused for good, after a restart too. */
  async end(session: Session): Promise<void> {
    await this.#options.signedOut.add(session);
  }

  #mac(text: string, keyHash: string): string {
    return createHmac('sha256', keyHash === '' ? this.#startKey : this.#options.key)
      .update(text)
      .digest('base64url');
  }
}

function hashOf(key: string): string {
  return sha256(key).toString('base64url');
}
