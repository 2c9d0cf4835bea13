import { FastbandError } from '../../core/errors.ts';
import type { RunContext } from '../../core/tool.ts';
import type { Net } from '../../guard/net.ts';
import type { Target } from '../../guard/url.ts';
import { VERSION } from '../../version.ts';
import { dropBody, readBody } from './body.ts';
import { deadline } from './deadline.ts';
import { netEffect } from './effect.ts';
import type { PageReader } from './page-reader.ts';

export const USER_AGENT = `Fastband/${VERSION}`;

/** RFC 9309, 2.5: at least 500 KiB are read of it. */
const MAX_BYTES = 500 * 1024;
const TIMEOUT_S = 5;
/** RFC 9309, 2.4: not longer than a day. An answer that is none is asked for again sooner. */
const KEEP_MS = 60 * 60 * 1000;
const KEEP_FAILED_MS = 5 * 60 * 1000;
const MAX_KEPT = 100;
/** RFC 9309, 2.3.1.2. */
const MAX_REDIRECTS = 5;

/** A site's rules; or, with none, whether it is open or closed. */
type Rules = { readonly text: string } | 'open' | 'closed';

/** What sites ask of programs, kept for an hour. */
export class Robots {
  readonly #net: Net;
  readonly #reader: PageReader;
  readonly #kept = new Map<string, { readonly until: number; readonly rules: Rules }>();

  constructor(net: Net, reader: PageReader) {
    this.#net = net;
    this.#reader = reader;
  }

  /** @throws FastbandError `fetch_failed` when the site asks programs not to fetch this, or cannot say */
  async check(target: Target, context: RunContext, signal: AbortSignal): Promise<void> {
    const rules = await this.#rulesOf(target, context, signal);
    if (rules === 'open') return;
    const how = 'A person can switch this off in Fastband’s settings: Web, Respect robots.txt.';
    if (rules === 'closed')
      throw new FastbandError(
        'fetch_failed',
        `${target.host} could not say in its robots.txt whether programs may fetch this. Try later. ${how}`,
      );
    const { origin, href } = target.url;
    const allowed = await this.#reader.ask(
      { op: 'robots', origin, rules: rules.text, url: href },
      context.ports.clock,
      signal,
    );
    if (allowed.op === 'robots' && allowed.allowed) return;
    throw new FastbandError(
      'fetch_failed',
      `${target.host} asks programs not to fetch this page (its robots.txt). ${how}`,
    );
  }

  async #rulesOf(target: Target, context: RunContext, signal: AbortSignal): Promise<Rules> {
    const { origin } = target.url;
    const { clock } = context.ports;
    const kept = this.#kept.get(origin);
    if (kept !== undefined && kept.until > clock.now()) return kept.rules;
    const rules = await this.#fetch(target, context, signal);
    this.#kept.delete(origin);
    this.#kept.set(origin, {
      until: clock.now() + (rules === 'closed' ? KEEP_FAILED_MS : KEEP_MS),
      rules,
    });
    for (const oldest of this.#kept.keys()) {
      if (this.#kept.size <= MAX_KEPT) break;
      this.#kept.delete(oldest);
    }
    return rules;
  }

  /** RFC 9309, 2.3.1: what is not there opens the site, what fails closes it. */
  async #fetch(page: Target, context: RunContext, outer: AbortSignal): Promise<Rules> {
    const { signal, stop } = deadline(outer, context.ports.clock, TIMEOUT_S);
    try {
      let target = this.#net.parse(new URL('/robots.txt', page.url).href);
      for (let hops = 0; hops <= MAX_REDIRECTS; hops++) {
        const response = await this.#net.fetch(target.url, {
          headers: { 'user-agent': USER_AGENT, accept: 'text/plain, */*;q=0.1' },
          signal,
        });
        const location = response.headers.get('location');
        if (response.status < 300 || response.status >= 400 || location === null) {
          if (response.status >= 200 && response.status < 300) {
            const { bytes } = await readBody(response, MAX_BYTES, target.host, signal);
            return { text: bytes.toString('utf8') };
          }
          await dropBody(response);
          return response.status >= 500 ? 'closed' : 'open';
        }
        await dropBody(response);
        const next = URL.parse(location, target.url);
        if (next === null) return 'open';
        target = this.#net.parse(next.href);
        // The site that was allowed may point elsewhere, but it does not decide who is asked.
        if (target.url.origin !== page.url.origin && context.decision(netEffect('GET', target)) !== 'allow')
          return 'open';
      }
      return 'open';
    } catch (error) {
      if (outer.aborted) throw outer.reason;
      if (error instanceof FastbandError && error.code === 'url_refused') throw error;
      return 'closed';
    } finally {
      stop();
    }
  }
}
