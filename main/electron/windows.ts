import { join } from 'node:path';
import { BrowserWindow, nativeImage, nativeTheme, type WebContents } from 'electron';
import type { HostEvent } from '../../contract/events.ts';
import { EVENT_MESSAGE, type WindowKind } from '../../contract/windows.ts';
import type { Log } from '../ports.ts';
import { ORIGIN } from './protocol.ts';

export interface WindowsOptions {
  /** Folder of the built preloads. */
  readonly preloads: string;
  readonly packaged: boolean;
  readonly log: Log;
  /** A picture of 16 pixels that says that something waits. */
  readonly badge: string;
  /** Called when the main window is about to close, with its place; true keeps it, hidden. */
  readonly onMainClose: (bounds: Electron.Rectangle) => boolean;
  /** Where the main window was when it was last closed. */
  readonly bounds: () => { x?: number; y?: number; width: number; height: number } | undefined;
}

/** A page that crashes again within this time, in milliseconds, is left as it is. */
const CRASH_MS = 60_000;
/** A page that does not answer when its window closes is not waited for longer, in milliseconds. */
const CLOSE_MS = 2000;
const GROUND = { light: '#f9fbfc', dark: '#12171a' } as const;

/** The main window and the approval window, each with a preload of its own. */
export class Windows {
  readonly #options: WindowsOptions;
  #main: BrowserWindow | undefined;
  #approval: BrowserWindow | undefined;

  constructor(options: WindowsOptions) {
    this.#options = options;
  }

  get main(): BrowserWindow | undefined {
    return this.#main;
  }

  get approval(): BrowserWindow | undefined {
    return this.#approval;
  }

  kindOf(contents: WebContents): WindowKind | undefined {
    if (contents === this.#main?.webContents) return 'main';
    if (contents === this.#approval?.webContents) return 'approval';
    return undefined;
  }

  /** Shows the main window, made when there is none. `page` is the panel's own address within it: `#/activity`. */
  showMain(page = ''): void {
    const known = this.#main;
    if (known !== undefined) {
      if (page !== '') load(known, `${ORIGIN}/index.html${page}`);
      if (known.isMinimized()) known.restore();
      known.show();
      known.focus();
      return;
    }
    this.openMain({ hidden: false, page });
  }

  openMain({ hidden, page = '' }: { hidden: boolean; page?: string }): void {
    const { bounds, onMainClose } = this.#options;
    const window = this.#make('main', {
      ...(bounds() ?? { width: 1180, height: 780 }),
      minWidth: 420,
      minHeight: 480,
      title: 'Fastband',
    });
    this.#main = window;
    window.on('close', (event) => {
      if (!onMainClose(window.getNormalBounds())) return;
      event.preventDefault();
      window.hide();
    });
    window.on('closed', () => {
      this.#main = undefined;
    });
    if (!hidden) window.once('ready-to-show', () => window.show());
    load(window, `${ORIGIN}/index.html${page}`);
  }

  /** Shows the approval window over everything else; nothing of the main window can be drawn there. */
  showApproval(id?: string): void {
    const page = `${ORIGIN}/approval.html${id === undefined ? '' : `#${encodeURIComponent(id)}`}`;
    const known = this.#approval;
    if (known !== undefined) {
      // Whichever it shows may be half answered.
      if (id !== undefined) load(known, page);
      known.show();
      known.focus();
      return;
    }
    const window = this.#make('approval', {
      width: 640,
      height: 720,
      minWidth: 420,
      minHeight: 420,
      title: 'Fastband',
      alwaysOnTop: true,
      fullscreenable: false,
    });
    this.#approval = window;
    window.on('closed', () => {
      this.#approval = undefined;
    });
    window.once('ready-to-show', () => window.show());
    load(window, page);
  }

  closeApproval(): void {
    this.#approval?.close();
  }

  /**
   * Closes every window for good.
   *
   * @param mayDiscard - asked when a window's page has changes that are not saved: true lets them go
   * @returns false when the person stays: that window is open as it was
   */
  async closeAll(mayDiscard: (window: BrowserWindow) => Promise<boolean>): Promise<boolean> {
    for (const window of [this.#main, this.#approval]) {
      if (window === undefined || (await closes(window))) continue;
      if (!(await mayDiscard(window))) return false;
      window.destroy();
    }
    return true;
  }

  /** A mark on the taskbar's button, with its name for screen readers; undefined takes it away. Windows only. */
  badge(name: string | undefined): void {
    const mark = name === undefined ? null : nativeImage.createFromPath(this.#options.badge);
    this.#main?.setOverlayIcon(mark, name ?? '');
  }

  /** Tells the windows what the host tells its panels; the approval window hears of approvals only. */
  tell(event: HostEvent): void {
    this.#main?.webContents.send(EVENT_MESSAGE, event);
    if (event.type.startsWith('approval.')) this.#approval?.webContents.send(EVENT_MESSAGE, event);
  }

  #make(kind: WindowKind, options: Electron.BrowserWindowConstructorOptions): BrowserWindow {
    const window = new BrowserWindow({
      ...options,
      show: false,
      // What is seen until the page has painted.
      backgroundColor: nativeTheme.shouldUseDarkColors ? GROUND.dark : GROUND.light,
      webPreferences: {
        preload: join(this.#options.preloads, `${kind}.cjs`),
        sandbox: true,
        contextIsolation: true,
        nodeIntegration: false,
        nodeIntegrationInWorker: false,
        nodeIntegrationInSubFrames: false,
        webSecurity: true,
        allowRunningInsecureContent: false,
        experimentalFeatures: false,
        webviewTag: false,
        navigateOnDragDrop: false,
        spellcheck: false,
        devTools: !this.#options.packaged,
      },
    });
    let crashedAt = Number.NEGATIVE_INFINITY;
    // Nothing would ever show in that window again.
    window.webContents.on('render-process-gone', (_event, { reason }) => {
      if (reason === 'clean-exit') return;
      this.#options.log.error({ reason, window: kind }, 'a page crashed');
      const now = performance.now();
      if (now - crashedAt > CRASH_MS) window.webContents.reload();
      crashedAt = now;
    });
    return window;
  }
}

/**
 * Closes a window. A page with unsaved changes refuses through `beforeunload`, and Electron asks nobody: the window
 * would stay without a word. @returns false where that is so
 */
function closes(window: BrowserWindow): Promise<boolean> {
  return new Promise((resolve) => {
    const late = setTimeout(() => window.destroy(), CLOSE_MS);
    window.once('closed', () => {
      clearTimeout(late);
      resolve(true);
    });
    window.webContents.once('will-prevent-unload', () => {
      clearTimeout(late);
      resolve(false);
    });
    window.close();
  });
}

/**
 * Loads a page, unless it is there already: the same address again would be a reload, and take with it what a person
 * has typed. A load that another one overtakes is rejected, and means nothing.
 */
function load(window: BrowserWindow, url: string): void {
  if (window.webContents.getURL() !== url) window.loadURL(url).catch(() => {});
}
