/** "1 client", "3 clients". */
function count(n: number, one: string, many: string): string {
  return `${n.toLocaleString('en')} ${n === 1 ? one : many}`;
}

/** Every text of the panel, in English: one section for each page, and what they share. */
export const en = {
  language: 'English',
  pages: {
    overview: 'Overview',
    approvals: 'Approvals',
    activity: 'Activity',
    rules: 'Rules',
    tools: 'Tools',
    clients: 'Clients',
    workspaces: 'Workspaces',
    settings: 'Settings',
    rail: 'Pages',
    skip: 'Skip to the page',
  },
  actions: {
    undo: 'Undo',
    close: 'Close',
    cancel: 'Cancel',
    save: 'Save',
    retry: 'Try again',
    copy: 'Copy',
    copied: 'Copied',
    copyOf: (text: string) => `Copy ${text}`,
    remove: 'Remove',
    edit: 'Edit',
    add: 'Add',
    more: 'More',
  },
  unsaved: {
    title: 'Leave without saving?',
    text: 'What you changed on this page has not been saved.',
    leave: 'Leave',
  },
  time: {
    now: 'now',
  },
  errors: {
    title: 'This could not be loaded',
    crashed: 'This page stopped working',
    crashedText: 'What you see elsewhere is not affected. Load the page again to go on.',
    reload: 'Load again',
    detail: 'Details',
    unreachable: 'Fastband does not answer. Check that it is running, and that the tunnel to it is open.',
    notHere: 'This cannot be done from this window.',
    unknown: 'Fastband refused without saying why.',
    loading: 'Loading',
    lost: 'Fastband does not answer, so what you see may be old and answers cannot be given. Check that it is running, and that the tunnel to it is open. This page connects again by itself.',
  },
  signedOut: {
    title: 'This browser is not logged in',
    text: 'A session lasts twelve hours at most. To go on, open a new link: Fastband prints one in its terminal when it starts.',
  },
  server: {
    noConnection: 'No connection',
    connecting: 'Connecting',
    stopped: 'Server stopped',
    refusing: 'Refusing calls',
    running: 'Server running',
    address: 'Address for clients',
    log: 'Activity log',
    logWritten: 'Written',
    logFails: 'Cannot be written, so calls are refused',
    data: 'Data',
    version: 'Version',
    stop: 'Stop the server',
    start: 'Start the server',
    stopHint: 'Stopping denies what waits and cancels what runs.',
    logOut: 'Log out',
    waiting: (n: number) => count(n, 'approval waits', 'approvals wait'),
  },
  overview: {},
  approvals: {},
  activity: {},
  rules: {},
  tools: {},
  clients: {},
  workspaces: {},
  settings: {},
  effects: {},
  palette: {},
};

/** What every other language must say. */
export type Messages = typeof en;
