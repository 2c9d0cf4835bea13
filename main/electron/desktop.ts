import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import {
  app,
  type BrowserWindow,
  dialog,
  ipcMain,
  Menu,
  nativeTheme,
  protocol,
  screen,
  session,
  shell,
} from 'electron';
import type { Approval } from '../../contract/approvals.ts';
import type { DesktopChannel, DesktopInput } from '../../contract/desktop.ts';
import { showLine } from '../../contract/display.ts';
import type { HostEvent } from '../../contract/events.ts';
import { DEFAULT_SETTINGS, type Settings } from '../../contract/settings.ts';
import { secretSource, systemClock } from '../node-ports.ts';
import { loadAssets } from '../panel-files.ts';
import { openUpdater } from './app-updater.ts';
import { CoreHost } from './core-host.ts';
import { pageOfArguments, pageOfLink } from './deep-link.ts';
import { askWhere, desktopHandlers, relaunch } from './desktop-handlers.ts';
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
import { Updates } from './updates.ts';
import { WindowState } from './window-state.ts';
import { Windows } from './windows.ts';

/** Quitting waits this long for what is under way to come to rest, in milliseconds. */
const QUIT_MS = 2000;
/** Many events in a moment draw the tray once, in milliseconds. */
const TRAY_MS = 100;
const RECENT = 5;
/** Where the panel says how things are with updates. */
const ABOUT = '#/settings?at=about';

/** Before `app` is ready: what can only be said then. False: another Fastband runs on this home, and was told. */
export function claim(): boolean {
  app.setName('Fastband');
  app.setAppUserModelId('dev.fastband.app');
  const wanted = app.commandLine.getSwitchValue('home') || process.env.FASTBAND_HOME;
  // By default the headless host's folder, whatever Electron takes the app's name from.
  const home = wanted ? resolve(wanted) : join(app.getPath('appData'), 'Fastband');
  try {
    keepIn('userData', home);
    // Chromium's own files stay apart from what Fastband keeps.
    keepIn('sessionData', join(home, 'browser'));
  } catch (error) {
    dialog.showErrorBox('Fastband', `The data folder ${home} cannot be used: ${(error as Error).message}`);
    app.exit(1);
    return false;
  }
  app.enableSandbox();
  registerScheme(protocol);
  return app.requestSingleInstanceLock();
}

/** Electron refuses a folder that is not there, or a relative one. */
function keepIn(name: 'userData' | 'sessionData', folder: string): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  app.setPath(name, folder);
}

/** The desktop host: core, windows, tray, and what ties them to the system. */
export class Desktop {
  readonly #home = app.getPath('userData');
  readonly #secrets = secretSource(() => []);
  readonly #log = fileLog(this.#home, this.#secrets);
  readonly #state = new WindowState(this.#home);
  readonly #windows: Windows;
  readonly #core: CoreHost;
  readonly #notifications: Notifications;
  readonly #updates: Updates;
  readonly #waiting = new Map<string, Approval>();
  #recent: readonly string[] = [];
  #settings: Settings = DEFAULT_SETTINGS;
  #tray: TrayIcon | undefined;
  #trayTimer: ReturnType<typeof setTimeout> | undefined;
  /** Windows close for good from here on. */
  #quitting = false;
  #leaving: Promise<boolean> | undefined;
  #stopped = false;
  /** Windows, menus and notifications can be made, and the first window has been. */
  #open = false;
  /** A page that was asked for before that. */
  #asked: string | undefined;

