import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { ServerStatus } from '../../contract/entities.ts';
import { WINDOWS } from '../../contract/windows.ts';
import { axe, drop, unstyled } from '../browser.ts';
import { PAGES_IN } from '../chromium.ts';
import { childrenOf, lives, TELLS } from '../usage.ts';
import { DesktopApp, freePort, RUNS_ON } from './app.ts';

/** The double needs a Chromium; Electron is one. */
const CAN_RUN = RUNS_ON === 'Electron' || existsSync(process.env.CHROMIUM ?? '/usr/bin/chromium');

const GUARD_MS = 700;

interface Answer {
  readonly ok: boolean;
  readonly value?: unknown;
  readonly error?: { readonly code: string; readonly message: string };
}

/** Asks through the page's own bridge, as a page that was taken over would. `input` is JSON. */
async function call(page: Page, channel: string, input: unknown = {}): Promise<Answer> {
  const text = typeof input === 'string' ? input : JSON.stringify(input);
  return (await page.evaluate(
    `(window.fastband.channels['${channel}'] ?? window.fastband.desktop['${channel}'])(JSON.parse(${JSON.stringify(text)}))`,
  )) as Answer;
}

/** What the app has started, for `gone`. Linux alone tells. */
async function started(app: DesktopApp): Promise<ReturnType<typeof childrenOf>> {
  return TELLS ? childrenOf(await app.pid()) : [];
}

/** Waits until none of these is left: whoever ends a process is told of it a moment later. */
async function gone(processes: ReturnType<typeof childrenOf>): Promise<void> {
  await expect
    .poll(() => processes.filter(({ pid }) => lives(pid)).map(({ line }) => line), { timeout: 5000 })
    .toEqual([]);
}

/** Presses Tab until what has the focus is called so. */
async function tabTo(page: Page, name: string): Promise<void> {
  for (let pressed = 0; pressed < 80; pressed++) {
    const at = String(await page.evaluate("document.activeElement?.textContent ?? ''"));
    if (at.startsWith(name)) return;
    await page.keyboard.press('Tab');
  }
  throw new Error(`Tab never came to "${name}"`);
}

