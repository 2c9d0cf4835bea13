import type { Session, WebContents } from 'electron';
import { describe, expect, it } from 'vitest';
import { hardenApp, hardenContents, hardenSession, mayLoad, openHttps } from './hardening.ts';

type Listener = (...args: never[]) => unknown;

/** Contents that keep what they are told. */
function contents() {
  const listeners = new Map<string, Listener>();
  const opened: string[] = [];
  let opener: Parameters<WebContents['setWindowOpenHandler']>[0] | undefined;
  const given = {
    on: (name: string, listener: Listener) => void listeners.set(name, listener),
    setWindowOpenHandler: (handler: typeof opener) => {
      opener = handler;
    },
  } as unknown as WebContents;
  hardenContents(given, (url) => opened.push(url));
  const prevented = (name: string, url: string) => {
    let stopped = false;
    const event = { url, preventDefault: () => (stopped = true) };
    (listeners.get(name) as (event: object) => void)(event);
    return stopped;
  };
  return { prevented, opened, open: (url: string) => opener?.({ url } as Electron.HandlerDetails) };
}

describe('a page [APP-2]', () => {
  it.each(['will-navigate', 'will-redirect', 'will-frame-navigate'])('goes nowhere else by %s', (event) => {
    const { prevented } = contents();
    expect(prevented(event, 'app://fastband/index.html#/rules')).toBe(false);
    for (const url of [
      'https://example.org/',
      'file:///etc/passwd',
      'data:text/html,x',
      'about:blank',
      'app://other/index.html',
      'app://fastband.example/',
      'javascript:alert(1)',
      'not a url',
    ])
      expect(prevented(event, url), url).toBe(true);
  });

  it('gets no webview', () => {
    expect(contents().prevented('will-attach-webview', 'app://fastband/')).toBe(true);
  });

  it('opens no window: the address is only handed on', () => {
    const { open, opened } = contents();
    expect(open('https://example.org/')).toEqual({ action: 'deny' });
    expect(open('app://fastband/index.html')).toEqual({ action: 'deny' });
    expect(opened).toEqual(['https://example.org/', 'app://fastband/index.html']);
  });

  it('is hardened whichever window it is in', () => {
    const listeners = new Map<string, Listener>();
    const app = { on: (name: string, listener: Listener) => void listeners.set(name, listener) };
    hardenApp(app as never, () => {});
    const told: string[] = [];
    const made = { on: (name: string) => told.push(name), setWindowOpenHandler: () => told.push('open') };
    (listeners.get('web-contents-created') as (event: object, contents: object) => void)({}, made);
    expect(told.sort()).toEqual([
      'open',
      'will-attach-webview',
      'will-frame-navigate',
      'will-navigate',
      'will-redirect',
    ]);
  });
});

describe('a session [APP-3]', () => {
  function session(packaged = true) {
    const set = new Map<string, Listener>();
    const keep = (name: string) => (listener: Listener) => void set.set(name, listener);
    const spell: boolean[] = [];
    hardenSession(
      {
        setPermissionRequestHandler: keep('request'),
        setPermissionCheckHandler: keep('check'),
        setDevicePermissionHandler: keep('device'),
        setSpellCheckerEnabled: (on: boolean) => spell.push(on),
        on: (name: string, listener: Listener) => void set.set(name, listener),
        webRequest: { onBeforeRequest: keep('load') },
      } as unknown as Session,
      packaged,
    );
    return {
      call: (name: string, ...args: unknown[]) => (set.get(name) as (...all: unknown[]) => unknown)(...args),
      spell,
    };
  }
  const OWN = 'app://fastband/index.html';

  /** Both doors that Chromium asks at. */
  function may(permission: string, from: string): [boolean, boolean] {
    const { call } = session();
    let granted: boolean | undefined;
    call('request', {}, permission, (answer: boolean) => (granted = answer), { requestingUrl: from });
    return [granted === true, call('check', null, permission, from, {}) === true];
  }

  it.each([
    'media',
    'display-capture',
    'geolocation',
    'notifications',
    'clipboard-read',
    'openExternal',
    'fileSystem',
    'fullscreen',
    'pointerLock',
    'hid',
    'serial',
    'usb',
    'local-network',
    'unknown',
  ])('gives our own page no %s', (permission) => {
    expect(may(permission, OWN)).toEqual([false, false]);
  });

  it('lets our own page copy, and no other', () => {
    expect(may('clipboard-sanitized-write', OWN)).toEqual([true, true]);
    expect(may('clipboard-sanitized-write', 'https://example.org/')).toEqual([false, false]);
    expect(may('clipboard-sanitized-write', '')).toEqual([false, false]);
  });

  it('gives no device, saves no download, checks no spelling elsewhere', () => {
    const { call, spell } = session();
    expect(call('device', {})).toBe(false);
    let stopped = false;
    call('will-download', { preventDefault: () => (stopped = true) });
    expect(stopped).toBe(true);
    expect(spell).toEqual([false]);
  });

  it('loads nothing but our own files', () => {
    const { call } = session();
    const cancelled = (url: string) => {
      let answer: { cancel?: boolean } | undefined;
      call('load', { url }, (given: { cancel?: boolean }) => (answer = given));
      return answer?.cancel;
    };
    expect(cancelled('app://fastband/assets/index.js')).toBe(false);
    for (const url of [
      'https://example.org/x.js',
      'http://127.0.0.1:7850/mcp',
      'file:///etc/passwd',
      'ws://x/',
    ])
      expect(cancelled(url), url).toBe(true);
  });

  it('loads developer tools only while developing', () => {
    expect(mayLoad('devtools://devtools/bundled/x.js', false)).toBe(true);
    expect(mayLoad('devtools://devtools/bundled/x.js', true)).toBe(false);
  });
});

describe('an address for the browser [APP-4]', () => {
  const opened: string[] = [];
  const shell = { openExternal: async (url: string) => void opened.push(url) };

  it('is opened when it is https', async () => {
    await openHttps(shell, 'https://example.org/a?b#c');
    expect(opened.splice(0)).toEqual(['https://example.org/a?b#c']);
  });

  it.each([
    'http://example.org/',
    'file:///etc/passwd',
    'smb://server/share',
    'mailto:a@example.org',
    'javascript:alert(1)',
    'ms-msdt:/id PCWDiagnostic',
    'https://user:word@example.org/',
    'https:',
    '',
    '/etc/passwd',
  ])('is not opened when it is %j', async (url) => {
    await expect(openHttps(shell, url)).rejects.toThrow();
    expect(opened).toEqual([]);
  });
});
