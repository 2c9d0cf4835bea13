import { existsSync } from 'node:fs';
import { basename } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { TrayModel, TrayState } from './tray-model.ts';

const STATES = ['off', 'on', 'waiting', 'error'] as const satisfies readonly TrayState[];

/** What the system shows, and what Fastband has been told to look like. */
const electron = vi.hoisted(() => ({
  image: { path: '', template: false },
  title: '',
  clicked: () => {},
  updated: () => {},
  theme: { themeSource: 'system', system: 'light', taskbar: 'light' },
}));

vi.mock('electron', () => ({
  app: { setBadgeCount() {} },
  Menu: { buildFromTemplate: (template: unknown) => template },
  nativeImage: {
    createFromPath: (path: string) => ({
      path,
      template: false,
      setTemplateImage(is: boolean) {
        this.template = is;
      },
    }),
  },
  nativeTheme: {
    get themeSource() {
      return electron.theme.themeSource;
    },
    // As Electron's: what the app was told to look like comes before what the system does.
    get shouldUseDarkColors() {
      const { themeSource, system } = electron.theme;
      return (themeSource === 'system' ? system : themeSource) === 'dark';
    },
    get shouldUseDarkColorsForSystemIntegratedUI() {
      return electron.theme.taskbar === 'dark';
    },
    on: (_name: string, listener: () => void) => {
      electron.updated = listener;
    },
  },
  Tray: class {
    constructor(image: typeof electron.image) {
      electron.image = image;
    }
    on(_name: string, listener: () => void) {
      electron.clicked = listener;
    }
    setImage(image: typeof electron.image) {
      electron.image = image;
    }
    setTitle(title: string) {
      electron.title = title;
    }
    setToolTip() {}
    setContextMenu() {}
  },
}));

const { TrayIcon } = await import('./tray.ts');

const PLATFORM = process.platform;
const on = (platform: NodeJS.Platform) => Object.defineProperty(process, 'platform', { value: platform });
const model = (state: TrayState): TrayModel => ({ state, toolTip: state, entries: [] });
function theme(change: Partial<typeof electron.theme>): void {
  Object.assign(electron.theme, change);
  electron.updated();
}

beforeEach(() => {
  electron.updated = () => {};
  electron.theme = { themeSource: 'system', system: 'light', taskbar: 'light' };
});
afterEach(() => on(PLATFORM));

describe('the icon', () => {
  it.each(
    STATES.flatMap((state) => [
      ['linux', state, 'light', `${state}-light.png`, false] as const,
      ['linux', state, 'dark', `${state}-dark.png`, false] as const,
      ['win32', state, 'light', `${state}-light.png`, false] as const,
      ['win32', state, 'dark', `${state}-dark.png`, false] as const,
      ['darwin', state, 'light', `${state}Template.png`, true] as const,
      ['darwin', state, 'dark', `${state}Template.png`, true] as const,
    ]),
  )('on %s, %s, on a %s ground is %s', (platform, state, ground, file, template) => {
    on(platform);
    theme({ system: ground, taskbar: ground });
    const tray = new TrayIcon(() => {});
    tray.show(model(state), 0);
    expect([basename(electron.image.path), electron.image.template]).toEqual([file, template]);
    // As the built app finds it: beside the folder of its program.
    const source = electron.image.path.replace('/main/resources/', '/resources/');
    for (const one of [source, source.replace(/\.png$/, '@2x.png')]) expect(existsSync(one), one).toBe(true);
  });

  it('follows the system while it changes', () => {
    on('linux');
    new TrayIcon(() => {});
    theme({ system: 'dark' });
    expect(basename(electron.image.path)).toBe('off-dark.png');
  });

  it.each(['linux', 'win32'] as const)('on %s does not follow the theme that Fastband has', (platform) => {
    on(platform);
    const tray = new TrayIcon(() => {});
    theme({ themeSource: 'dark' });
    tray.show(model('on'), 0);
    expect(basename(electron.image.path)).toBe('on-light.png');
  });

  it("on Windows follows the taskbar's ground, which may not be that of programs", () => {
    on('win32');
    new TrayIcon(() => {});
    theme({ taskbar: 'dark' });
    expect(basename(electron.image.path)).toBe('off-dark.png');
  });
});

it('on macOS what waits is counted beside the icon', () => {
  on('darwin');
  const tray = new TrayIcon(() => {});
  tray.show(model('waiting'), 3);
  expect(electron.title).toBe('3');
  tray.show(model('on'), 0);
  expect(electron.title).toBe('');
});

it('a click opens the window', () => {
  const doing = vi.fn();
  new TrayIcon(doing);
  electron.clicked();
  expect(doing).toHaveBeenCalledWith('open');
});
