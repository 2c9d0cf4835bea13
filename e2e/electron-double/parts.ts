import { EventEmitter } from 'node:events';

/** What the app did with the system, for tests to look at and to answer. */
export const desk = {
  trays: [] as Tray[],
  menu: null as Menu | null,
  notifications: [] as Notification[],
  opened: [] as string[],
  shown: [] as string[],
  clipboard: '',
  /** The next dialogs' answers: a path, or null for Cancel; message boxes: the button's number. */
  answers: [] as (string | number | null)[],
  asked: [] as object[],
};

export class MenuItem {
  readonly options: Electron.MenuItemConstructorOptions;
  readonly submenu: Menu | undefined;
  label: string;
  checked: boolean;
  enabled: boolean;
  visible: boolean;

  constructor(options: Electron.MenuItemConstructorOptions) {
    this.options = options;
    this.label = options.label ?? options.role ?? '';
    this.checked = options.checked ?? false;
    this.enabled = options.enabled ?? true;
    this.visible = options.visible ?? true;
    const { submenu } = options;
    if (submenu !== undefined)
      this.submenu = Array.isArray(submenu) ? Menu.buildFromTemplate(submenu) : (submenu as unknown as Menu);
  }

  click(): void {
    if (!this.enabled) throw new Error(`"${this.label}" is disabled`);
    this.options.click?.(this as never, undefined, {} as never);
  }
}

export class Menu extends EventEmitter {
  readonly items: MenuItem[] = [];

  static buildFromTemplate(template: readonly (Electron.MenuItemConstructorOptions | MenuItem)[]): Menu {
    const menu = new Menu();
    for (const one of template) menu.append(one instanceof MenuItem ? one : new MenuItem(one));
    return menu;
  }

  static setApplicationMenu(menu: Menu | null): void {
    desk.menu = menu;
  }

  static getApplicationMenu(): Menu | null {
    return desk.menu;
  }

  append(item: MenuItem): void {
    this.items.push(item);
  }

  popup(): void {}

  closePopup(): void {}

  /** The entry of a label, also in submenus. */
  find(label: string): MenuItem | undefined {
    for (const item of this.items) {
      if (item.label === label) return item;
      const below = item.submenu?.find(label);
      if (below !== undefined) return below;
    }
    return undefined;
  }
}

type TrayOffered = 'setToolTip' | 'setTitle' | 'destroy' | 'isDestroyed';

export class Tray extends EventEmitter implements Pick<Electron.Tray, TrayOffered> {
  image: unknown;
  toolTip = '';
  title = '';
  menu: Menu | null = null;
  #destroyed = false;

  constructor(image: unknown) {
    super();
    this.image = image;
    desk.trays.push(this);
  }

  setImage(image: unknown): void {
    this.image = image;
  }

  setPressedImage(): void {}

  setToolTip(text: string): void {
    this.toolTip = text;
  }

  setTitle(text: string): void {
    this.title = text;
  }

  setContextMenu(menu: Menu | null): void {
    this.menu = menu;
  }

  popUpContextMenu(): void {}

  setIgnoreDoubleClickEvents(): void {}

  destroy(): void {
    this.#destroyed = true;
  }

  isDestroyed(): boolean {
    return this.#destroyed;
  }
}

export class Notification extends EventEmitter implements Pick<Electron.Notification, 'show' | 'close'> {
  readonly options: Electron.NotificationConstructorOptions;
  open = false;

  constructor(options: Electron.NotificationConstructorOptions = {}) {
    super();
    this.options = options;
  }

  static isSupported(): boolean {
    return true;
  }

  show(): void {
    this.open = true;
    desk.notifications.push(this);
    this.emit('show');
  }

  close(): void {
    this.open = false;
    this.emit('close');
  }
}

class DoubleTheme extends EventEmitter {
  #source: Electron.NativeTheme['themeSource'] = 'system';
  shouldUseHighContrastColors = false;
  prefersReducedTransparency = false;

  get themeSource(): Electron.NativeTheme['themeSource'] {
    return this.#source;
  }

  set themeSource(source: Electron.NativeTheme['themeSource']) {
    this.#source = source;
    this.emit('updated');
  }

  get shouldUseDarkColors(): boolean {
    return this.#source === 'dark';
  }

  get shouldUseDarkColorsForSystemIntegratedUI(): boolean {
    return false;
  }
}

export const nativeTheme = new DoubleTheme();

const image = (path: string) => ({
  path,
  isEmpty: () => path === '',
  setTemplateImage() {},
  isTemplateImage: () => path.includes('Template'),
  resize: () => image(path),
  getSize: () => ({ width: 16, height: 16 }),
});
export const nativeImage = {
  createFromPath: (path: string) => image(path),
  createEmpty: () => image(''),
  createFromDataURL: (url: string) => image(url),
};

function answered(kind: string, args: readonly unknown[]): string | number | null {
  const options = args.at(-1);
  desk.asked.push({ kind, ...(typeof options === 'object' ? options : {}) });
  return desk.answers.shift() ?? null;
}

export const dialog = {
  async showOpenDialog(...args: unknown[]): Promise<Electron.OpenDialogReturnValue> {
    const path = answered('open', args);
    return { canceled: path === null, filePaths: path === null ? [] : [String(path)] };
  },
  async showSaveDialog(...args: unknown[]): Promise<Electron.SaveDialogReturnValue> {
    const path = answered('save', args);
    return { canceled: path === null, filePath: path === null ? '' : String(path) };
  },
  async showMessageBox(...args: unknown[]): Promise<Electron.MessageBoxReturnValue> {
    return { response: Number(answered('message', args) ?? 0), checkboxChecked: false };
  },
  showErrorBox(title: string, content: string): void {
    desk.asked.push({ kind: 'error', title, content });
  },
};

export const shell = {
  async openExternal(url: string): Promise<void> {
    desk.opened.push(url);
  },
  async openPath(path: string): Promise<string> {
    desk.shown.push(path);
    return '';
  },
  showItemInFolder(path: string): void {
    desk.shown.push(path);
  },
  beep(): void {},
} satisfies Pick<Electron.Shell, 'openExternal' | 'openPath' | 'showItemInFolder' | 'beep'>;

const area = { x: 0, y: 0, width: 1920, height: 1080 };
const display = { id: 1, bounds: area, workArea: area, scaleFactor: 1 } as Electron.Display;
class DoubleScreen extends EventEmitter {
  getPrimaryDisplay = () => display;
  getAllDisplays = () => [display];
  getDisplayMatching = () => display;
  getDisplayNearestPoint = () => display;
  getCursorScreenPoint = () => ({ x: 0, y: 0 });
}
export const screen = new DoubleScreen();

export const powerMonitor = new EventEmitter();

export const clipboard = {
  async writeText(text: string): Promise<void> {
    desk.clipboard = text;
  },
  readText: async () => desk.clipboard,
  clear(): void {
    desk.clipboard = '';
  },
} satisfies Pick<Electron.Clipboard, 'writeText' | 'readText' | 'clear'>;
