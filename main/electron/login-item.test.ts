import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { quoted, setLoginItem } from './login-item.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'fastband-login-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const app = () => ({
  setLoginItemSettings: vi.fn(),
  getPath: (name: string) => (name === 'exe' ? '/opt/Fast band/fastband' : folder),
});

describe('the start at login', () => {
  it.each(['darwin', 'win32'] as const)('is set by the system of %s, hidden', async (platform) => {
    const one = app();
    await setLoginItem(one, true, platform, {});
    await setLoginItem(one, false, platform, {});
    expect(one.setLoginItemSettings.mock.calls).toEqual([
      [{ openAtLogin: true, args: ['--hidden'] }],
      [{ openAtLogin: false, args: ['--hidden'] }],
    ]);
    expect(existsSync(join(folder, '.config'))).toBe(false);
  });

  it('is a file of autostart on Linux, and gone when it is no longer wanted', async () => {
    const file = join(folder, '.config', 'autostart', 'fastband.desktop');
    await setLoginItem(app(), true, 'linux', {});
    const lines = readFileSync(file, 'utf8').split('\n');
    expect(lines[0]).toBe('[Desktop Entry]');
    expect(lines).toContain('Exec="/opt/Fast band/fastband" --hidden');
    await setLoginItem(app(), false, 'linux', {});
    expect(existsSync(file)).toBe(false);
    await setLoginItem(app(), false, 'linux', {});
  });

  it('starts the AppImage itself, which its program is only mounted from', async () => {
    const config = join(folder, 'config');
    await setLoginItem(app(), true, 'linux', {
      XDG_CONFIG_HOME: config,
      APPIMAGE: '/home/ann/Fastband.AppImage',
    });
    expect(readFileSync(join(config, 'autostart', 'fastband.desktop'), 'utf8')).toContain(
      'Exec="/home/ann/Fastband.AppImage" --hidden\n',
    );
  });
});

// The value of a key is unescaped first, then the argument within its quotes (Desktop Entry specification, Exec).
it.each([
  ['/opt/fastband', '"/opt/fastband"'],
  ['/opt/Fast band', '"/opt/Fast band"'],
  ['/opt/100%/f', '"/opt/100%%/f"'],
  ['/opt/$HOME/f', '"/opt/\\\\$HOME/f"'],
  ['/opt/`id`/f', '"/opt/\\\\`id\\\\`/f"'],
  ['/opt/a"b', '"/opt/a\\\\"b"'],
  ['/opt/a\\b', '"/opt/a\\\\\\\\b"'],
])('the program %s is written as %s', (path, written) => expect(quoted(path)).toBe(written));
