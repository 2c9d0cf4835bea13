import { join } from 'node:path';
import type { Effect } from '../../../contract/effects.ts';
import type { BrowserState } from '../../../contract/pictures.ts';
import type { Settings } from '../../../contract/settings.ts';
import type { AuditEntry } from '../../core/audit-entry.ts';
import { FastbandError } from '../../core/errors.ts';
import type { Progress } from '../../core/tasks.ts';
import type { RunContext } from '../../core/tool.ts';
import { Turns } from '../../core/turns.ts';
import type { Net } from '../../guard/net.ts';
import type { Ports } from '../../ports.ts';
import {
  BROWSERS_FOLDER,
  fetchBrowser,
  ownBrowser,
  type PinnedBrowser,
  pinnedBrowser,
} from './fetch-browser.ts';
import { type FoundBrowser, findBrowser, installWords, versionOf } from './find-browser.ts';
import { usesSandbox } from './launch-options.ts';
import type { OpenPage } from './open-page.ts';
import type { RunningBrowser } from './running-browser.ts';
import { Sessions } from './sessions.ts';

export interface BrowsersDeps {
  readonly net: Net;
  readonly ports: Pick<Ports, 'clock' | 'random' | 'log' | 'env' | 'home'>;
  readonly settings: () => Settings;
  readonly audit: (entry: AuditEntry) => void;
  /** Which browser is fetched; tests give their own. */
  readonly pinned?: () => Promise<PinnedBrowser | undefined>;
}

/** What a call wants of a page. */
export interface PageWish {
  /** A name of the client's own; absent for a page that ends with the call. */
  readonly session: string | undefined;
  /** A device by Playwright's name. */
  readonly device: string | undefined;
  readonly effects: readonly Effect[];
}

/** Pages that are in use at once; further calls wait. */
const MAX_PAGES = 4;
/** Longest that a call may hold a page. */
const CALL_MS = 120_000;
/** So long after a call the next page is made ready: not while this one is being answered. */
const PREPARE_MS = 50;

/**
 * The browser that all calls share, each with a page and context of its own. It is started when first needed, and gone
 * when nobody has used it for a while, when it crashes, and when the host stops. Playwright itself is loaded then too.
 */
export class Browsers {
  readonly #deps: BrowsersDeps;
  readonly #sessions: Sessions;
  readonly #turns = new Turns(MAX_PAGES);
  #running: Promise<RunningBrowser> | undefined;
  #live: RunningBrowser | undefined;
  #found: FoundBrowser | undefined;
  #version: { readonly path: string; readonly version: string | undefined } | undefined;
  #problem: string | undefined;
  #pages = 0;
  #fetching = false;
  #stopIdle = () => {};
  /** What goes on after a call was answered: small pictures, closing. */
  readonly #after = new Set<Promise<unknown>>();

