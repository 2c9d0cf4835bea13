import { join } from 'node:path';
import { app, ipcMain, protocol, session, shell } from 'electron';
import type { DesktopChannel, DesktopInput } from '../../contract/desktop.ts';
import type { HostEvent } from '../../contract/events.ts';
import { loadAssets } from '../panel-files.ts';
import { CoreHost } from './core-host.ts';
import { askWhere, desktopHandlers } from './desktop-handlers.ts';
import { hardenApp, hardenSession, openHttps } from './hardening.ts';
import { registerIpc } from './ipc.ts';
import { fileLog } from './log.ts';
import { registerScheme, servePanel } from './protocol.ts';
import { Windows } from './windows.ts';

/** Quitting waits this long for what is under way to come to rest, in milliseconds. */
const QUIT_MS = 2000;

/** Before `app` is ready: what can only be said then. False: another Fastband runs on this home, and was told. */
export function claim(): boolean {
  const home = app.commandLine.getSwitchValue('home') || process.env.FASTBAND_HOME;
  if (home) app.setPath('userData', home);
  // Chromium's own files stay apart from what Fastband keeps.
  app.setPath('sessionData', join(app.getPath('userData'), 'browser'));
  app.enableSandbox();
  registerScheme(protocol);
  return app.requestSingleInstanceLock();
}

/** The desktop host: core, windows, and what ties them to the system. */
export class Desktop {
  readonly #home = app.getPath('userData');
  readonly #log = fileLog(this.#home, () => []);
  readonly #windows: Windows;
  readonly #core: CoreHost;
  #quitting = false;
  #stopped = false;

  constructor() {
    this.#windows = new Windows({
      preloads: join(import.meta.dirname, 'preload'),
      packaged: app.isPackaged,
      onMainClose: () => !this.#quitting,
    });
    this.#core = new CoreHost({
      home: this.#home,
      log: this.#log,
      notify: (event) => this.#told(event),
      askWhere: (name) => askWhere(this.#windows, name),
    });
    hardenApp(app, (url) => this.#open(url));
    app.on('second-instance', () => this.#windows.showMain());
    app.on('activate', () => this.#windows.showMain());
    // Closing the last window leaves the tray.
    app.on('window-all-closed', () => {});
    app.on('before-quit', () => {
      this.#quitting = true;
    });
    app.on('will-quit', (event) => {
      if (this.#stopped) return;
      event.preventDefault();
      void this.#stop();
    });
  }

  /** The server first; the window is made while it starts. */
  async run(): Promise<void> {
    const started = this.#core.start();
    const assets = loadAssets(join(import.meta.dirname, 'renderer'));
    await app.whenReady();
    hardenSession(session.defaultSession, app.isPackaged);
    servePanel(protocol, assets);
    const desktop = desktopHandlers({
      windows: this.#windows,
      home: this.#home,
      problem: () => this.#core.problem,
    });
    registerIpc({
      ipcMain,
      kindOf: (contents) => this.#windows.kindOf(contents),
      channel: (channel, input) => this.#core.handle(channel, input),
      desktop: async (channel, input) => {
        if (channel === 'desktop.info') await this.#core.start();
        return desktop[channel as DesktopChannel](input as DesktopInput<never>);
      },
      log: this.#log,
    });
    this.#windows.openMain({ hidden: process.argv.includes('--hidden') });
    await started;
  }

  #told(event: HostEvent): void {
    this.#windows.tell(event);
  }

  #open(url: string): void {
    openHttps(shell, url).catch(() => this.#log.warn({}, 'a page asked for an address that is not opened'));
  }

  async #stop(): Promise<void> {
    const late = setTimeout(() => app.exit(0), QUIT_MS);
    try {
      await this.#core.stop();
    } catch (error) {
      this.#log.error({ err: error }, 'stopping failed');
    }
    clearTimeout(late);
    this.#stopped = true;
    app.quit();
  }
}
