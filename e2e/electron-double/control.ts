import { app, told } from './app.ts';
import { browser } from './browser.ts';
import { desk, type Menu, type MenuItem, nativeTheme } from './parts.ts';
import { windows } from './window.ts';

/** What a test sees of the app from outside. */
export interface Look {
  readonly windows: readonly {
    readonly url: string;
    readonly title: string;
    readonly visible: boolean;
    readonly bounds: Bounds;
    readonly preferences: object;
  }[];
  readonly tray: {
    readonly toolTip: string;
    readonly title: string;
    readonly image: string;
    readonly entries: readonly Entry[];
  } | null;
  readonly menu: readonly Entry[];
  readonly badge: number;
  readonly loginItem: object | null;
  readonly notifications: readonly {
    readonly title: string;
    readonly body: string;
    readonly open: boolean;
    readonly actions: readonly string[];
  }[];
  readonly opened: readonly string[];
  readonly asked: readonly object[];
  readonly theme: string;
}
/** Where a window is, in pixels of the screen. */
export interface Bounds {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}
export interface Entry {
  readonly label: string;
  readonly enabled: boolean;
  readonly checked: boolean;
  readonly below: readonly Entry[];
}

/** What a test may ask for. */
export type Order =
  | { readonly do: 'look' }
  | { readonly do: 'endpoint' }
  | { readonly do: 'tray'; readonly label: string }
  | { readonly do: 'tray-click' }
  | { readonly do: 'menu'; readonly label: string }
  | { readonly do: 'close'; readonly url: string }
  | { readonly do: 'place'; readonly url: string; readonly at: Bounds }
  | { readonly do: 'answer'; readonly with: string | number | null }
  | { readonly do: 'notification'; readonly at: number; readonly action?: number }
  | { readonly do: 'permission'; readonly name: string; readonly url: string }
  | { readonly do: 'quit' };

/** Answers the test that started this process, over its IPC channel. */
export function answerControl(): void {
  if (process.send === undefined) return;
  process.on('message', (message: { id: number; order: Order }) => {
    void Promise.resolve()
      .then(() => obey(message.order))
      .then(
        (value) => process.send?.({ id: message.id, value }),
        (error: unknown) => process.send?.({ id: message.id, error: String(error) }),
      );
  });
  // The test is gone: nothing may stay.
  process.on('disconnect', () => app.exit(1));
}

async function obey(order: Order): Promise<unknown> {
  switch (order.do) {
    case 'look':
      return look();
    case 'endpoint':
      return (await browser()).endpoint;
    case 'tray':
      return item(desk.trays.at(-1)?.menu, order.label).click();
    case 'tray-click':
      desk.trays.at(-1)?.emit('click');
      return;
    case 'menu':
      return item(desk.menu, order.label).click();
    case 'close':
      for (const window of windows) if (window.webContents.getURL().includes(order.url)) window.close();
      return;
    case 'place':
      for (const window of windows)
        if (window.webContents.getURL().includes(order.url)) window.setBounds(order.at);
      return;
    case 'answer':
      desk.answers.push(order.with);
      return;
    case 'notification': {
      const one = desk.notifications.at(order.at);
      if (one === undefined) throw new Error('there is no such notification');
      if (order.action === undefined) one.emit('click', {});
      else one.emit('action', { actionIndex: order.action });
      return;
    }
    case 'permission':
      return mayHave(order.name, order.url);
    case 'quit':
      app.quit();
      return;
  }
}

async function mayHave(name: string, url: string): Promise<{ request: boolean; check: boolean }> {
  const { session } = await import('./session.ts');
  const { permissionRequest, permissionCheck } = session.defaultSession;
  const request = await new Promise<boolean>((resolve) => {
    if (permissionRequest === null) return resolve(true);
    permissionRequest({} as never, name as never, resolve, {
      requestingUrl: url,
      isMainFrame: true,
    } as never);
  });
  return { request, check: permissionCheck?.(null, name as never, url, {} as never) ?? true };
}

function item(menu: Menu | null | undefined, label: string): MenuItem {
  const found = menu?.find(label);
  if (found === undefined)
    throw new Error(
      `no entry "${label}" among ${entries(menu)
        .map((one) => one.label)
        .join(', ')}`,
    );
  return found;
}

function entries(menu: Menu | null | undefined): Entry[] {
  return (menu?.items ?? [])
    .filter((one) => one.visible)
    .map((one) => ({
      label: one.label,
      enabled: one.enabled,
      checked: one.checked,
      below: entries(one.submenu),
    }));
}

function look(): Look {
  const tray = desk.trays.findLast((one) => !one.isDestroyed());
  return {
    windows: [...windows].map((window) => ({
      url: window.webContents.getURL(),
      title: window.getTitle(),
      visible: window.isVisible(),
      bounds: window.getNormalBounds(),
      preferences: window.options.webPreferences ?? {},
    })),
    tray:
      tray === undefined
        ? null
        : {
            toolTip: tray.toolTip,
            title: tray.title,
            image:
              typeof tray.image === 'string' ? tray.image : ((tray.image as { path?: string }).path ?? ''),
            entries: entries(tray.menu),
          },
    menu: entries(desk.menu),
    badge: told.badge,
    loginItem: told.loginItem ?? null,
    notifications: desk.notifications.map((one) => ({
      title: one.options.title ?? '',
      body: one.options.body ?? '',
      open: one.open,
      actions: (one.options.actions ?? []).map((action) => action.text ?? ''),
    })),
    opened: desk.opened,
    asked: desk.asked,
    theme: nativeTheme.themeSource,
  };
}
