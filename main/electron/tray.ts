import { join } from 'node:path';
import { app, Menu, nativeImage, nativeTheme, Tray } from 'electron';
import type { TrayAction, TrayModel, TrayState } from './tray-model.ts';

/** The icon beside the clock. `doing` does what an entry says. */
export class TrayIcon {
  readonly #tray: Tray;
  readonly #doing: (action: TrayAction) => void;
  #state: TrayState = 'off';
  #dark = nativeTheme.shouldUseDarkColors;
  #shown = '';

  constructor(doing: (action: TrayAction) => void) {
    this.#doing = doing;
    this.#look();
    this.#tray = new Tray(image('off', this.#dark));
    // On Linux most desktops open the menu themselves; elsewhere a click opens the window.
    this.#tray.on('click', () => doing('open'));
    nativeTheme.on('updated', () => {
      this.#look();
      this.#tray.setImage(image(this.#state, this.#dark));
    });
  }

  /**
   * The icon lies on the system's ground, whatever theme Fastband has. Windows tells that of its taskbar apart. On Linux
   * the colours are those of the theme that was chosen for Fastband, so only those count that were not chosen.
   */
  #look(): void {
    if (process.platform === 'win32') this.#dark = nativeTheme.shouldUseDarkColorsForSystemIntegratedUI;
    else if (nativeTheme.themeSource === 'system') this.#dark = nativeTheme.shouldUseDarkColors;
  }

  show(model: TrayModel, waiting: number): void {
    // The same again would close a menu that is open.
    const key = JSON.stringify(model);
    if (key === this.#shown) return;
    this.#shown = key;
    if (model.state !== this.#state) {
      this.#state = model.state;
      this.#tray.setImage(image(model.state, this.#dark));
    }
    this.#tray.setToolTip(model.toolTip);
    if (process.platform === 'darwin') this.#tray.setTitle(waiting > 0 ? String(waiting) : '');
    app.setBadgeCount(waiting);
    this.#tray.setContextMenu(
      Menu.buildFromTemplate(
        model.entries.map(({ label, action, separator }) =>
          separator === true
            ? { type: 'separator' as const }
            : {
                label,
                enabled: action !== undefined,
                ...(action === undefined ? {} : { click: () => this.#doing(action) }),
              },
        ),
      ),
    );
  }
}

/** A template image takes the menu bar's own colour on macOS; elsewhere there is one for each ground. */
function image(state: TrayState, dark: boolean) {
  const folder = join(import.meta.dirname, '..', 'resources', 'tray');
  if (process.platform === 'darwin') {
    const template = nativeImage.createFromPath(join(folder, `${state}Template.png`));
    template.setTemplateImage(true);
    return template;
  }
  return nativeImage.createFromPath(join(folder, `${state}-${dark ? 'dark' : 'light'}.png`));
}
