import type { IpcMain, IpcMainInvokeEvent, WebContents, WebFrameMain } from 'electron';
import { beforeEach, describe, expect, it } from 'vitest';
import { WINDOWS, type WindowKind } from '../../contract/windows.ts';
import { FastbandError } from '../core/errors.ts';
import { type Envelope, registerIpc } from './ipc.ts';

type Handler = (event: IpcMainInvokeEvent, input: unknown) => Promise<Envelope>;

const PAGE = 'app://fastband/index.html#/activity';

/** Contents with their main frame. */
function contentsAt(url: string): WebContents {
  return { mainFrame: { url } as WebFrameMain } as WebContents;
}

let handlers: Map<string, Handler>;
let windows: Map<WebContents, WindowKind>;
let ran: [string, unknown][];
let logged: unknown[];
let fails: unknown;

beforeEach(() => {
  handlers = new Map();
  windows = new Map();
  ran = [];
  logged = [];
  fails = undefined;
  const run = async (name: string, input: unknown) => {
    ran.push([name, input]);
    if (fails !== undefined) throw fails;
    return 'done';
  };
  const note = (fields: unknown) => logged.push(fields);
  registerIpc({
    ipcMain: { handle: (name: string, handler: Handler) => handlers.set(name, handler) } as Pick<
      IpcMain,
      'handle'
    >,
    kindOf: (contents) => windows.get(contents),
    channel: run,
    desktop: run,
    log: { debug: note, info: note, warn: note, error: note },
  });
});

function windowOf(kind: WindowKind, url = PAGE): WebContents {
  const contents = contentsAt(url);
  windows.set(contents, kind);
  return contents;
}

function invoke(
  sender: WebContents,
  name: string,
  input: unknown = {},
  senderFrame: WebFrameMain | null = sender.mainFrame,
): Promise<Envelope> {
  const handler = handlers.get(name);
  if (handler === undefined) throw new Error(`no handler for ${name}`);
  return handler({ sender, senderFrame } as IpcMainInvokeEvent, input);
}

const FORBIDDEN = { ok: false, error: { code: 'forbidden', message: 'This window may not do that.' } };

describe('who may call [APP-6]', () => {
  it('the main frame of our own window is answered', async () => {
    expect(await invoke(windowOf('main'), 'server.status')).toEqual({ ok: true, value: 'done' });
  });

  const main = () => windowOf('main');
  it.each<[string, () => [WebContents, (WebFrameMain | null)?]]>([
    ['a window that is none of ours', () => [contentsAt(PAGE)]],
    ['a page of another origin in our window', () => [windowOf('main', 'https://fastband/index.html')]],
    ['a page whose host begins like ours', () => [windowOf('main', 'app://fastband.example/index.html')]],
    ['a page whose address names us as its user', () => [windowOf('main', 'app://fastband@example.org/')]],
    ['an empty page', () => [windowOf('main', 'about:blank')]],
    ['a frame within our page, also one of our origin', () => [main(), { url: PAGE } as WebFrameMain]],
    ['a frame that has navigated or is gone', () => [main(), null]],
  ])('%s is not', async (_name, make) => {
    const [sender, frame] = make();
    expect(await invoke(sender, 'server.status', {}, frame)).toEqual(FORBIDDEN);
    expect(ran).toEqual([]);
  });

  it('a frame that is torn down while it is asked is not, and nothing throws', async () => {
    const frame = {
      get url(): string {
        throw new Error('Render frame was disposed before WebFrameMain could be accessed');
      },
    } as WebFrameMain;
    const sender = { mainFrame: frame } as WebContents;
    windows.set(sender, 'main');
    expect(await invoke(sender, 'server.status', {}, frame)).toEqual(FORBIDDEN);
  });
});

describe('each window has its own channels [UI-2]', () => {
  const all = [
    ...new Set([WINDOWS.main, WINDOWS.approval].flatMap((one) => [...one.channels, ...one.desktop])),
  ];

  it.each(['main', 'approval'] as const)(
    'the %s window is refused every channel of the other',
    async (kind) => {
      const own: readonly string[] = [...WINDOWS[kind].channels, ...WINDOWS[kind].desktop];
      const foreign = all.filter((name) => !own.includes(name));
      expect(foreign.length).toBeGreaterThan(0);
      const sender = windowOf(kind);
      for (const name of foreign) expect(await invoke(sender, name), name).toEqual(FORBIDDEN);
      expect(ran).toEqual([]);
    },
  );

  it('no channel answers that no window has', () => {
    expect([...handlers.keys()].sort()).toEqual([...all].sort());
    expect(handlers.has('toString')).toBe(false);
  });

  it('the main window cannot answer an approval', async () => {
    expect(await invoke(windowOf('main'), 'approvals.decide', { id: 'a' })).toEqual(FORBIDDEN);
  });
});

describe('what crosses [APP-7]', () => {
  it.each([
    ['no object', 'desktop.openExternal', 'https://example.org'],
    ['a missing field', 'desktop.openExternal', {}],
    ['a field too many', 'desktop.relaunch', { now: true }],
    ['a path for a name', 'desktop.saveFile', { name: '../x', text: '' }],
  ])('%s is refused before anything runs', async (_name, channel, input) => {
    expect(await invoke(windowOf('main'), channel, input)).toMatchObject({
      ok: false,
      error: { code: 'invalid_input' },
    });
    expect(ran).toEqual([]);
  });

  it('a key "__proto__", however deep, is refused for every channel', async () => {
    const input: unknown = JSON.parse('{"patch":[{"__proto__":{"admin":true}}]}');
    for (const channel of ['settings.update', 'desktop.relaunch'])
      expect(await invoke(windowOf('main'), channel, input)).toMatchObject({
        ok: false,
        error: { code: 'invalid_input' },
      });
    expect(ran).toEqual([]);
  });

  it('no input means an empty one for the desktop’s channels', async () => {
    const handler = handlers.get('desktop.info');
    const sender = windowOf('main');
    await handler?.({ sender, senderFrame: sender.mainFrame } as IpcMainInvokeEvent, undefined);
    expect(ran).toEqual([['desktop.info', {}]]);
  });

  it('an error of ours crosses as code and message, and nothing else', async () => {
    fails = new FastbandError('not_found', 'There is no such client.', { cause: new Error('secret') });
    expect(await invoke(windowOf('main'), 'server.status')).toEqual({
      ok: false,
      error: { code: 'not_found', message: 'There is no such client.' },
    });
    expect(logged).toEqual([]);
  });

  it('any other error says nothing of the inside to the page, and all to the log [CALL-5]', async () => {
    fails = new TypeError('/home/ada/.config/x is not a function');
    const answer = await invoke(windowOf('main'), 'server.status');
    expect(answer).toMatchObject({ ok: false, error: { code: 'internal' } });
    expect(JSON.stringify(answer)).not.toContain('/home/ada');
    expect(logged).toEqual([{ err: fails, channel: 'server.status' }]);
  });
});
