import { join } from 'node:path';
import { app, ipcMain, Menu, nativeTheme, protocol, screen, session, shell } from 'electron';
import type { Approval } from '../../contract/approvals.ts';
import type { DesktopChannel, DesktopInput } from '../../contract/desktop.ts';
import type { HostEvent } from '../../contract/events.ts';
import { DEFAULT_SETTINGS, type Settings } from '../../contract/settings.ts';
import { showLine } from '../core/display.ts';
import { loadAssets } from '../panel-files.ts';
import { CoreHost } from './core-host.ts';
import { pageOfLink } from './deep-link.ts';
import { askWhere, desktopHandlers } from './desktop-handlers.ts';
import { hardenApp, hardenSession, openHttps } from './hardening.ts';
import { registerIpc } from './ipc.ts';
import { fileLog } from './log.ts';
import { setLoginItem } from './login-item.ts';
import { menuTemplate } from './menu.ts';
import { type ShellMessages, shellMessages } from './messages.ts';
import { Notifications } from './notifications.ts';
import { registerScheme, servePanel } from './protocol.ts';
import { TrayIcon } from './tray.ts';
import { type TrayAction, trayModel } from './tray-model.ts';
import { WindowState } from './window-state.ts';
import { Windows } from './windows.ts';

/** Quitting waits this long for what is under way to come to rest, in milliseconds. */
const QUIT_MS = 2000;
/** Many events in a moment draw the tray once, in milliseconds. */
const TRAY_MS = 100;
const RECENT = 5;

/** Before `app` is ready: what can only be said then. False: another Fastband runs on this home, and was told. */
export function claim(): boolean {
  const home = app.commandLine.getSwitchValue('home') || process.env.FASTBAND_HOME;
  if (home) app.setPath('userData', home);
  // Chromium's own files stay apart from what Fastband keeps.
  app.setPath('sessionData', join(app.getPath('userData'), 'browser'));
  app.setAppUserModelId('dev.fastband.app');
  app.enableSandbox();
  registerScheme(protocol);
  return app.requestSingleInstanceLock();
}

/** The desktop host: core, windows, tray, and what ties them to the system. */
export class Desktop {
  readonly #home = app.getPath('userData');
  readonly #log = fileLog(this.#home, () => []);
  readonly #state = new WindowState(this.#home);
  readonly #windows: Windows;
  readonly #core: CoreHost;
  readonly #notifications: Notifications;
  readonly #waiting = new Map<string, Approval>();
  #recent: readonly string[] = [];
  #settings: Settings = DEFAULT_SETTINGS;
  #tray: TrayIcon | undefined;
  #trayTimer: ReturnType<typeof setTimeout> | undefined;
  #quitting = false;
  #stopped = false;

