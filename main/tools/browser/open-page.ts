import type { Browser, BrowserContextOptions, CDPSession, Page, Request } from 'playwright-core';
import { FastbandError } from '../../core/errors.ts';
import type { Net } from '../../guard/net.ts';
import { PageGuard } from './page-guard.ts';
import { PageLog } from './page-log.ts';
import type { GuardProxy } from './proxy.ts';

export const DEFAULT_VIEWPORT = { width: 1280, height: 800 } as const;

/** A page in a context of its own, which shares nothing with any other, and its guard. */
export class OpenPage {
  readonly page: Page;
  readonly guard: PageGuard;
  readonly log: PageLog;
  /** For what Playwright has no word for. */
  readonly devtools: CDPSession;
  readonly #forget: () => void;
  #closed = false;

  private constructor(page: Page, guard: PageGuard, log: PageLog, devtools: CDPSession, forget: () => void) {
    this.page = page;
    this.guard = guard;
    this.log = log;
    this.devtools = devtools;
    this.#forget = forget;
  }

  static async create(
    browser: Browser,
    proxy: GuardProxy,
    net: Net,
    options: BrowserContextOptions = {},
  ): Promise<OpenPage> {
    const guard = new PageGuard(net);
    const { username, password, remove } = proxy.admit(guard);
    const forget = () => {
      remove();
      guard.close();
    };
    try {
      const context = await browser.newContext({
        viewport: DEFAULT_VIEWPORT,
        ...options,
        acceptDownloads: false,
        serviceWorkers: 'block',
        permissions: [],
        proxy: { server: proxy.url, username, password },
      });
      const pages: { main?: Page; log?: PageLog } = {};
      context.on('page', (other) => {
        if (pages.main === undefined || other === pages.main) return;
        pages.log?.popup(other.url());
        void other.close().catch(() => {});
      });
      // Aborted, and not refused: a page that is kept from going elsewhere stays where it is.
      await context.route('**/*', async (route, request) => {
        const refusal = judge(request, pages.main, guard);
        await (refusal === undefined ? route.continue() : route.abort('aborted')).catch(() => {});
      });
      const page = await context.newPage();
      pages.main = page;
      const log = new PageLog(page);
      pages.log = log;
      const devtools = await context.newCDPSession(page);
      await guardRedirects(devtools, guard);
      return new OpenPage(page, guard, log, devtools, forget);
    } catch (error) {
      forget();
      throw error;
    }
  }

  get closed(): boolean {
    return this.#closed || this.log.crashed || this.page.isClosed();
  }

  /** Ends the page and all that it has under way. Never throws. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#forget();
    await this.page
      .context()
      .close()
      .catch(() => {});
  }
}

/** Every request that is not a redirect comes by here before it is sent. */
function judge(request: Request, main: Page | undefined, guard: PageGuard): FastbandError | undefined {
  const refuse = (why: string) => {
    guard.block(request.url(), why);
    return new FastbandError('url_refused', why);
  };
  if (request.serviceWorker() !== null) return refuse('Service workers are not run.');
  try {
    const frame = request.frame();
    if (main === undefined || frame.page() !== main) return refuse('No other windows are opened.');
    const isPage = request.isNavigationRequest() && frame.parentFrame() === null;
    return guard.verdict(request.method(), request.url(), isPage);
  } catch {
    // The first request of a page that is not there yet: of another window.
    return refuse('No other windows are opened.');
  }
}

/** Playwright shows no redirects to its routes. What the page itself is redirected to needs the policy's word too. */
async function guardRedirects(devtools: CDPSession, guard: PageGuard): Promise<void> {
  const { frameTree } = await devtools.send('Page.getFrameTree');
  const main = frameTree.frame.id;
  devtools.on('Fetch.requestPaused', ({ requestId, request, frameId }) => {
    const refusal = guard.verdict(request.method, request.url, frameId === main);
    const answer =
      refusal === undefined
        ? devtools.send('Fetch.continueRequest', { requestId })
        : devtools.send('Fetch.failRequest', { requestId, errorReason: 'Aborted' });
    answer.catch(() => {});
  });
  await devtools.send('Fetch.enable', { patterns: [{ urlPattern: '*', resourceType: 'Document' }] });
}
