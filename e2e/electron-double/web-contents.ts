import { EventEmitter } from 'node:events';
import type { CDPSession, Page } from 'playwright-core';
import { refused } from './app.ts';
import { browser } from './browser.ts';
import { ipcMain } from './ipc.ts';
import { toInside, toOutside } from './names.ts';
import { BINDING, PAGE_WORLD, preloadWorld, WORLD } from './page-scripts.ts';
import { session } from './session.ts';

interface ContentsOptions {
  readonly size: { readonly width: number; readonly height: number };
  /** The preload's source; empty for none. */
  readonly preload: string;
  readonly onLoaded: () => void;
}

/** A frame as IPC names it: one object for each, so that they can be compared. */
interface Frame {
  url: string;
  readonly frameTreeNodeId: number;
}

interface Paused {
  readonly requestId: string;
  readonly frameId: string;
  readonly resourceType: string;
  readonly request: {
    readonly url: string;
    readonly method: string;
    readonly headers: Record<string, string>;
  };
}

type WindowOpenHandler = Parameters<Electron.WebContents['setWindowOpenHandler']>[0];
let nextId = 1;

export class DoubleContents
  extends EventEmitter
  implements
    Pick<Electron.WebContents, 'id' | 'send' | 'loadURL' | 'getURL' | 'isDestroyed' | 'setWindowOpenHandler'>
{
  readonly id = nextId++;
  readonly session = session.defaultSession;
  readonly mainFrame: Frame = { url: '', frameTreeNodeId: 1 };
  readonly #options: ContentsOptions;
  readonly #frames = new Map<string, Frame>();
  /** The preload's world of the main frame as it is now. */
  #world: number | undefined;
  readonly #worlds = new Map<number, string>();
  #opener: WindowOpenHandler | undefined;
  #destroyed = false;
  /** The address that the app itself asked for: not the page's wish. */
  #asked = '';
  readonly #page: Promise<{ page: Page; cdp: CDPSession }>;

  constructor(options: ContentsOptions) {
    super();
    this.#options = options;
    this.#page = this.#open();
  }

  async loadURL(url: string): Promise<void> {
    const { page } = await this.#page;
    this.#asked = url;
    this.mainFrame.url = url;
    const from = URL.parse(toOutside(page.url()));
    const to = URL.parse(url);
    await page.goto(toInside(url), { waitUntil: 'load' }).catch((error: unknown) => {
      if (!this.#destroyed) throw error;
    });
    if (from?.pathname === to?.pathname && from?.host === to?.host) this.mainFrame.url = url;
    this.#options.onLoaded();
    this.emit('did-finish-load');
  }

  getURL(): string {
    return this.mainFrame.url;
  }

  setWindowOpenHandler(handler: WindowOpenHandler): void {
    this.#opener = handler;
  }

  send(channel: string, ...args: unknown[]): void {
    // What could not be cloned would throw here, as it does in Electron.
    const message = JSON.stringify({ channel, args: structuredClone(args) });
    void this.#say(message);
  }

  /** Asks the page as `beforeunload` does. Chromium takes no refusal from a page that nobody has touched. */
  async mayUnload(): Promise<boolean> {
    const { page } = await this.#page;
    const stays = await page
      .evaluate(
        "navigator.userActivation.hasBeenActive && !dispatchEvent(new Event('beforeunload', { cancelable: true }))",
      )
      .catch(() => false);
    return stays !== true || refused(this, 'will-prevent-unload');
  }

  isDestroyed(): boolean {
    return this.#destroyed;
  }

  destroy(): void {
    this.#destroyed = true;
    this.emit('destroyed');
    void this.#page.then(({ page }) => page.close()).catch(() => {});
  }

  async #say(message: string): Promise<void> {
    const { cdp } = await this.#page;
    if (this.#world === undefined || this.#destroyed) return;
    await cdp
      .send('Runtime.evaluate', { expression: `__fromMain(${message})`, contextId: this.#world })
      .catch(() => {});
  }

  async #open(): Promise<{ page: Page; cdp: CDPSession }> {
    const { context } = await browser();
    const page = await context.newPage();
    await page.setViewportSize(this.#options.size);
    const cdp = await context.newCDPSession(page);
    cdp.on('Runtime.executionContextCreated', ({ context: made }) => {
      const { frameId, isDefault } = made.auxData as unknown as { frameId: string; isDefault: boolean };
      if (made.name === WORLD && !isDefault) this.#worlds.set(made.id, frameId);
      if (made.name === WORLD && frameId === mainFrameId) this.#world = made.id;
    });
    cdp.on('Runtime.bindingCalled', ({ payload, executionContextId }) => {
      void this.#called(payload, executionContextId);
    });
    cdp.on('Fetch.requestPaused', (paused) => {
      void this.#requested(cdp, paused as Paused, mainFrameId).catch(() => {});
    });
    cdp.on('Page.navigatedWithinDocument', ({ frameId, url }) => {
      if (frameId === mainFrameId) this.mainFrame.url = toOutside(url);
    });
    await cdp.send('Page.enable');
    const { frameTree } = await cdp.send('Page.getFrameTree');
    const mainFrameId = frameTree.frame.id;
    this.#frames.set(mainFrameId, this.mainFrame);
    await cdp.send('Runtime.enable');
    await cdp.send('Runtime.addBinding', { name: BINDING, executionContextName: WORLD });
    await cdp.send('Page.addScriptToEvaluateOnNewDocument', { source: PAGE_WORLD });
    if (this.#options.preload !== '')
      await cdp.send('Page.addScriptToEvaluateOnNewDocument', {
        source: preloadWorld(this.#options.preload),
        worldName: WORLD,
      });
    await cdp.send('Fetch.enable', { patterns: [{ urlPattern: '*' }] });
    page.on('download', (download) => {
      const prevented = refused(session.defaultSession, 'will-download', { url: download.url() });
      if (prevented) void download.cancel();
    });
    return { page, cdp };
  }

  async #called(payload: string, context: number): Promise<void> {
    const { open, id, channel, args } = JSON.parse(payload) as {
      open?: string;
      id: number;
      channel: string;
      args: unknown[];
    };
    if (open !== undefined) {
      const details = { url: toOutside(open), frameName: '', features: '', disposition: 'new-window' };
      this.#opener?.(details as Electron.HandlerDetails);
      return;
    }
    const frame = this.#frames.get(this.#worlds.get(context) ?? '') ?? { url: '', frameTreeNodeId: 0 };
    const event = { sender: this, senderFrame: frame, processId: 1, frameId: 1, type: 'frame' };
    try {
      const value = structuredClone(await ipcMain.invoked(channel, event as never, args));
      await this.#say(JSON.stringify({ id, ok: true, value }));
    } catch (error) {
      const text = `Error invoking remote method '${channel}': ${String(error)}`;
      await this.#say(JSON.stringify({ id, ok: false, value: text }));
    }
  }

  /** Every request of the page, before it leaves: the app's listeners, then its protocol, then the network. */
  async #requested(cdp: CDPSession, paused: Paused, mainFrameId: string): Promise<void> {
    const { requestId, request, resourceType, frameId } = paused;
    const url = toOutside(request.url);
    const fail = (errorReason: 'Aborted' | 'BlockedByClient') =>
      cdp.send('Fetch.failRequest', { requestId, errorReason });
    if (resourceType === 'Document') {
      const isMainFrame = frameId === mainFrameId;
      const asked = isMainFrame && (url === this.#asked || url === this.#asked.replace(/#.*$/, ''));
      const details = { url, isMainFrame, isSameDocument: false, frame: this.#frames.get(frameId) ?? null };
      const prevented =
        !asked &&
        (refused(this, 'will-frame-navigate', details) ||
          (isMainFrame && refused(this, 'will-navigate', details)));
      if (prevented) return void (await fail('Aborted'));
      if (isMainFrame) this.mainFrame.url = url;
      else this.#frames.set(frameId, { url, frameTreeNodeId: this.#frames.size + 1 });
    }
    if (!(await session.defaultSession.mayRequest({ url, method: request.method })))
      return void (await fail('BlockedByClient'));
    const { method, headers } = request;
    const response =
      URL.parse(url)?.protocol === 'app:'
        ? await session.defaultSession.respond(new Request(url, { method, headers }))
        : undefined;
    if (response === undefined) return void (await cdp.send('Fetch.continueRequest', { requestId }));
    await cdp.send('Fetch.fulfillRequest', {
      requestId,
      responseCode: response.status,
      responseHeaders: [...response.headers].map(([name, value]) => ({ name, value })),
      body: Buffer.from(await response.arrayBuffer()).toString('base64'),
    });
  }
}