describe.skipIf(!CAN_RUN)(`the desktop app, on ${RUNS_ON}`, () => {
  let app: DesktopApp;
  let clients: Client[];
  beforeEach(() => {
    clients = [];
    app = DesktopApp.start();
  });
  afterEach(async () => {
    await Promise.all(clients.map((client) => client.close().catch(() => {})));
    await app.close();
  });

  async function mainPage(): Promise<Page> {
    const page = await app.page('index.html');
    await page.getByText('Server running').first().waitFor();
    return page;
  }

  /** A workspace, a client with a token, and that client connected. */
  async function connected(page: Page): Promise<{ client: Client; folder: string; id: string }> {
    const folder = join(app.home, '..', 'shop');
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'a.txt'), 'one\n');
    expect(await call(page, 'workspaces.add', { root: folder })).toMatchObject({ ok: true });
    const made = (await call(page, 'clients.create', { name: 'Claude Code' })).value as {
      client: { id: string };
      token: string;
    };
    const { mcp } = (await call(page, 'server.status')).value as ServerStatus;
    const client = new Client({ name: 'e2e', version: '1' }, { versionNegotiation: { mode: 'auto' } });
    await client.connect(
      new StreamableHTTPClientTransport(new URL(mcp ?? ''), {
        requestInit: { headers: { Authorization: `Bearer ${made.token}` } },
      }),
    );
    clients.push(client);
    return { client, folder, id: made.client.id };
  }

  it('opens its window with the panel in it, and quits', async () => {
    const page = await mainPage();
    await page.getByRole('heading', { name: 'Overview' }).waitFor();
    expect((await app.look()).windows).toMatchObject([
      {
        visible: true,
        preferences: { sandbox: true, contextIsolation: true, nodeIntegration: false, webviewTag: false },
      },
    ]);
    expect(await app.quit()).toBe(0);
  });

  it('takes a first write from the question to the file, answered from the notification', async () => {
    const page = await mainPage();
    const { client } = await connected(page);
    const read = await client.callTool({ name: 'read_file', arguments: { path: 'a.txt' } });
    expect(read.content).toMatchObject([{ text: 'one\n' }]);
    const wrote = client.callTool({ name: 'write_file', arguments: { path: 'notes.md', content: 'two\n' } });
    const { tray, notifications } = await app.until('a count in the tray', ({ badge }) => badge === 1);
    expect(tray?.toolTip).toBe('Fastband: 1 approval waits');
    expect(notifications).toMatchObject([
      { title: 'Claude Code wants to create notes.md in shop', actions: ['Allow', 'Deny'] },
    ]);
    await app.order({ do: 'notification', at: 0, action: 0 });
    expect((await wrote).isError).not.toBe(true);
    await app.until('an empty tray', ({ badge }) => badge === 0);
  });

  it('takes no yes from a notification for what must be looked at, but a no', async () => {
    const page = await mainPage();
    const { client, folder } = await connected(page);
    const wrote = client.callTool({ name: 'write_file', arguments: { path: 'a.txt', content: 'two\n' } });
    const { notifications } = await app.until('a count in the tray', ({ badge }) => badge === 1);
    expect(notifications).toMatchObject([{ actions: ['Deny'], open: true }]);
    await app.order({ do: 'notification', at: 0, action: 0 });
    expect((await wrote).isError).toBe(true);
    expect(readFileSync(join(folder, 'a.txt'), 'utf8')).toBe('one\n');
    await app.until('no notification', (look) => look.notifications[0]?.open === false);
  });

  it('notifies nobody who does not want it, and counts in the tray all the same', async () => {
    const page = await mainPage();
    await call(page, 'settings.update', { desktop: { notifications: false } });
    const { client } = await connected(page);
    const wrote = client.callTool({ name: 'write_file', arguments: { path: 'a.txt', content: 'two\n' } });
    await app.until('a count in the tray', ({ badge }) => badge === 1);
    expect((await app.look()).notifications).toEqual([]);
    await app.quit();
    expect((await wrote).isError).toBe(true);
  });

  it('asks a database in a process of its own, which ends with the app', async () => {
    const page = await mainPage();
    const { client, folder } = await connected(page);
    const database = new DatabaseSync(join(folder, 'shop.db'));
    database.exec("CREATE TABLE items (name TEXT); INSERT INTO items VALUES ('pen')");
    database.close();
    const asked = client.callTool({
      name: 'query_database',
      arguments: { database: 'shop.db', sql: 'SELECT name FROM items' },
    });
    await app.until('a count in the tray', ({ badge }) => badge === 1);
    await app.order({ do: 'tray', label: 'Answer what waits…' });
    const window = await app.page('approval.html');
    await window.getByText('SELECT name FROM items').first().waitFor();
    await window.waitForTimeout(GUARD_MS);
    await window.keyboard.press('a');
    expect((await asked).structuredContent).toMatchObject({ rows: [['pen']] });
    const processes = await started(app);
    if (TELLS) expect(processes.map(({ line }) => line).join()).toContain('sqlite-process');
    expect(await app.quit()).toBe(0);
    await gone(processes);
  });

  describe('the approval window', () => {
    /** A write that waits, and the window for it. */
    async function asked(): Promise<{ window: Page; wrote: ReturnType<Client['callTool']>; folder: string }> {
      const page = await mainPage();
      const { client, folder } = await connected(page);
      const wrote = client.callTool({ name: 'write_file', arguments: { path: 'a.txt', content: 'two\n' } });
      await app.until('a count in the tray', ({ badge }) => badge === 1);
      await app.order({ do: 'tray', label: 'Answer what waits…' });
      const window = await app.page('approval.html');
      await window.getByRole('heading', { name: 'Claude Code wants to change a.txt in shop' }).waitFor();
      await window.waitForTimeout(GUARD_MS);
      return { window, wrote, folder };
    }

    it('shows the change, allows it by a key, and closes', async () => {
      const { window, wrote, folder } = await asked();
      await window.getByText('two', { exact: true }).waitFor();
      await window.keyboard.press('a');
      expect((await wrote).isError).not.toBe(true);
      expect(readFileSync(join(folder, 'a.txt'), 'utf8')).toBe('two\n');
      await app.until('one window', ({ windows }) => windows.length === 1);
    });

    it('shows what a notification is about, also where another was stepped to', async () => {
      const { client, folder } = await connected(await mainPage());
      const change = (path: string) =>
        client.callTool({ name: 'write_file', arguments: { path, content: 'two\n' } });
      const first = change('a.txt');
      await app.until('one that waits', ({ badge }) => badge === 1);
      const second = change('b.txt');
      await app.until('two that wait', ({ badge }) => badge === 2);
      await app.order({ do: 'notification', at: 0 });
      const window = await app.page('approval.html');
      const shown = (path: string) =>
        window.getByRole('heading', { name: new RegExp(` ${path} in shop$`) }).waitFor();
      await shown('a.txt');
      await window.keyboard.press('j');
      await shown('b.txt');
      await app.order({ do: 'notification', at: 0 });
      await shown('a.txt');
      await window.waitForTimeout(GUARD_MS);
      await window.keyboard.press('a');
      expect((await first).isError).not.toBe(true);
      expect([readFileSync(join(folder, 'a.txt'), 'utf8'), existsSync(join(folder, 'b.txt'))]).toEqual([
        'two\n',
        false,
      ]);
      await app.quit();
      expect((await second).isError).toBe(true);
    });

    it('denies with a reason that the agent reads', async () => {
      const { window, wrote, folder } = await asked();
      await window.getByRole('textbox').fill('use b.txt');
      await window.keyboard.press('Enter');
      const { isError, content } = await wrote;
      expect([isError, JSON.stringify(content)]).toEqual([true, expect.stringContaining('use b.txt')]);
      expect(readFileSync(join(folder, 'a.txt'), 'utf8')).toBe('one\n');
    });

    it('has nothing for axe to find, light and dark', async () => {
      const page = await mainPage();
      const { window, wrote } = await asked();
      await window.getByText('two', { exact: true }).waitFor();
      for (const theme of ['light', 'dark'] as const) {
        await call(page, 'settings.update', { appearance: { theme, language: 'en' } });
        await expect
          .poll(() => window.evaluate('getComputedStyle(document.documentElement).colorScheme'))
          .toBe(theme);
        // Colours change within 150 ms.
        await window.waitForTimeout(200);
        expect(await axe(window)).toEqual([]);
        if (process.env.PICTURES !== undefined)
          await window.screenshot({ path: join(process.env.PICTURES, `approval-${theme}.png`) });
      }
      await app.quit();
      expect((await wrote).isError).toBe(true);
    });

    it('looks and speaks as the settings say', async () => {
      const page = await mainPage();
      await call(page, 'settings.update', { appearance: { theme: 'dark', language: 'de' } });
      await page.getByText('Server läuft').first().waitFor();
      const { client } = await connected(page);
      const wrote = client.callTool({ name: 'write_file', arguments: { path: 'a.txt', content: 'two\n' } });
      const { notifications } = await app.until('a count in the tray', ({ badge }) => badge === 1);
      expect(notifications).toMatchObject([
        { title: 'Claude Code möchte a.txt in shop ändern', actions: ['Ablehnen'] },
      ]);
      await app.order({ do: 'tray', label: 'Wartendes beantworten…' });
      const window = await app.page('approval.html');
      await window.getByRole('button', { name: /^Zulassen/ }).waitFor();
      expect(await window.evaluate('getComputedStyle(document.documentElement).colorScheme')).toBe('dark');
      await call(page, 'settings.update', { appearance: { theme: 'light', language: 'en' } });
      await window.getByRole('button', { name: /^Allow/ }).waitFor();
      expect(await window.evaluate('getComputedStyle(document.documentElement).colorScheme')).toBe('light');
      await app.quit();
      expect((await wrote).isError).toBe(true);
    });

    it('is reached and answered without a mouse', async () => {
      const page = await mainPage();
      const { client, folder } = await connected(page);
      const wrote = client.callTool({ name: 'write_file', arguments: { path: 'a.txt', content: 'two\n' } });
      await app.until('a count in the tray', ({ badge }) => badge === 1);
      await page.keyboard.press('Control+k');
      await page.getByRole('dialog').waitFor();
      await page.keyboard.type('approvals');
      await page.keyboard.press('Enter');
      await page.getByRole('heading', { name: 'Claude Code wants to change a.txt in shop' }).waitFor();
      await tabTo(page, 'Answer it');
      await page.keyboard.press('Enter');
      const window = await app.page('approval.html');
      await window.getByRole('heading', { name: 'Claude Code wants to change a.txt in shop' }).waitFor();
      await window.waitForTimeout(GUARD_MS);
      await tabTo(window, 'Allow');
      await window.keyboard.press('Enter');
      expect((await wrote).isError).not.toBe(true);
      expect(readFileSync(join(folder, 'a.txt'), 'utf8')).toBe('two\n');
    });

    it('leaves the question open when it is closed without an answer', async () => {
      const { wrote, window } = await asked();
      const gone = window.waitForEvent('close');
      await app.order({ do: 'close', url: 'approval.html' });
      await gone;
      expect((await app.until('one window', ({ windows }) => windows.length === 1)).badge).toBe(1);
      await app.order({ do: 'tray', label: 'Answer what waits…' });
      const again = await app.page('approval.html');
      await again.getByRole('heading', { name: 'Claude Code wants to change a.txt in shop' }).waitFor();
      await again.waitForTimeout(GUARD_MS);
      await again.keyboard.press('d');
      expect((await wrote).isError).toBe(true);
    });

    it('may ask for approvals and nothing else', async () => {
      const { window, wrote } = await asked();
      expect(await window.evaluate('Object.keys(fastband.channels).sort()')).toEqual(
        [...WINDOWS.approval.channels].sort(),
      );
      expect(await window.evaluate('Object.keys(fastband.desktop)')).toEqual(['desktop.closeApproval']);
      await app.quit();
      expect((await wrote).isError).toBe(true);
    });

    it('has no other way in: the main window shows the question and cannot answer it', async () => {
      const { wrote } = await asked();
      await app.order({ do: 'close', url: 'approval.html' });
      const page = await app.page('index.html');
      await page.getByRole('link', { name: 'Approvals' }).first().click();
      await page.getByRole('heading', { name: 'Claude Code wants to change a.txt in shop' }).waitFor();
      await page.waitForTimeout(GUARD_MS);
      expect(await page.getByRole('button', { name: /^(Allow|Deny)/ }).count()).toBe(0);
      await page.keyboard.press('a');
      await page.getByRole('button', { name: 'Answer it' }).click();
      await app.until('the approval window', ({ windows }) => windows.length === 2);
      expect((await app.look()).badge).toBe(1);
      await app.quit();
      expect((await wrote).isError).toBe(true);
    });
  });

  it('denies what waits when it quits, and leaves no process', async () => {
    const page = await mainPage();
    const { client } = await connected(page);
    const wrote = client.callTool({ name: 'write_file', arguments: { path: 'a.txt', content: 'two\n' } });
    await app.until('a count in the tray', ({ badge }) => badge === 1);
    const processes = await started(app);
    const began = performance.now();
    expect(await app.quit()).toBe(0);
    expect(performance.now() - began).toBeLessThan(5000);
    expect((await wrote)._meta).toMatchObject({ 'fastband/code': 'server_stopped' });
    await gone(processes);
  });

  it('ends the calls of a client that is revoked', async () => {
    const page = await mainPage();
    const { client, id } = await connected(page);
    const wrote = client
      .callTool({ name: 'write_file', arguments: { path: 'a.txt', content: 'two\n' } })
      .then(
        ({ isError }) => isError,
        () => true,
      );
    await app.until('a count in the tray', ({ badge }) => badge === 1);
    expect(await call(page, 'clients.revoke', { id })).toMatchObject({ ok: true });
    expect(await wrote).toBe(true);
    await app.until('nothing waiting', ({ badge }) => badge === 0);
    await expect(client.callTool({ name: 'read_file', arguments: { path: 'a.txt' } })).rejects.toThrow();
  });

  it.skipIf(process.platform === 'win32')('ends what runs for a client that is revoked', async () => {
    const page = await mainPage();
    const { client, id } = await connected(page);
    const match = { kind: 'exec', argv: ['sleep', '60'] };
    expect(await call(page, 'rules.add', { effect: 'allow', match })).toMatchObject({ ok: true });
    const ran = client.callTool({ name: 'run_command', arguments: { command: ['sleep', '60'] } }).then(
      ({ isError }) => isError,
      () => true,
    );
    const active = async () => ((await call(page, 'server.status')).value as ServerStatus).activeCalls;
    await expect.poll(active, { timeout: 10_000 }).toBe(1);
    const asleep = () => started(app).then((all) => all.filter(({ line }) => line === 'sleep 60'));
    if (TELLS) await expect.poll(async () => (await asleep()).length, { timeout: 10_000 }).toBe(1);
    expect(await call(page, 'clients.revoke', { id })).toMatchObject({ ok: true });
    expect(await ran).toBe(true);
    await expect.poll(active).toBe(0);
    if (TELLS) await expect.poll(asleep).toEqual([]);
  });

  it('answers no for a person who does not answer in time', async () => {
    const page = await mainPage();
    await call(page, 'settings.update', { approvals: { timeoutSeconds: 1 } });
    const { client } = await connected(page);
    const wrote = await client.callTool({
      name: 'write_file',
      arguments: { path: 'a.txt', content: 'two\n' },
    });
    expect([wrote.isError, wrote._meta]).toEqual([
      true,
      expect.objectContaining({ 'fastband/code': 'approval_timeout' }),
    ]);
  });

  it('opens the panel also where its port is taken: another is chosen there', async () => {
    await mainPage();
    const { home } = app;
    expect(await app.quit()).toBe(0);
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    writeFileSync(
      join(home, 'settings.json'),
      JSON.stringify({ server: { port }, desktop: { startHidden: true } }),
    );
    const busy = DesktopApp.start({ home });
    try {
      const page = await busy.page('index.html');
      const why = page.getByText(`Port ${port} on 127.0.0.1 is in use by another program.`);
      await why.waitFor();
      await busy.until('the window, hidden or not', ({ windows }) => windows[0]?.visible === true);
      await page.goto(`${page.url().replace(/#.*$/, '')}#/settings`);
      await page.locator('#setting-server\\.port').fill(String(await freePort()));
      await page.keyboard.press('Enter');
      await page.getByText('Server stopped').first().click();
      await page.getByRole('button', { name: 'Start the server' }).click();
      await page.getByText('Server running').first().waitFor();
      expect(await why.count()).toBe(0);
    } finally {
      await busy.close();
      other.close();
    }
  });

  it('says in its window why it could not start, and how to mend it', async () => {
    await mainPage();
    const { home } = app;
    expect(await app.quit()).toBe(0);
    writeFileSync(join(home, 'settings.json'), '{"server":{"port":"many"}}');
    const broken = DesktopApp.start({ home });
    try {
      const page = await broken.page('index.html');
      await page.getByRole('heading', { name: 'Fastband did not start' }).waitFor();
      await page.getByText('settings.json').first().waitFor();
      for (const colorScheme of ['light', 'dark'] as const) {
        await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
        expect([colorScheme, await axe(page), await unstyled(page)]).toEqual([colorScheme, [], []]);
      }
      expect((await broken.look()).tray?.toolTip).toBe('Fastband: Fastband did not start');
    } finally {
      await broken.close();
    }
  });

  // Electron itself has no Chromium that could be held back.
  it.skipIf(RUNS_ON === 'Electron')('answers clients before any window is there', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'fastband-slow-'));
    const [go, home] = [join(folder, 'go'), join(folder, 'app', 'home')];
    const port = await freePort();
    mkdirSync(home, { recursive: true, mode: 0o700 });
    writeFileSync(join(home, 'settings.json'), JSON.stringify({ server: { port } }));
    const slow = join(folder, 'chromium');
    writeFileSync(slow, `#!/bin/sh\nwhile [ ! -e ${go} ]; do sleep 0.05; done\nexec ${PAGES_IN} "$@"\n`, {
      mode: 0o755,
    });
    const waiting = DesktopApp.start({ home, env: { CHROMIUM: slow } });
    try {
      await expect
        .poll(
          () =>
            fetch(`http://127.0.0.1:${port}/mcp`, { method: 'POST' }).then((answer) => answer.status, String),
          {
            timeout: 20_000,
          },
        )
        .toBe(401);
      writeFileSync(go, '');
      const page = await waiting.page('index.html');
      await page.getByText('Server running').first().waitFor();
    } finally {
      writeFileSync(go, '');
      await waiting.close();
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it('ends with an error where its folder cannot be made', async () => {
    await mainPage();
    const file = join(app.home, '..', 'a-file');
    writeFileSync(file, '');
    expect(await DesktopApp.again(join(file, 'home'))).toBe(1);
  });

  it('goes on in the tray when its window is closed, and says so once', async () => {
    await mainPage();
    await app.order({ do: 'close', url: 'index.html' });
    const look = await app.look();
    expect(look.windows).toMatchObject([{ visible: false }]);
    expect(look.notifications).toMatchObject([{ title: 'Fastband goes on in the tray' }]);
    await app.order({ do: 'tray', label: 'Open Fastband' });
    expect((await app.look()).windows).toMatchObject([{ visible: true }]);
    await app.order({ do: 'close', url: 'index.html' });
    expect((await app.look()).notifications).toHaveLength(1);
  });

  it('asks before it quits over what is not saved, goes on when the person stays, and ends when they leave', async () => {
    const page = await mainPage();
    await page.goto(`${page.url().replace(/#.*$/, '')}#/settings`);
    const port = page.locator('#setting-server\\.port');
    await port.click();
    await page.keyboard.type('no number');
    await page.keyboard.press('Enter');
    await app.order({ do: 'close', url: 'index.html' });
    expect(await app.look()).toMatchObject({ windows: [{ visible: false }], asked: [] });

    await app.order({ do: 'answer', with: 0 });
    await app.order({ do: 'tray', label: 'Quit Fastband' });
    const { asked, windows } = await app.until('the question', (look) => look.asked.length === 1);
    expect(asked).toMatchObject([
      { message: 'Leave without saving?', buttons: ['Stay', 'Leave'], cancelId: 0 },
    ]);
    expect(windows).toMatchObject([{ visible: true }]);
    await expect.poll(() => port.inputValue()).toContain('no number');
    expect(await call(page, 'server.status')).toMatchObject({ ok: true, value: { running: true } });
    // Nothing of the quitting is left: closing the window hides it.
    await app.order({ do: 'close', url: 'index.html' });
    expect((await app.look()).windows).toMatchObject([{ visible: false }]);

    await app.order({ do: 'answer', with: 1 });
    const ended = app.ended();
    await app.order({ do: 'tray', label: 'Quit Fastband' });
    expect(await ended).toBe(0);
  });

  it('is switched off and on from the tray while a client is connected', async () => {
    const page = await mainPage();
    const { client } = await connected(page);
    await app.order({ do: 'tray', label: 'Turn the server off' });
    await app.until('the server off', ({ tray }) => tray?.toolTip === 'Fastband: Server off');
    await page.getByText('Server stopped').first().waitFor();
    await expect(client.callTool({ name: 'read_file', arguments: { path: 'a.txt' } })).rejects.toThrow();
    await app.order({ do: 'tray', label: 'Turn the server on' });
    await app.until('the server on', ({ tray }) => tray?.toolTip === 'Fastband: Server on');
    const read = await client.callTool({ name: 'read_file', arguments: { path: 'a.txt' } });
    expect(read.content).toMatchObject([{ text: 'one\n' }]);
  });

  it('comes back where its window was, and hidden where that is wanted', async () => {
    const page = await mainPage();
    const at = { x: 120, y: 80, width: 900, height: 640 };
    await app.order({ do: 'place', url: 'index.html', at });
    await call(page, 'settings.update', { desktop: { startHidden: true } });
    const { home } = app;
    expect(await app.quit()).toBe(0);
    const again = DesktopApp.start({ home });
    try {
      await (await again.page('index.html')).getByText('Server running').first().waitFor();
      expect((await again.look()).windows).toMatchObject([{ visible: false, bounds: at }]);
      await again.order({ do: 'tray', label: 'Open Fastband' });
      expect((await again.look()).windows).toMatchObject([{ visible: true, bounds: at }]);
    } finally {
      await again.close();
    }
  });

  it('says in Settings that there is no place to get updates from, and offers none', async () => {
    const page = await mainPage();
    await page.goto(`${page.url().replace(/#.*$/, '')}#/settings`);
    await page.getByText('Fastband runs from its sources here, so there are no updates to fetch.').waitFor();
    expect(await call(page, 'desktop.checkForUpdate')).toEqual({
      ok: true,
      value: { phase: 'off', why: 'sources' },
    });
    expect(await call(page, 'desktop.installUpdate')).toEqual({ ok: true, value: {} });
    const look = await app.look();
    expect(JSON.stringify(look.menu)).not.toContain('Check for updates');
    expect(look.asked).toEqual([]);
  });

  it.skipIf(RUNS_ON === 'Electron')('adds a folder that is dropped, with a way back', async () => {
    const page = await mainPage();
    const folder = join(app.home, '..', 'shop');
    mkdirSync(folder);
    await page.goto(`${page.url().replace(/#.*$/, '')}#/workspaces`);
    await page.getByRole('heading', { name: 'Workspaces' }).waitFor();
    await drop(page, folder);
    await page.getByRole('listitem').filter({ hasText: folder }).waitFor();
    await page.getByRole('button', { name: 'Undo' }).click();
    await page.getByText('No workspace yet').waitFor();
    expect(await call(page, 'workspaces.list')).toEqual({ ok: true, value: [] });
  });

  it('shows its window when it is started again', async () => {
    await mainPage();
    await app.order({ do: 'close', url: 'index.html' });
    const second = DesktopApp.again(app.home);
    await app.until('the window again', ({ windows }) => windows[0]?.visible === true);
    expect(await second).toBe(0);
  });

  it('shows the page of a link that starts it again', async () => {
    const page = await mainPage();
    const second = DesktopApp.again(app.home, ['fastband://rules', '--from=a-browser']);
    await page.waitForURL(/#\/rules$/);
    expect(await second).toBe(0);
  });
});

