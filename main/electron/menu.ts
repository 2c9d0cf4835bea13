import type { MenuItemConstructorOptions } from 'electron';
import type { ShellMessages } from './messages.ts';

export interface MenuDeps {
  readonly platform: NodeJS.Platform;
  readonly packaged: boolean;
  readonly messages: ShellMessages;
  readonly goTo: (page: string) => void;
  readonly openHome: () => void;
  /** Absent where there is nowhere to look for updates. */
  readonly checkForUpdate?: (() => void) | undefined;
}

/** The application menu, with each platform's usual keys. Reloading and developer tools only while developing. */
export function menuTemplate({
  platform,
  packaged,
  messages: m,
  goTo,
  openHome,
  checkForUpdate,
}: MenuDeps): MenuItemConstructorOptions[] {
  const mac = platform === 'darwin';
  const settings: MenuItemConstructorOptions = {
    label: m.settings,
    accelerator: 'CmdOrCtrl+,',
    click: () => goTo('settings'),
  };
  const separator: MenuItemConstructorOptions = { type: 'separator' };
  const updates: MenuItemConstructorOptions[] =
    checkForUpdate === undefined ? [] : [{ label: m.checkForUpdates, click: checkForUpdate }];
  return [
    ...(mac
      ? [
          {
            role: 'appMenu' as const,
            submenu: [
              { role: 'about' as const },
              ...updates,
              separator,
              settings,
              separator,
              { role: 'services' as const },
              separator,
              { role: 'hide' as const },
              { role: 'hideOthers' as const },
              { role: 'unhide' as const },
              separator,
              { role: 'quit' as const },
            ],
          },
        ]
      : []),
    {
      label: m.file,
      submenu: [
        ...(mac ? [] : [settings, separator]),
        { role: 'close' },
        ...(mac ? [] : [{ role: 'quit' as const }]),
      ],
    },
    { role: 'editMenu', label: m.edit },
    {
      label: m.view,
      submenu: [
        { role: 'resetZoom' },
        { role: 'zoomIn' },
        { role: 'zoomOut' },
        separator,
        { role: 'togglefullscreen' },
        ...(packaged ? [] : [separator, { role: 'reload' as const }, { role: 'toggleDevTools' as const }]),
      ],
    },
    { role: 'windowMenu', label: m.window },
    {
      role: 'help',
      label: m.help,
      submenu: [...(mac ? [] : updates), { label: m.dataFolder, click: openHome }],
    },
  ];
}
