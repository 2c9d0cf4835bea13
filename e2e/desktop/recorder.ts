/**
 * Runs inside real Electron, before the app: notes what the app tells the system, answers dialogs in a person's place,
 * and obeys the orders that the double knows. Nothing is opened in other programs.
 */
import { app, BrowserWindow, dialog, Menu, Notification, nativeTheme, session, shell, Tray } from 'electron';
import type { Entry, Look, Order } from '../electron-double/control.ts';

const told = {
  badge: 0,
  loginItem: null as object | null,
  opened: [] as string[],
  asked: [] as object[],
  answers: [] as (string | number | null)[],
  notifications: [] as { one: Notification; open: boolean }[],
  tray: undefined as { one: Tray; toolTip: string; title: string; menu: Menu | null } | undefined,
  menu: null as Menu | null,
  request: null as Parameters<Electron.Session['setPermissionRequestHandler']>[0],
  check: null as Parameters<Electron.Session['setPermissionCheckHandler']>[0],
};

type ArgumentsOf<F> = F extends (...args: infer A) => unknown ? A : never;

/** Runs `note` before each call of a method, with what it is called on and with. */
function watch<T extends object, N extends keyof T>(
  target: T,
  name: N,
  note: (self: unknown, args: ArgumentsOf<T[N]>) => void,
): void {
  const original = target[name] as (...args: unknown[]) => unknown;
  Object.defineProperty(target, name, {
    configurable: true,
    writable: true,
    value(this: unknown, ...args: unknown[]) {
      note(this, args as ArgumentsOf<T[N]>);
      return original.apply(this, args);
    },
  });
}

const trayOf = (self: unknown) => {
  const one = self as Tray;
  if (told.tray?.one !== one) told.tray = { one, toolTip: '', title: '', menu: null };
  return told.tray;
};
watch(Tray.prototype, 'setToolTip', (self, [text]) => {
  trayOf(self).toolTip = text;
});
watch(Tray.prototype, 'setTitle', (self, [text]) => {
  trayOf(self).title = text;
});
watch(Tray.prototype, 'setContextMenu', (self, [menu]) => {
  trayOf(self).menu = menu;
});
watch(Menu, 'setApplicationMenu', (_, [menu]) => {
  told.menu = menu;
});
watch(Notification.prototype, 'show', (self) => {
  told.notifications.push({ one: self as Notification, open: true });
});
watch(Notification.prototype, 'close', (self) => {
  for (const known of told.notifications) if (known.one === self) known.open = false;
});
watch(app, 'setBadgeCount', (_, [count = 0]) => {
  told.badge = count;
});
watch(app, 'setLoginItemSettings', (_, [settings]) => {
  told.loginItem = settings;
});

function answer(kind: string, args: readonly unknown[]): string | number | null {
  const options = args.at(-1);
  told.asked.push({ kind, ...(typeof options === 'object' ? options : {}) });
  return told.answers.shift() ?? null;
}
Object.assign(shell, {
  openExternal: async (url: string) => void told.opened.push(url),
  openPath: async () => '',
});
Object.assign(dialog, {
  showOpenDialog: async (...args: unknown[]) => {
    const path = answer('open', args);
    return { canceled: path === null, filePaths: path === null ? [] : [String(path)] };
  },
  showSaveDialog: async (...args: unknown[]) => {
    const path = answer('save', args);
    return { canceled: path === null, filePath: path === null ? '' : String(path) };
  },
  showMessageBox: async (...args: unknown[]) => ({
    response: Number(answer('message', args) ?? 0),
    checkboxChecked: false,
  }),
});
// Before the app's own listener, which hardens this session.
app.once('ready', () => {
  watch(session.defaultSession, 'setPermissionRequestHandler', (_, [handler]) => {
    told.request = handler;
  });
  watch(session.defaultSession, 'setPermissionCheckHandler', (_, [handler]) => {
    told.check = handler;
  });
});

function entries(menu: Menu | null | undefined): Entry[] {
  return (menu?.items ?? [])
    .filter(({ visible }) => visible)
    .map(({ label, enabled, checked, submenu }) => ({ label, enabled, checked, below: entries(submenu) }));
}

function click(menu: Menu | null | undefined, label: string): boolean {
  return (menu?.items ?? []).some((item) => {
    if (item.label === label) item.click();
    return item.label === label || click(item.submenu, label);
  });
}

function look(): Look {
  const preferences = (one: BrowserWindow) =>
    (one.webContents as unknown as { getLastWebPreferences?: () => object }).getLastWebPreferences?.() ?? {};
  return {
    windows: BrowserWindow.getAllWindows()
      .toSorted((a, b) => a.id - b.id)
      .map((one) => ({
        url: one.webContents.getURL(),
        title: one.getTitle(),
        visible: one.isVisible(),
        bounds: one.getNormalBounds(),
        preferences: preferences(one),
      })),
    tray:
      told.tray === undefined
        ? null
        : { toolTip: told.tray.toolTip, title: told.tray.title, image: '', entries: entries(told.tray.menu) },
    menu: entries(told.menu),
    badge: told.badge,
    loginItem: told.loginItem,
    notifications: told.notifications.map(({ one, open }) => ({
      title: one.title,
      body: one.body,
      open,
      actions: one.actions.map(({ text }) => text ?? ''),
    })),
    opened: told.opened,
    asked: told.asked,
    theme: nativeTheme.themeSource,
  };
}

async function mayHave(name: string, url: string): Promise<{ request: boolean; check: boolean }> {
  const { request, check } = told;
  return {
    request: await new Promise<boolean>((resolve) => {
      if (request === null) return resolve(true);
      request({} as never, name as never, resolve, { requestingUrl: url, isMainFrame: true } as never);
    }),
    check: check?.(null, name as never, url, {} as never) ?? true,
  };
}

async function obey(order: Order): Promise<unknown> {
  switch (order.do) {
    case 'look':
      return look();
    case 'tray':
      if (!click(told.tray?.menu, order.label)) throw new Error(`no entry "${order.label}" in the tray`);
      return;
    case 'tray-click':
      told.tray?.one.emit('click');
      return;
    case 'menu':
      if (!click(told.menu, order.label)) throw new Error(`no entry "${order.label}" in the menu`);
      return;
    case 'close':
      for (const one of BrowserWindow.getAllWindows())
        if (one.webContents.getURL().includes(order.url)) one.close();
      return;
    case 'place':
      for (const one of BrowserWindow.getAllWindows())
        if (one.webContents.getURL().includes(order.url)) one.setBounds(order.at);
      return;
    case 'answer':
      told.answers.push(order.with);
      return;
    case 'notification': {
      const { one } = told.notifications.at(order.at) ?? {};
      if (order.action === undefined) one?.emit('click', {});
      else one?.emit('action', { actionIndex: order.action });
      return;
    }
    case 'permission':
      return mayHave(order.name, order.url);
    case 'quit':
      // The answer goes out first.
      setImmediate(() => app.quit());
      return;
    case 'endpoint':
      throw new Error('Playwright holds the pages of real Electron');
  }
}

Object.assign(globalThis, { fastbandObey: obey });
