import type { Channel } from './channels.ts';
import type { DesktopChannel } from './desktop.ts';

/** The desktop's windows. A page in one can never ask for what the other is for. */
export const WINDOW_KINDS = ['main', 'approval'] as const;
export type WindowKind = (typeof WINDOW_KINDS)[number];

interface WindowChannels {
  readonly channels: readonly Channel[];
  readonly desktop: readonly DesktopChannel[];
}

/** Every channel but the decision of an approval. The compiler asks for each new one. */
const MAIN: Readonly<Record<Exclude<Channel, 'approvals.decide'>, true>> = {
  'server.status': true,
  'server.start': true,
  'server.stop': true,
  'health.get': true,
  'security.get': true,
  'approvals.list': true,
  'approvals.get': true,
  'audit.search': true,
  'audit.get': true,
  'audit.call': true,
  'audit.index': true,
  'audit.stats': true,
  'audit.verify': true,
  'audit.export': true,
  'tasks.cancel': true,
  'clients.list': true,
  'clients.create': true,
  'clients.revoke': true,
  'clients.update': true,
  'clients.setLimits': true,
  'rules.list': true,
  'rules.add': true,
  'rules.remove': true,
  'rules.update': true,
  'rules.preview': true,
  'rules.export': true,
  'rules.import': true,
  'rules.explain': true,
  'grants.list': true,
  'grants.revoke': true,
  'tools.list': true,
  'tools.setEnabled': true,
  'tools.try': true,
  'workspaces.list': true,
  'workspaces.add': true,
  'workspaces.update': true,
  'workspaces.inspect': true,
  'workspaces.remove': true,
  'keys.state': true,
  'keys.list': true,
  'keys.set': true,
  'keys.rotate': true,
  'keys.update': true,
  'keys.check': true,
  'keys.remove': true,
  'keys.importEnv': true,
  'models.spend': true,
  'pictures.list': true,
  'pictures.get': true,
  'pictures.delete': true,
  'pictures.clear': true,
  'browser.state': true,
  'browser.fetch': true,
  'backups.list': true,
  'backups.create': true,
  'backups.verify': true,
  'settings.get': true,
  'settings.update': true,
  'settings.reset': true,
  'settings.export': true,
  'settings.import': true,
  'about.get': true,
  'about.licences': true,
  'diagnostics.create': true,
  'journal.list': true,
  'journal.diff': true,
  'journal.undo': true,
};
const MAIN_DESKTOP: Readonly<Record<Exclude<DesktopChannel, 'desktop.closeApproval'>, true>> = {
  'desktop.info': true,
  'desktop.pickFolder': true,
  'desktop.saveFile': true,
  'desktop.showHome': true,
  'desktop.openExternal': true,
  'desktop.openApproval': true,
  'desktop.keyPasted': true,
  'desktop.relaunch': true,
  'desktop.update': true,
  'desktop.checkForUpdate': true,
  'desktop.cancelUpdate': true,
  'desktop.installUpdate': true,
};

/**
 * The names that each window's preload puts on its page. The main window cannot decide an approval: a page that was
 * taken over could otherwise say yes to itself. Names only, so that a preload carries no schemas.
 */
export const WINDOWS: Readonly<Record<WindowKind, WindowChannels>> = {
  main: {
    channels: Object.keys(MAIN) as Channel[],
    desktop: Object.keys(MAIN_DESKTOP) as DesktopChannel[],
  },
  approval: {
    channels: ['approvals.list', 'approvals.get', 'approvals.decide'],
    desktop: ['desktop.closeApproval'],
  },
};

/** What main calls out to a window: one `HostEvent`. */
export const EVENT_MESSAGE = 'fastband.event';