describe.skipIf(!CAN_RUN)(`a page of the main window that was taken over, on ${RUNS_ON}`, () => {
  let app: DesktopApp;
  let page: Page;
  beforeAll(async () => {
    app = DesktopApp.start();
    page = await app.page('index.html');
    await page.getByText('Server running').first().waitFor();
  });
  afterAll(() => app?.close());

  it('has the names of the contract and no others', async () => {
    const keys = (of: string) => page.evaluate(`Object.keys(${of}).sort()`);
    expect(await keys('fastband')).toEqual(['channels', 'desktop', 'kind', 'pathOf', 'subscribe']);
    expect(await keys('fastband.channels')).toEqual([...WINDOWS.main.channels].sort());
    expect(await keys('fastband.desktop')).toEqual([...WINDOWS.main.desktop].sort());
    expect(WINDOWS.main.channels).not.toContain('approvals.decide');
    expect(await page.evaluate("['require', 'process', 'module'].filter((name) => name in window)")).toEqual(
      [],
    );
  });

  it.each<[string, string, string]>([
    ['a field that nobody knows', 'clients.create', '{"name":"x","admin":true}'],
    ['a wrong type', 'audit.search', '{"limit":"all"}'],
    ['text in place of an object', 'tools.setEnabled', '"read_file"'],
    ['another address than https', 'desktop.openExternal', '{"url":"file:///etc/passwd"}'],
    ['a path in place of a file name', 'desktop.saveFile', '{"name":"../x","text":""}'],
    ['a key "__proto__"', 'settings.update', '{"server":{"__proto__":{"port":1}}}'],
  ])('gets a clear error for %s', async (_name, channel, input) => {
    expect(await call(page, channel, input)).toMatchObject({ ok: false, error: { code: 'invalid_input' } });
  });

  it('goes nowhere else by a link', async () => {
    await page.evaluate("location.href = 'https://example.org/'");
    await page.waitForTimeout(300);
    await page.getByText('Server running').first().waitFor();
    expect(new URL(page.url()).pathname).toBe('/index.html');
  });

  it('opens no window: https goes to the browser, the rest nowhere', async () => {
    await page.evaluate("window.open('https://example.org/news')");
    await app.until('the address for the browser', ({ opened }) => opened.length > 0);
    await page.evaluate("window.open('file:///etc/passwd'); window.open('https://u:p@example.org/')");
    await page.waitForTimeout(300);
    const look = await app.look();
    expect(look.opened).toEqual(['https://example.org/news']);
    expect(look.windows).toHaveLength(1);
  });

  it('loads nothing from elsewhere and runs no text as a script', async () => {
    expect(await page.evaluate("fetch('https://example.org/').then(() => 'loaded', () => 'refused')")).toBe(
      'refused',
    );
    // Not within this evaluation, to which the policy does not apply.
    const tried = page.evaluate(`new Promise((resolve) => setTimeout(() => {
      try { resolve(String(new Function('return 1')())); } catch { resolve('refused'); }
    }))`);
    expect(await tried).toBe('refused');
  });

  it.each(['media', 'geolocation', 'notifications', 'clipboard-read', 'openExternal', 'fileSystem'])(
    'may not have %s',
    async (name) => {
      const none = { request: false, check: false };
      expect(await app.order({ do: 'permission', name, url: 'app://fastband/index.html' })).toEqual(none);
      expect(
        await app.order({ do: 'permission', name: 'clipboard-sanitized-write', url: 'https://x.org' }),
      ).toEqual(none);
    },
  );
});