  constructor() {
    this.#windows = new Windows({
      preloads: join(import.meta.dirname, 'preload'),
      packaged: app.isPackaged,
      bounds: () => this.#state.bounds(screen.getAllDisplays().map((one) => one.workArea)),
      onMainClose: (bounds) => this.#mainCloses(bounds),
    });
    this.#core = new CoreHost({
      home: this.#home,
      log: this.#log,
      notify: (event) => this.#told(event),
      askWhere: (name) => askWhere(this.#windows, name),
    });
    this.#notifications = new Notifications({
      messages: () => this.#messages(),
      decide: (approval, decision) => void this.#decide(approval, decision),
      open: (id) => this.#windows.showApproval(id),
    });
    hardenApp(app, (url) => this.#open(url));
    app.on('second-instance', (_event, argv) => this.#windows.showMain(pageOfLink(argv.at(-1))));
    app.on('open-url', (event, url) => {
      event.preventDefault();
      this.#windows.showMain(pageOfLink(url));
    });
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
    this.#serveWindows();
    this.#tray = new TrayIcon((action) => void this.#doing(action));
    // Whether the window begins hidden is a setting, so the core comes first; it is there before a page could load.
    await started;
    this.#settings = this.#core.app?.settings.current ?? DEFAULT_SETTINGS;
    this.#applySettings();
    const hidden = process.argv.includes('--hidden') || this.#settings.desktop.startHidden;
    // What went wrong must be seen, hidden or not.
    this.#windows.openMain({
      hidden: hidden && this.#core.problem === undefined,
      page: pageOfLink(process.argv.at(-1)),
    });
    if (app.isPackaged) app.setAsDefaultProtocolClient('fastband');
    this.#drawTray();
  }

  #serveWindows(): void {
    const desktop = desktopHandlers({
      windows: this.#windows,
      home: this.#home,
      problem: () => this.#core.problem,
    });
    registerIpc({
      ipcMain,
      kindOf: (contents) => this.#windows.kindOf(contents),
      channel: (channel, input) => this.#core.handle(channel, input),
      desktop: async (channel, input) => desktop[channel as DesktopChannel](input as DesktopInput<never>),
      log: this.#log,
    });
  }

  #told(event: HostEvent): void {
    this.#windows.tell(event);
    switch (event.type) {
      case 'approval.added':
        this.#waiting.set(event.approval.id, event.approval);
        if (this.#settings.desktop.notifications) this.#notifications.waiting(event.approval);
        break;
      case 'approval.settled':
        this.#waiting.delete(event.approval.id);
        this.#notifications.settled(event.approval.id);
        break;
      case 'audit.row':
        if (event.row.type !== 'call.finished' && event.row.type !== 'call.refused') return;
        this.#recent = [showLine(`${event.row.actor}: ${event.row.summary}`), ...this.#recent].slice(
          0,
          RECENT,
        );
        break;
      case 'settings.changed':
        this.#settings = event.settings;
        this.#applySettings();
        break;
      case 'server.state':
        break;
      default:
        return;
    }
    this.#trayTimer ??= setTimeout(() => {
      this.#trayTimer = undefined;
      this.#drawTray();
    }, TRAY_MS);
  }

  #drawTray(): void {
    const facts = {
      status: this.#core.app?.status(),
      problem: this.#core.problem,
      waiting: this.#waiting.size,
      recent: this.#recent,
    };
    this.#tray?.show(trayModel(facts, this.#messages()), this.#waiting.size);
  }

  #applySettings(): void {
    const { appearance, desktop } = this.#settings;
    nativeTheme.themeSource = appearance.theme;
    const messages = this.#messages();
    Menu.setApplicationMenu(
      Menu.buildFromTemplate(
        menuTemplate({
          platform: process.platform,
          packaged: app.isPackaged,
          messages,
          goTo: (page) => this.#windows.showMain(`#/${page}`),
          openHome: () => void shell.openPath(this.#home),
        }),
      ),
    );
    // From a checkout, the program that would be started at login is Electron itself.
    if (app.isPackaged)
      setLoginItem(app, desktop.launchAtLogin, process.platform, process.env).catch((error: unknown) =>
        this.#log.warn({ err: error }, 'the start at login could not be set'),
      );
  }

  #messages(): ShellMessages {
    return shellMessages(this.#settings.appearance.language, app.getPreferredSystemLanguages());
  }

  async #doing(action: TrayAction): Promise<void> {
    if (action === 'open') return this.#windows.showMain();
    if (action === 'answer') return this.#windows.showApproval();
    if (action === 'activity') return this.#windows.showMain('#/activity');
    if (action === 'quit') return app.quit();
    const running = this.#core.app?.status().running === true;
    try {
      await this.#core.handle(running ? 'server.stop' : 'server.start', {});
    } catch (error) {
      this.#log.warn({ err: error }, 'the server could not be switched');
      this.#windows.showMain();
    }
    this.#drawTray();
  }

  async #decide(approval: Approval, decision: 'allow' | 'deny'): Promise<void> {
    const { id, planHash } = approval;
    try {
      await this.#core.handle('approvals.decide', { id, decision, planHash });
    } catch (error) {
      // Settled meanwhile, or no longer what was shown: the window says which.
      this.#log.warn({ err: error }, 'an answer from a notification was not taken');
      this.#windows.showApproval(id);
    }
  }

  /** @returns whether the window stays, hidden */
  #mainCloses(bounds: { x: number; y: number; width: number; height: number }): boolean {
    this.#state.keepBounds(bounds);
    if (this.#quitting) return false;
    if (this.#state.firstClose()) {
      const { staysTitle, staysBody } = this.#messages();
      this.#notifications.say(staysTitle, staysBody);
    }
    return true;
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
