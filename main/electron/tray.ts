import { join } from 'node:path';
import { app, Menu, nativeImage, nativeTheme, Tray } from 'electron';
import type { TrayAction, TrayModel, TrayState } from './tray-model.ts';

/** The icon beside the clock. `doing` does what an entry says. */
export class TrayIcon {
  readonly #tray: Tray;
  readonly #doing: (action: TrayAction) => void;
  #state: TrayState = 'off';
  #shown = '';

  constructor(doing: (action: TrayAction) => void) {
    this.#doing = doing;
    this.#tray = new Tray(image('off'));
    // On Linux most desktops open the menu themselves; elsewhere a click opens the window.
    this.#tray.on('click', () => doing('open'));
    nativeTheme.on('updated', () => this.#tray.setImage(image(this.#state)));
  }

  show(model: TrayModel, waiting: number): void {
    // The same again would close a menu that is open.
    const key = JSON.stringify(model);
    if (key === this.#shown) return;
    this.#shown = key;
    if (model.state !== this.#state) {
      this.#state = model.state;
      this.#tray.setImage(image(model.state));
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
function image(state: TrayState) {
  const folder = join(import.meta.dirname, '..', 'resources', 'tray');
  if (process.platform === 'darwin') {
    const template = nativeImage.createFromPath(join(folder, `${state}Template.png`));
    template.setTemplateImage(true);
    return template;
  }
  const ground = nativeTheme.shouldUseDarkColors ? 'dark' : 'light';
  return nativeImage.createFromPath(join(folder, `${state}-${ground}.png`));
}
