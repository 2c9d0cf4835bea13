import type { Settings } from '../../contract/settings.ts';
import { ask } from './host.ts';
import { speak } from './language.ts';
import { panel } from './panel.ts';

type Appearance = Settings['appearance'];

/** What was in force when this window was last open: the first paint has the right ground before the host answers. */
const KEPT = 'fastband.appearance';

/** Puts theme and language of the settings in force, from the first paint on and whenever they change. */
export async function followAppearance(): Promise<void> {
  panel.onConnect(() => {
    ask('settings.get', {}).then(
      ({ appearance }) => apply(appearance),
      () => {},
    );
  });
  panel.onEvent((event) => {
    if (event.type === 'settings.changed') apply(event.settings.appearance);
  });
  const kept = recall();
  theme(kept.theme);
  await speak(kept.language);
}

/**
 * The same for the approval window, which may not ask for settings: what the main window, of the same origin, keeps.
 */
export async function followKeptAppearance(): Promise<void> {
  const follow = () => {
    const kept = recall();
    theme(kept.theme);
    return speak(kept.language);
  };
  window.addEventListener('storage', ({ key }) => {
    if (key === KEPT) void follow();
  });
  await follow();
}

function apply({ theme: wanted, language }: Appearance): void {
  theme(wanted);
  void speak(language);
  try {
    localStorage.setItem(KEPT, JSON.stringify({ theme: wanted, language }));
  } catch {
    // Storage is off in this browser: the first paint then follows the system.
  }
}

function theme(wanted: Appearance['theme']): void {
  const { dataset } = document.documentElement;
  if (wanted === 'system') delete dataset.theme;
  else dataset.theme = wanted;
}

function recall(): Appearance {
  try {
    const { theme: wanted, language } = JSON.parse(localStorage.getItem(KEPT) ?? '{}') as Partial<Appearance>;
    return {
      theme: wanted === 'light' || wanted === 'dark' ? wanted : 'system',
      language: language === 'en' || language === 'de' ? language : 'system',
    };
  } catch {
    return { theme: 'system', language: 'system' };
  }
}
