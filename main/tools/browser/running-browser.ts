import { type Browser, type BrowserContextOptions, chromium } from 'playwright-core';
import { FastbandError } from '../../core/errors.ts';
import type { Net } from '../../guard/net.ts';
import type { Ports } from '../../ports.ts';
import type { FoundBrowser } from './find-browser.ts';
import { Imaging } from './imaging.ts';
import { launchOptions, usesSandbox } from './launch-options.ts';
import { OpenPage } from './open-page.ts';
import { GuardProxy } from './proxy.ts';

const LAUNCH_MS = 20_000;
/** A browser that does not end by itself in this time is killed. */
const END_MS = 1000;

/** Where Playwright keeps a browser that it fetched; undefined when it has none for this system. */
export function fetchedBrowser(): string | undefined {
  try {
    return chromium.executablePath();
  } catch {
    return undefined;
  }
}

/** A browser process and the proxy that is its only way out. */
export class RunningBrowser {
  readonly version: string;
  readonly imaging: Imaging;
  readonly pid: number | undefined;
  /** Rejects once the browser has ended: what was asked of it in that moment may never be answered. */
  readonly ended: Promise<never>;
  readonly #browser: Browser;
  readonly #proxy: GuardProxy;
  readonly #net: Net;
  /** A page that is ready before it is asked for: opening one takes longer than most pages do to load. */
  #spare: Promise<OpenPage | undefined> | undefined;

  private constructor(browser: Browser, proxy: GuardProxy, net: Net, pid: number | undefined) {
    this.#browser = browser;
    this.#proxy = proxy;
    this.#net = net;
    this.pid = pid;
    this.version = browser.version();
    this.imaging = new Imaging(browser);
    this.ended = new Promise((_, reject) => {
      browser.on('disconnected', () => reject(new Error('the browser ended')));
    });
    // Most browsers end while nobody waits for anything.
    this.ended.catch(() => {});
  }

  /**
   * @param gone - called once it has ended, however that came
   * @throws FastbandError `browser_unavailable`
   */
  static async start(
    found: FoundBrowser,
    deps: { readonly net: Net; readonly random: Ports['random']; readonly env: Ports['env'] },
    gone: () => void,
  ): Promise<RunningBrowser> {
    const proxy = await GuardProxy.start(deps.net, deps.random);
    const sandbox = usesSandbox();
    try {
      const browser = await chromium.launch({
        ...launchOptions({ executablePath: found.path, proxy: proxy.url, env: deps.env, sandbox }),
        timeout: LAUNCH_MS,
      });
      browser.on('disconnected', () => {
        void proxy.close();
        gone();
      });
      return new RunningBrowser(browser, proxy, deps.net, await processId(browser));
    } catch (error) {
      await proxy.close();
      throw new FastbandError(
        'browser_unavailable',
        `${found.name} did not start. ${startWords(error, sandbox)}`,
        {
          cause: error,
        },
      );
    }
  }

  get running(): boolean {
    return this.#browser.isConnected();
  }

  /** A fresh page. @param options - of the context; with any, the page that is ready does not fit */
  async open(options: BrowserContextOptions | undefined): Promise<OpenPage> {
    if (options === undefined) {
      // Taken before anything is waited for: it must never be given to two.
      const taken = this.#spare;
      this.#spare = undefined;
      const spare = await taken;
      if (spare !== undefined && !spare.closed) return spare;
    }
    return OpenPage.create(this.#browser, this.#proxy, this.#net, options);
  }

  /** Makes a page ready for the next call. */
  prepare(): void {
    if (!this.running) return;
    this.#spare ??= OpenPage.create(this.#browser, this.#proxy, this.#net).catch(() => undefined);
  }

  /** Ends the process, by force if it takes too long. Never throws. */
  async close(): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<'late'>((resolve) => {
      timer = setTimeout(() => resolve('late'), END_MS);
    });
    const closing = this.#browser.close().then(
      () => 'closed' as const,
      () => 'closed' as const,
    );
    const how = await Promise.race([closing, late]);
    clearTimeout(timer);
    if (how === 'late') this.kill();
    await this.#proxy.close();
  }

  kill(): void {
    if (this.pid === undefined) return;
    try {
      process.kill(this.pid, 'SIGKILL');
    } catch {
      // It has ended.
    }
  }
}

async function processId(browser: Browser): Promise<number | undefined> {
  const devtools = await browser.newBrowserCDPSession();
  try {
    const { processInfo } = await devtools.send('SystemInfo.getProcessInfo');
    return processInfo.find((one) => one.type === 'browser')?.id;
  } finally {
    await devtools.detach();
  }
}

/** The likeliest reason, without the pages of output that a browser dies with. */
function startWords(error: unknown, sandbox: boolean): string {
  const text = error instanceof Error ? error.message : '';
  if (sandbox && /sandbox/i.test(text))
    return 'Its sandbox cannot be set up on this system (user namespaces may be switched off), and it is never started without one.';
  if (/Timeout/.test(text)) return 'It did not answer within 20 s.';
  return 'Start it once by hand to see what it says.';
}
