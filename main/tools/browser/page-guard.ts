import { showLine } from '../../../contract/display.ts';
import type { Effect } from '../../../contract/effects.ts';
import { FastbandError } from '../../core/errors.ts';
import type { PlanContext } from '../../core/tool.ts';
import type { Net } from '../../guard/net.ts';
import { netEffect } from './effect.ts';
import { SITE_HOST } from './launch-options.ts';
import type { ProxyRules, SiteAnswer } from './proxy.ts';
import { serveFile } from './workspace-site.ts';

/** Something that a page wanted and did not get. */
export interface Blocked {
  readonly url: string;
  readonly why: string;
}

const MAX_BLOCKED = 50;
const MAX_URL = 300;
const SCHEMES = ['http:', 'https:', 'ws:', 'wss:'];

/**
 * What the pages of one context may reach. What was approved may be reached; another host only as a part of an
 * approved page and unless policy denies it. Where the page is a file of a workspace, or the host is one of this
 * machine or a private network, policy must allow it by itself: a page must not carry files out, nor a stranger's page
 * speak to what a person opened for their own.
 */
export class PageGuard implements ProxyRules {
  readonly #net: Net;
  readonly #planned = new Set<string>();
  readonly #controller = new AbortController();
  readonly #failures = new Map<string, FastbandError>();
  #context: PlanContext | undefined;
  #workspace: string | undefined;
  #blocked: Blocked[] = [];
  #blockedCount = 0;
  #lead: FastbandError | undefined;
  #onLead: () => void = () => {};

  constructor(net: Net) {
    this.#net = net;
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Makes it a call's own: from here on this call's client and policy decide. */
  begin(context: PlanContext, effects: readonly Effect[]): void {
    this.#context = context;
    for (const effect of effects)
      if (effect.kind === 'net') this.#planned.add(`${effect.host}:${effect.port}`);
    this.#blocked = [];
    this.#blockedCount = 0;
    this.#lead = undefined;
    this.#failures.clear();
  }

  /** A new page is coming. @param workspace - whose files it is made of; undefined for a page of the web */
  show(workspace: string | undefined): void {
    this.#workspace = workspace;
    this.#lead = undefined;
  }

  /** Ends every connection of the pages. */
  close(): void {
    this.#controller.abort(new FastbandError('cancelled', 'The page was closed.'));
  }

  /** What was blocked since the call began. */
  get blocked(): { readonly first: readonly Blocked[]; readonly count: number } {
    return { first: this.#blocked, count: this.#blockedCount };
  }

  /** Why the page was last kept from going somewhere. */
  get lead(): FastbandError | undefined {
    return this.#lead;
  }

  /** Resolves some time after the page was kept from going somewhere: never, when it does not try. */
  stayed(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.#onLead = () => void setTimeout(resolve, ms);
      if (this.#lead !== undefined) this.#onLead();
    });
  }

  /** Why a host could not be reached in this call. */
  failure(url: string): FastbandError | undefined {
    const target = URL.parse(url);
    if (target === null) return undefined;
    const port = target.port === '' ? (target.protocol === 'https:' ? 443 : 80) : target.port;
    return this.#failures.get(`${target.hostname.replace(/^\[|\]$/g, '')}:${port}`);
  }

  check(method: string, url: string): void {
    this.#judge(method, url, false);
  }

  /**
   * Whether a page may ask for this.
   *
   * @param main - it would become the page itself
   * @returns why not; undefined when it may
   */
  verdict(method: string, url: string, main: boolean): FastbandError | undefined {
    try {
      this.#judge(method, url, main);
      return undefined;
    } catch (error) {
      const refusal =
        error instanceof FastbandError ? error : new FastbandError('url_refused', 'This cannot be reached.');
      this.block(url, refusal.message);
      if (main) {
        this.#lead = refusal;
        this.#onLead();
      }
      return refusal;
    }
  }

  block(url: string, why: string): void {
    this.#blockedCount++;
    const shown = showLine(url).slice(0, MAX_URL);
    if (this.#blocked.length < MAX_BLOCKED && !this.#blocked.some((one) => one.url === shown))
      this.#blocked.push({ url: shown, why });
  }

  failed(host: string, port: number, error: unknown): void {
    const known =
      error instanceof FastbandError
        ? error
        : new FastbandError('fetch_failed', `${host} could not be reached.`);
    this.#failures.set(`${host}:${port}`, known);
    if (known.code !== 'cancelled' && known.code !== 'fetch_failed')
      this.block(`${host}:${port}`, known.message);
  }

  async site(method: string, path: string): Promise<SiteAnswer> {
    const none = { status: 404, type: 'text/plain', body: Buffer.from('Not found') };
    if (this.#workspace === undefined || this.#context === undefined) return none;
    if (method !== 'GET' && method !== 'HEAD') return { ...none, status: 405 };
    return (await serveFile(this.#context, this.#workspace, path)) ?? none;
  }

  /** @throws FastbandError */
  #judge(method: string, url: string, main: boolean): void {
    const parsed = URL.parse(url);
    if (parsed?.protocol === 'http:' && parsed.host === SITE_HOST) {
      if (this.#workspace !== undefined) return;
      throw new FastbandError('url_refused', 'Files of a workspace are shown to their own pages only.');
    }
    // What a page has in itself leaves nothing. As a page of its own it would have no address to judge it by.
    if (!main && (parsed?.protocol === 'data:' || parsed?.protocol === 'blob:' || url === 'about:blank'))
      return;
    const target = this.#net.parse(url, SCHEMES);
    const effect = netEffect(method, target);
    const decision = this.#context?.decision(effect) ?? 'deny';
    const place = `${target.host}:${target.port}`;
    if (decision === 'deny') throw new FastbandError('denied_by_rule', `A rule denies reaching ${place}.`);
    if (decision === 'allow' || this.#planned.has(place)) return;
    if (main)
      throw new FastbandError(
        'url_refused',
        `The page leads to ${place}, which was not asked for. To go there, call again with that address.`,
      );
    if (this.#workspace !== undefined)
      throw new FastbandError(
        'url_refused',
        `A page from a workspace reaches ${place} only where a rule or grant allows it.`,
      );
    if (target.allowedByPerson)
      throw new FastbandError(
        'url_refused',
        `${place} is not public: another site's page reaches it only where a rule or grant allows it.`,
      );
  }
}
