import { writeFile } from 'node:fs/promises';
import { app, type BrowserWindow, clipboard, dialog, shell } from 'electron';
import type { DesktopChannel, DesktopInput, DesktopOutput } from '../../contract/desktop.ts';
import type { WireError } from '../../contract/errors.ts';
import { FastbandError } from '../core/errors.ts';
import { VERSION } from '../version.ts';
import { forgetLater } from './clipboard.ts';
import { openHttps } from './hardening.ts';
import type { Updates } from './updates.ts';
import type { Windows } from './windows.ts';

type Handlers = {
  readonly [C in DesktopChannel]: (input: DesktopInput<C>) => DesktopOutput<C> | Promise<DesktopOutput<C>>;
};

export interface DesktopDeps {
  readonly windows: Windows;
  readonly home: string;
  readonly problem: () => WireError | undefined;
  readonly updates: Updates;
}

/** What each desktop channel does. */
export function desktopHandlers({ windows, home, problem, updates }: DesktopDeps): Handlers {
  return {
    'desktop.info': () => {
      const why = problem();
      return {
        platform: process.platform,
        version: VERSION,
        packaged: app.isPackaged,
        electron: process.versions.electron ?? '',
        chrome: process.versions.chrome ?? '',
        node: process.versions.node,
        home,
        ...(why === undefined ? {} : { problem: why }),
      };
    },
    'desktop.pickFolder': async () => {
      const { canceled, filePaths } = await dialog.showOpenDialog(main(windows), {
        properties: ['openDirectory', 'createDirectory'],
      });
      return { path: canceled ? null : (filePaths[0] ?? null) };
    },
    'desktop.saveFile': async ({ name, text }) => {
      const path = await askWhere(windows, name);
      if (path !== null) await writeFile(path, text, { mode: 0o600 });
      return { path };
    },
    'desktop.showHome': async () => {
      const problem = await shell.openPath(home);
      if (problem !== '') throw new FastbandError('tool_failed', problem);
      return {};
    },
    'desktop.openExternal': async ({ url }) => {
      await openHttps(shell, url).catch(() => {
        throw new FastbandError('invalid_input', 'Only https addresses are opened.');
      });
      return {};
    },
    'desktop.openApproval': ({ id }) => {
      windows.showApproval(id);
      return {};
    },
    'desktop.closeApproval': () => {
      windows.closeApproval();
      return {};
    },
    'desktop.keyPasted': async () => {
      await forgetLater(clipboard);
      return {};
    },
    'desktop.relaunch': () => {
      relaunch();
      app.quit();
      return {};
    },
    'desktop.update': () => updates.state,
    'desktop.checkForUpdate': () => {
      // The page follows how it goes.
      void updates.check();
      return updates.state;
    },
    'desktop.cancelUpdate': () => {
      updates.cancel();
      return updates.state;
    },
    'desktop.installUpdate': async () => {
      await updates.install();
      return {};
    },
  };
}

/** An AppImage's program is in a folder that goes with it: the file itself is started again. */
export function relaunch(): void {
  const { APPIMAGE } = process.env;
  app.relaunch(APPIMAGE ? { execPath: APPIMAGE, args: process.argv.slice(1) } : {});
}

/** Where a person wants a file; null when they changed their mind. */
export async function askWhere(windows: Windows, name: string): Promise<string | null> {
  const { canceled, filePath } = await dialog.showSaveDialog(main(windows), { defaultPath: name });
  return canceled || filePath === '' ? null : filePath;
}

function main(windows: Windows): BrowserWindow {
  if (windows.main === undefined) throw new FastbandError('conflict', 'The window was closed.');
  return windows.main;
}
