import type { App, Session, Shell, WebContents } from 'electron';
import { isOwnUrl } from './protocol.ts';

type Contents = Pick<WebContents, 'on' | 'setWindowOpenHandler'>;

/**
 * Closes every way out of our pages, for every web contents that there will ever be (Electron security checklist,
 * 12 to 15).
 */
export function hardenContents(contents: Contents, openExternal: (url: string) => void): void {
  const stay = (event: { preventDefault(): void; url: string }) => {
    if (!isOwnUrl(event.url)) event.preventDefault();
  };
  contents.on('will-navigate', stay);
  contents.on('will-redirect', stay);
  contents.on('will-frame-navigate', stay);
  contents.on('will-attach-webview', (event) => event.preventDefault());
  contents.setWindowOpenHandler(({ url }) => {
    openExternal(url);
    return { action: 'deny' };
  });
}

/** A session that gives no page any permission, loads nothing but ours, and saves no download. */
export function hardenSession(
  session: Pick<
    Session,
    | 'setPermissionRequestHandler'
    | 'setPermissionCheckHandler'
    | 'setDevicePermissionHandler'
    | 'setSpellCheckerEnabled'
    | 'webRequest'
    | 'on'
  >,
  packaged: boolean,
): void {
  session.setPermissionRequestHandler((_contents, permission, answer, details) =>
    answer(mayHave(permission, details.requestingUrl)),
  );
  session.setPermissionCheckHandler((_contents, permission, origin) => mayHave(permission, origin));
  session.setDevicePermissionHandler(() => false);
  session.setSpellCheckerEnabled(false);
  session.on('will-download', (event) => event.preventDefault());
  session.webRequest.onBeforeRequest(({ url }, answer) => answer({ cancel: !mayLoad(url, packaged) }));
}

/** Only what a Copy button needs, and only for our own pages. */
function mayHave(permission: string, from: string): boolean {
  return permission === 'clipboard-sanitized-write' && isOwnUrl(from);
}

/** What a page of ours may load: itself. Developer tools, where they are not switched off, load their own. */
export function mayLoad(url: string, packaged: boolean): boolean {
  if (isOwnUrl(url)) return true;
  const { protocol } = URL.parse(url) ?? {};
  return !packaged && protocol === 'devtools:';
}

/** Opens a page in the person's browser: https only, so that no other program is started by its scheme. */
export function openHttps(shell: Pick<Shell, 'openExternal'>, text: string): Promise<void> {
  const url = URL.parse(text);
  if (url === null || url.protocol !== 'https:' || url.username !== '' || url.password !== '')
    return Promise.reject(new TypeError('only https addresses are opened'));
  return shell.openExternal(url.href);
}

/** Hardens whatever is made from now on. */
export function hardenApp(app: Pick<App, 'on'>, openExternal: (url: string) => void): void {
  app.on('web-contents-created', (_event, contents) => hardenContents(contents, openExternal));
}
