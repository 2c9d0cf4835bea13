import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { App } from 'electron';

/** Starts Fastband with the person's session, hidden, or no longer. Electron knows how on macOS and Windows only. */
export async function setLoginItem(
  app: Pick<App, 'setLoginItemSettings' | 'getPath'>,
  wanted: boolean,
  platform: NodeJS.Platform,
  env: NodeJS.ProcessEnv,
): Promise<void> {
  if (platform !== 'linux') {
    app.setLoginItemSettings({ openAtLogin: wanted, args: ['--hidden'] });
    return;
  }
  // XDG autostart specification.
  const folder = join(env.XDG_CONFIG_HOME || join(app.getPath('home'), '.config'), 'autostart');
  const file = join(folder, 'fastband.desktop');
  if (!wanted) return rm(file, { force: true });
  await mkdir(folder, { recursive: true });
  // An AppImage is mounted anew at each start; the variable names the file itself.
  const program = env.APPIMAGE || app.getPath('exe');
  await writeFile(
    file,
    `[Desktop Entry]\nType=Application\nName=Fastband\nExec=${quoted(program)} --hidden\nX-GNOME-Autostart-enabled=true\n`,
  );
}

/** Quoting of the Exec key (Desktop Entry specification): reserved characters, and `%` which begins a field code. */
export function quoted(path: string): string {
  return `"${path
    .replace(/["`$\\]/g, '\\$&')
    .replaceAll('\\', '\\\\')
    .replaceAll('%', '%%')}"`;
}