  constructor() {
    this.#windows = new Windows({
      preloads: join(import.meta.dirname, 'preload'),
      packaged: app.isPackaged,
      badge: join(import.meta.dirname, '..', 'resources', 'tray', 'waiting-light.png'),
      log: this.#log,
      bounds: () => this.#state.bounds(screen.getAllDisplays().map((one) => one.workArea)),
      onMainClose: (bounds) => this.#mainCloses(bounds),
    });
    this.#core = new CoreHost({
      home: this.#home,
      log: this.#log,
      secrets: this.#secrets,
      notify: (event) => this.#told(event),
      askWhere: (name) => askWhere(this.#windows, name),
      desktop: () => ({
        packaged: app.isPackaged,
        sandbox: !app.commandLine.hasSwitch('no-sandbox'),
        feed: this.#updates.state.phase !== 'off',
      }),
    });
    this.#notifications = new Notifications({
      messages: () => this.#messages(),
      decide: (approval, decision) => void this.#decide(approval, decision),
      open: (id) => this.#windows.showApproval(id),
    });
    this.#updates = new Updates({
      open: () => openUpdater(app.isPackaged, process.resourcesPath, this.#log),
      settings: () => this.#settings.updates,
      clock: systemClock,
      log: this.#log,
      changed: (state) => {
        if (state.phase !== 'ready' || !this.#settings.desktop.notifications) return;
        const { updateTitle, updateBody } = this.#messages();
        this.#notifications.say(updateTitle(state.version), updateBody, () => this.#showMain(ABOUT));
      },
      confirm: (version) => this.#confirmRestart(version),
      leave: () => this.#leave(),
      comeBack: () => {
        relaunch();
        app.exit(1);
      },
    });
    hardenApp(app, (url) => this.#openLink(url));
    app.on('second-instance', (_event, argv) => this.#showMain(pageOfArguments(argv)));
    app.on('open-url', (event, url) => {
      event.preventDefault();
      this.#showMain(pageOfLink(url));
    });
    // macOS says so at the start as well, where the window may be wanted hidden.
    app.on('activate', () => {
      if (this.#open) this.#showMain();
    });
    // Closing the last window leaves the tray.
    app.on('window-all-closed', () => {});
    app.on('before-quit', (event) => {
      if (this.#stopped) return;
      event.preventDefault();
      void this.#leave().then((left) => {
        if (left) app.quit();
      });
    });
  }

  /** The server first; the window is made while it starts. */
  async run(): Promise<void> {
    void this.#core.start();
    const assets = loadAssets(join(import.meta.dirname, 'renderer'));
    await app.whenReady();
    hardenSession(session.defaultSession, app.isPackaged);
    servePanel(protocol, assets, (id, size) => this.#core.picture(id, size));
    this.#serveWindows();
    this.#tray = new TrayIcon((action) => void this.#doing(action));
    // Whether the window begins hidden is a setting, so the core comes first; it is there before a page could load.
    await this.#core.startInTime();
    this.#takeSettings();
    this.#open = true;
    // What went wrong must be seen, hidden or not.
    const hidden =
      this.#core.app?.status().running === true && this.#asked === undefined && this.#startsHidden();
    this.#windows.openMain({ hidden, page: this.#asked || pageOfArguments(process.argv) });
    if (app.isPackaged) app.setAsDefaultProtocolClient('fastband');
    this.#drawTray();
    for (const approval of this.#waiting.values()) this.#notify(approval);
    // It may still come.
    if (this.#core.app === undefined)
      void this.#core.start().then(() => {
        this.#takeSettings();
        this.#drawTray();
      });
    await this.#updates.start();
    // The menu offers to look for updates where there is a place to look.
    if (this.#updates.available) this.#setMenu();
  }

  /** Shows the window. macOS asks for it, and brings links, before anything can be shown: then it is kept in mind. */
  #showMain(page = ''): void {
    if (this.#open) this.#windows.showMain(page);
    else this.#asked = page || this.#asked || '';
  }

  #startsHidden(): boolean {
    if (process.argv.includes('--hidden') || this.#settings.desktop.startHidden) return true;
    // macOS passes no arguments at login.
    return process.platform === 'darwin' && app.getLoginItemSettings().wasOpenedAtLogin;
  }

  #serveWindows(): void {
    const desktop = desktopHandlers({
      windows: this.#windows,
      home: this.#home,
      problem: () => this.#core.problem,
      updates: this.#updates,
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
        this.#notify(event.approval);
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
        if (this.#open) this.#applySettings();
        this.#updates.settingsChanged();
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

  /** The server answers before Electron is ready for notifications: those come once it is. */
  #notify(approval: Approval): void {
    if (this.#open && this.#settings.desktop.notifications) this.#notifications.waiting(approval);
  }

  #drawTray(): void {
    const facts = {
      status: this.#core.app?.status(),
      problem: this.#core.problem,
      waiting: this.#waiting.size,
      recent: this.#recent,
    };
    const messages = this.#messages();
    this.#tray?.show(trayModel(facts, messages), this.#waiting.size);
    if (process.platform === 'win32')
      this.#windows.badge(this.#waiting.size === 0 ? undefined : messages.waiting(this.#waiting.size));
  }

  #takeSettings(): void {
    this.#settings = this.#core.app?.settings.current ?? DEFAULT_SETTINGS;
    this.#applySettings();
  }

  #applySettings(): void {
    const { appearance, desktop } = this.#settings;
    nativeTheme.themeSource = appearance.theme;
    this.#setMenu();
    // From a checkout, the program that would be started at login is Electron itself.
    if (app.isPackaged)
      setLoginItem(app, desktop.launchAtLogin, process.platform, process.env).catch((error: unknown) =>
        this.#log.warn({ err: error }, 'the start at login could not be set'),
      );
  }

  #setMenu(): void {
    Menu.setApplicationMenu(
      Menu.buildFromTemplate(
        menuTemplate({
          platform: process.platform,
          packaged: app.isPackaged,
          messages: this.#messages(),
          goTo: (page) => this.#windows.showMain(`#/${page}`),
          openHome: () => void shell.openPath(this.#home),
          checkForUpdate: this.#updates.available
            ? () => {
                void this.#updates.check();
                this.#windows.showMain(ABOUT);
              }
            : undefined,
        }),
      ),
    );
  }

  /** In a dialog of the system: no page can answer it. */
  async #confirmRestart(version: string): Promise<boolean> {
    const { restartQuestion, restartDetail, restartWaiting, restart, later } = this.#messages();
    const waiting = this.#waiting.size;
    const { response } = await dialog.showMessageBox({
      type: 'question',
      message: restartQuestion(version),
      detail: waiting === 0 ? restartDetail : `${restartWaiting(waiting)} ${restartDetail}`,
      buttons: [restart, later],
      defaultId: 0,
      cancelId: 1,
    });
    return response === 0;
  }

  /**
   * Everything comes to rest, so that the process can end or an installer run. The windows close first: a page with
   * unsaved changes may keep the person here, and then everything goes on as it was.
   *
   * @returns false when the person stays
   */
  #leave(): Promise<boolean> {
    this.#leaving ??= this.#leaves().finally(() => {
      this.#leaving = undefined;
    });
    return this.#leaving;
  }

  async #leaves(): Promise<boolean> {
    this.#quitting = true;
    if (!(await this.#windows.closeAll((window) => this.#confirmDiscard(window)))) {
      this.#quitting = false;
      return false;
    }
    await Promise.race([this.#stopCore(), new Promise((resolve) => setTimeout(resolve, QUIT_MS))]);
    this.#stopped = true;
    // The next start is let in while this process still ends.
    app.releaseSingleInstanceLock();
    return true;
  }

  /** Over its window, which shows what would be lost, also when it was hidden in the tray. */
  async #confirmDiscard(window: BrowserWindow): Promise<boolean> {
    window.show();
    const { unsaved, unsavedDetail, stay, leave } = this.#messages();
    const { response } = await dialog.showMessageBox(window, {
      type: 'question',
      message: unsaved,
      detail: unsavedDetail,
      buttons: [stay, leave],
      defaultId: 0,
      cancelId: 0,
    });
    return response === 1;
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

  #openLink(url: string): void {
    openHttps(shell, url).catch(() => this.#log.warn({}, 'a page asked for an address that is not opened'));
  }

  async #stopCore(): Promise<void> {
    this.#updates.stop();
    await this.#core.stop().catch((error: unknown) => this.#log.error({ err: error }, 'stopping failed'));
  }
}
