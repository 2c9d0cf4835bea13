import { EventEmitter } from 'node:events';
import { readFileSync } from 'node:fs';
import { app, refused } from './app.ts';
import { addWindow, type OpenWindow } from './open-windows.ts';
import { DoubleContents } from './web-contents.ts';

/** Every window there is, for tests to look at. */
export const windows = new Set<BrowserWindow>();
let nextId = 1;

type Offered =
  | 'id'
  | 'show'
  | 'showInactive'
  | 'hide'
  | 'focus'
  | 'close'
  | 'destroy'
  | 'isVisible'
  | 'isMinimized'
  | 'isMaximized'
  | 'isFullScreen'
  | 'isDestroyed'
  | 'isFocused'
  | 'restore'
  | 'minimize'
  | 'maximize'
  | 'getBounds'
  | 'getNormalBounds'
  | 'setBounds'
  | 'setTitle'
  | 'getTitle'
  | 'setMenuBarVisibility'
  | 'setBackgroundColor'
  | 'setAlwaysOnTop'
  | 'moveTop'
  | 'flashFrame'
  | 'setOverlayIcon'
  | 'loadURL';

/** A window is a page of Chromium with nothing around it; whether it shows is only noted. */
export class BrowserWindow extends EventEmitter implements Pick<Electron.BrowserWindow, Offered>, OpenWindow {
  readonly id = nextId++;
  readonly options: Electron.BrowserWindowConstructorOptions;
  readonly webContents: DoubleContents;
  #visible: boolean;
  #minimized = false;
  #destroyed = false;
  #bounds: Electron.Rectangle;
  #title: string;
  #painted = false;
  readonly #forget: () => void;

  constructor(options: Electron.BrowserWindowConstructorOptions = {}) {
    super();
    this.options = options;
    const { x = 0, y = 0, width = 800, height = 600 } = options;
    this.#bounds = { x, y, width, height };
    this.#title = options.title ?? 'Electron';
    this.#visible = options.show ?? true;
    const { preload } = options.webPreferences ?? {};
    this.webContents = new DoubleContents({
      size: { width, height },
      preload: preload === undefined ? '' : readFileSync(preload, 'utf8'),
      onLoaded: () => {
        if (this.#painted) return;
        this.#painted = true;
        this.emit('ready-to-show');
      },
    });
    this.#forget = addWindow(this);
    windows.add(this);
    app.emit('browser-window-created', {}, this);
    app.emit('web-contents-created', {}, this.webContents);
  }

  static getAllWindows(): BrowserWindow[] {
    return [...windows];
  }

  static getFocusedWindow(): BrowserWindow | null {
    return [...windows].findLast((window) => window.isVisible()) ?? null;
  }

  static fromWebContents(contents: unknown): BrowserWindow | null {
    return [...windows].find((window) => (window.webContents as unknown) === contents) ?? null;
  }

  loadURL(url: string): Promise<void> {
    return this.webContents.loadURL(url);
  }

  show(): void {
    this.#minimized = false;
    if (this.#visible) return;
    this.#visible = true;
    this.emit('show');
    this.emit('focus');
  }

  showInactive(): void {
    this.#visible = true;
    this.emit('show');
  }

  hide(): void {
    if (!this.#visible) return;
    this.#visible = false;
    this.emit('hide');
  }

  focus(): void {
    this.emit('focus');
  }

  close(): void {
    void this.tryClose();
  }

  /** As Electron's: the window may say no, then its page. */
  async tryClose(): Promise<boolean> {
    if (this.#destroyed) return true;
    if (refused(this, 'close') || !(await this.webContents.mayUnload())) return false;
    this.destroy();
    return true;
  }

  destroy(): void {
    if (this.#destroyed) return;
    this.#destroyed = true;
    this.#visible = false;
    windows.delete(this);
    this.#forget();
    this.webContents.destroy();
    this.emit('closed');
    if (windows.size === 0) app.emit('window-all-closed');
  }

  isVisible(): boolean {
    return this.#visible;
  }

  isMinimized(): boolean {
    return this.#minimized;
  }

  isMaximized(): boolean {
    return false;
  }

  isFullScreen(): boolean {
    return false;
  }

  isDestroyed(): boolean {
    return this.#destroyed;
  }

  isFocused(): boolean {
    return this.#visible;
  }

  restore(): void {
    this.#minimized = false;
  }

  minimize(): void {
    this.#minimized = true;
    this.emit('minimize');
  }

  maximize(): void {}

  getBounds(): Electron.Rectangle {
    return { ...this.#bounds };
  }

  getNormalBounds(): Electron.Rectangle {
    return { ...this.#bounds };
  }

  setBounds(bounds: Partial<Electron.Rectangle>): void {
    this.#bounds = { ...this.#bounds, ...bounds };
    this.emit('resize');
    this.emit('move');
  }

  setTitle(title: string): void {
    this.#title = title;
  }

  getTitle(): string {
    return this.#title;
  }

  setMenuBarVisibility(): void {}

  setBackgroundColor(): void {}

  setAlwaysOnTop(): void {}

  moveTop(): void {}

  flashFrame(): void {}

  setOverlayIcon(): void {}
}
