import type { Settings } from '../../contract/settings.ts';
import { de as saidDe } from '../../contract/words-de.ts';
import { en as saidEn } from '../../contract/words-en.ts';

const en = {
  /** What the panel says too. */
  said: saidEn,
  off: 'Server off',
  on: 'Server on',
  failed: 'Fastband did not start',
  refusing: 'The activity log cannot be written, so calls are refused',
  waiting: (n: number) => (n === 1 ? '1 approval waits' : `${n} approvals wait`),
  turnOn: 'Turn the server on',
  turnOff: 'Turn the server off',
  answer: 'Answer what waits…',
  recent: 'Recent calls',
  noCalls: 'No calls yet',
  open: 'Open Fastband',
  quit: 'Quit Fastband',
  file: 'File',
  edit: 'Edit',
  view: 'View',
  window: 'Window',
  help: 'Help',
  settings: 'Settings…',
  allow: 'Allow',
  deny: 'Deny',
  look: 'Look at it',
  staysTitle: 'Fastband goes on in the tray',
  staysBody: 'Clients stay connected. Open the window or quit from the icon in the tray.',
  dataFolder: 'Show the data folder',
  checkForUpdates: 'Check for updates…',
  updateTitle: (version: string) => `Fastband ${version} is ready`,
  updateBody: 'Restart from Settings when it suits you.',
  restartQuestion: (version: string) => `Restart and update to Fastband ${version}?`,
  restartDetail: 'Running calls are cancelled. Clients connect again afterwards.',
  restartWaiting: (n: number) =>
    n === 1 ? '1 waiting approval is denied.' : `${n} waiting approvals are denied.`,
  restart: 'Restart',
  later: 'Later',
  unsaved: 'Leave without saving?',
  unsavedDetail: 'What you changed in the window has not been saved.',
  stay: 'Stay',
  leave: 'Leave',
};

const de: typeof en = {
  said: saidDe,
  off: 'Server aus',
  on: 'Server an',
  failed: 'Fastband ist nicht gestartet',
  refusing: 'Das Protokoll ist nicht schreibbar, daher werden Aufrufe abgelehnt',
  waiting: (n) => (n === 1 ? '1 Freigabe wartet' : `${n} Freigaben warten`),
  turnOn: 'Server einschalten',
  turnOff: 'Server ausschalten',
  answer: 'Wartendes beantworten…',
  recent: 'Letzte Aufrufe',
  noCalls: 'Noch keine Aufrufe',
  open: 'Fastband öffnen',
  quit: 'Fastband beenden',
  file: 'Datei',
  edit: 'Bearbeiten',
  view: 'Ansicht',
  window: 'Fenster',
  help: 'Hilfe',
  settings: 'Einstellungen…',
  allow: 'Zulassen',
  deny: 'Ablehnen',
  look: 'Ansehen',
  staysTitle: 'Fastband läuft in der Taskleiste weiter',
  staysBody: 'Clients bleiben verbunden. Fenster öffnen oder beenden: über das Symbol in der Taskleiste.',
  dataFolder: 'Datenordner zeigen',
  checkForUpdates: 'Nach Updates suchen…',
  updateTitle: (version) => `Fastband ${version} ist bereit`,
  updateBody: 'Neu starten in den Einstellungen, wann es passt.',
  restartQuestion: (version) => `Neu starten und auf Fastband ${version} aktualisieren?`,
  restartDetail: 'Laufende Aufrufe werden abgebrochen. Clients verbinden sich danach wieder.',
  restartWaiting: (n) =>
    n === 1 ? '1 wartende Freigabe wird abgelehnt.' : `${n} wartende Freigaben werden abgelehnt.`,
  restart: 'Neu starten',
  later: 'Später',
  unsaved: 'Ohne Speichern verlassen?',
  unsavedDetail: 'Die Änderungen im Fenster sind noch nicht gespeichert.',
  stay: 'Bleiben',
  leave: 'Verlassen',
};

/** What the shell itself says: tray, menus, notifications. The windows' texts are the panel's. */
export type ShellMessages = typeof en;

/** @param languages - the person's own, best first, as `app.getPreferredSystemLanguages` gives them */
export function shellMessages(
  wanted: Settings['appearance']['language'],
  languages: readonly string[],
): ShellMessages {
  if (wanted !== 'system') return wanted === 'de' ? de : en;
  const first = languages
    .map((tag) => tag.toLowerCase().split('-')[0])
    .find((tag) => tag === 'de' || tag === 'en');
  return first === 'de' ? de : en;
}
