import type { MenuItemConstructorOptions } from 'electron';
import { describe, expect, it } from 'vitest';
import { menuTemplate } from './menu.ts';
import { shellMessages } from './messages.ts';

function all(items: readonly MenuItemConstructorOptions[]): MenuItemConstructorOptions[] {
  return items.flatMap((item) => [item, ...(Array.isArray(item.submenu) ? all(item.submenu) : [])]);
}
const menu = (platform: NodeJS.Platform, packaged: boolean, went: string[] = []) =>
  all(
    menuTemplate({
      platform,
      packaged,
      messages: shellMessages('en', []),
      goTo: (page) => went.push(page),
      openHome: () => {},
    }),
  );

describe('the menu', () => {
  it.each(['darwin', 'win32', 'linux'] as const)(
    'of %s has settings and quit under their usual keys',
    (platform) => {
      const went: string[] = [];
      const items = menu(platform, true, went);
      const settings = items.filter((item) => item.accelerator === 'CmdOrCtrl+,');
      expect(settings).toHaveLength(1);
      settings[0]?.click?.({} as never, undefined, {} as never);
      expect(went).toEqual(['settings']);
      expect(items.filter((item) => item.role === 'quit')).toHaveLength(1);
    },
  );

  it.each(['darwin', 'win32', 'linux'] as const)(
    'of %s has a way to updates where there are any',
    (platform) => {
      const labels = (checkForUpdate?: () => void) =>
        all(
          menuTemplate({
            platform,
            packaged: true,
            messages: shellMessages('en', []),
            goTo: () => {},
            openHome: () => {},
            checkForUpdate,
          }),
        ).filter((item) => item.label === 'Check for updates…');
      expect(labels()).toEqual([]);
      let asked = 0;
      const [entry, ...more] = labels(() => asked++);
      entry?.click?.({} as never, undefined, {} as never);
      expect([asked, more]).toEqual([1, []]);
    },
  );

  it('of a packaged app has neither developer tools nor reload', () => {
    const roles = (packaged: boolean) => menu('linux', packaged).map((item) => item.role);
    expect(roles(true)).not.toContain('toggleDevTools');
    expect(roles(true)).not.toContain('reload');
    expect(roles(false)).toContain('toggleDevTools');
  });
});