  constructor(deps: BrowsersDeps) {
    this.#deps = deps;
    this.#sessions = new Sessions(
      deps.ports.clock,
      () => deps.settings().browser.idleSeconds * 1000,
      () => this.#rest(),
    );
  }

  /** Where a client's named session is now; undefined when it has none of this name. */
  sessionUrl(clientId: string, name: string): string | undefined {
    return this.#sessions.urlOf(clientId, name);
  }

  /**
   * Gives work a page, and takes it away again: at the end, when the call is cancelled, and when it takes too long.
   *
   * @throws FastbandError `browser_unavailable`, `limit_reached`, `timeout`, and whatever the work throws
   */
  async withPage<T>(wish: PageWish, context: RunContext, work: (open: OpenPage) => Promise<T>): Promise<T> {
    const done = await this.#turns.take(context.signal);
    this.#stopIdle();
    this.#pages++;
    let browser: RunningBrowser | undefined;
    let open: OpenPage | undefined;
    let release = () => {};
    try {
      browser = await this.browser();
      const { session } = wish;
      const running = browser;
      const make = () => Promise.race([fresh(running, wish.device, context), running.ended]);
      if (session === undefined) open = await make();
      else
        ({ open, release } = await this.#sessions.take(
          context.client.id,
          session,
          wish.device,
          context.signal,
          make,
        ));
      open.guard.begin(context, wish.effects);
      return await Promise.race([this.#bounded(open, context, work), running.ended]);
    } catch (error) {
      if (browser?.running === false && !(error instanceof FastbandError) && !context.signal.aborted)
        throw new FastbandError(
          'browser_unavailable',
          'The browser ended while the page was open. Call again.',
          {
            cause: error,
          },
        );
      throw error;
    } finally {
      release();
      if (wish.session === undefined && open !== undefined) this.later(open.close());
      this.#pages--;
      done();
      this.#deps.ports.clock.after(PREPARE_MS, () => this.#live?.prepare());
      this.#rest();
    }
  }

  /** Goes on after the answer. Never keeps the host from stopping. */
  later(work: Promise<unknown>): void {
    const one = work.catch((error: unknown) =>
      this.#deps.ports.log.debug({ err: error }, 'browser work failed'),
    );
    this.#after.add(one);
    void one.then(() => this.#after.delete(one));
  }

  /** Resolves when nothing goes on any more. */
  async settled(): Promise<void> {
    while (this.#after.size > 0) await Promise.all(this.#after);
  }

  /** The running browser, for drawing. @throws FastbandError `browser_unavailable` */
  browser(): Promise<RunningBrowser> {
    this.#running ??= this.#start();
    return this.#running;
  }

  async state(): Promise<BrowserState> {
    const running = this.#live?.running === true;
    const found = running ? this.#found : await this.#find();
    const sandbox = usesSandbox();
    const counts = { pages: this.#pages, sessions: this.#sessions.size };
    const problem = this.#problem === undefined ? {} : { problem: this.#problem };
    if (found === undefined) {
      const { path } = this.#deps.settings().browser;
      const pinned = path === '' ? await this.#pinned() : undefined;
      const from = URL.parse(pinned?.urls[0] ?? '')?.host;
      return {
        state: 'missing',
        sandbox,
        ...counts,
        install:
          path === ''
            ? installWords()
            : `${path} is no program. Correct the setting browser.path, or empty it so that Fastband looks for one.`,
        ...(pinned === undefined || from === undefined ? {} : { fetch: { version: pinned.version, from } }),
        ...problem,
      };
    }
    if (this.#version?.path !== found.path)
      this.#version = { path: found.path, version: this.#live?.version ?? (await versionOf(found.path)) };
    const { version } = this.#version;
    return {
      state: running ? 'running' : 'ready',
      ...found,
      ...(version === undefined ? {} : { version }),
      sandbox,
      ...counts,
      ...problem,
    };
  }

  /**
   * Fetches the browser that Playwright was made for into Fastband's own folder. Only a person may ask for it.
   *
   * @throws FastbandError `browser_unavailable`, `conflict` while one is fetched, `fetch_failed`, `url_refused`
   */
  async fetch(options: { readonly signal: AbortSignal; readonly progress: Progress }): Promise<BrowserState> {
    if (this.#fetching) throw new FastbandError('conflict', 'A browser is being fetched already.');
    this.#fetching = true;
    try {
      const pinned = await this.#pinned();
      if (pinned === undefined)
        throw new FastbandError(
          'browser_unavailable',
          `There is no browser to be fetched for this system. ${installWords()}`,
        );
      const { net, ports, audit } = this.#deps;
      const what = `Chromium ${pinned.version}`;
      const row = { type: 'browser.fetched', actor: 'person', detail: { urls: pinned.urls } } as const;
      try {
        await fetchBrowser({ folder: this.#folder, pinned, net, clock: ports.clock, ...options });
      } catch (error) {
        const outcome = options.signal.aborted ? 'cancelled' : 'error';
        audit({ ...row, outcome, summary: `${what} was not fetched.` });
        throw error;
      }
      audit({ ...row, outcome: 'ok', summary: `${what} was fetched, for clients to open pages in.` });
      this.#problem = undefined;
    } finally {
      this.#fetching = false;
    }
    return this.state();
  }

  /** Ends every page and the browser. The next call begins anew. */
  async close(): Promise<void> {
    this.#stopIdle();
    const running = this.#running;
    this.#running = undefined;
    this.#live = undefined;
    this.#sessions.clear();
    const browser = await running?.catch(() => undefined);
    await browser?.close();
  }

  async #bounded<T>(open: OpenPage, context: RunContext, work: (open: OpenPage) => Promise<T>): Promise<T> {
    const { signal } = context;
    let stop = () => {};
    const stopped = new Promise<never>((_, reject) => {
      const end = (error: unknown) => {
        reject(error);
        // A page that is stuck in its own script is ended with its context.
        void open.close();
      };
      const onAbort = () => end(signal.reason);
      const stopClock = context.ports.clock.after(CALL_MS, () =>
        end(new FastbandError('timeout', `The page was closed after ${CALL_MS / 1000} s.`)),
      );
      signal.addEventListener('abort', onAbort, { once: true });
      stop = () => {
        stopClock();
        signal.removeEventListener('abort', onAbort);
      };
      if (signal.aborted) onAbort();
    });
    try {
      return await Promise.race([work(open), stopped]);
    } finally {
      stop();
    }
  }

  async #start(): Promise<RunningBrowser> {
    try {
      const found = await this.#find();
      if (found === undefined)
        throw new FastbandError(
          'browser_unavailable',
          `There is no browser that Fastband can use. ${installWords()}`,
        );
      const { RunningBrowser } = await import('./running-browser.ts');
      const { net, ports } = this.#deps;
      const starting: { browser?: RunningBrowser } = {};
      const browser = await RunningBrowser.start(found, { net, random: ports.random, env: ports.env }, () => {
        if (this.#live !== starting.browser) return;
        this.#live = undefined;
        this.#running = undefined;
        this.#sessions.clear();
      });
      starting.browser = browser;
      this.#found = found;
      this.#live = browser;
      this.#problem = undefined;
      return browser;
    } catch (error) {
      this.#running = undefined;
      if (error instanceof FastbandError) this.#problem = error.message;
      throw error;
    }
  }

  get #folder(): string {
    return join(this.#deps.ports.home, BROWSERS_FOLDER);
  }

  #pinned(): Promise<PinnedBrowser | undefined> {
    return (this.#deps.pinned ?? pinnedBrowser)();
  }

  #find(): Promise<FoundBrowser | undefined> {
    const { ports, settings } = this.#deps;
    // Asked for last, as it loads Playwright.
    return findBrowser(settings().browser.path, ports.env, async () => {
      const own = await ownBrowser(this.#folder, () => this.#pinned());
      if (own !== undefined) return own;
      const { fetchedBrowser } = await import('./running-browser.ts');
      return fetchedBrowser();
    });
  }

  /** With nothing open, the browser goes after a while. */
  #rest(): void {
    this.#stopIdle();
    if (this.#pages > 0 || this.#sessions.size > 0 || this.#running === undefined) return;
    this.#stopIdle = this.#deps.ports.clock.after(this.#deps.settings().browser.idleSeconds * 1000, () => {
      void this.close();
    });
  }
}

/** A page on a device's screen, or on the usual one. */
async function fresh(
  browser: RunningBrowser,
  device: string | undefined,
  { signal }: RunContext,
): Promise<OpenPage> {
  signal.throwIfAborted();
  if (device === undefined) return browser.open(undefined);
  const { deviceNamed } = await import('./devices.ts');
  return browser.open(await deviceNamed(device));
}
