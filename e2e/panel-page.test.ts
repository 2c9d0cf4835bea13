import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Approval } from '../contract/approvals.ts';
import { warning } from '../contract/sentences.ts';
import { realClock, silentLog } from '../main/core/testing.ts';
import { type Panel, startPanel } from '../main/headless/panel.ts';
import { en } from '../renderer/messages/en.ts';
import { openBrowser } from './browser.ts';
import { CHROMIUM } from './chromium.ts';
import { approval, change, FakeApp } from './fake-app.ts';

const GUARD_MS = 500;
/** As the build left them. */
const ASSETS = resolve(import.meta.dirname, '../dist/renderer');

const missing = existsSync(CHROMIUM)
  ? ''
  : ` (skipped: there is no ${CHROMIUM}; install chromium or set CHROMIUM)`;

describe.skipIf(missing !== '')(`the panel in a browser${missing}`, () => {
  const sessionKey = randomBytes(32);
  let home: string;
  let browser: Browser;
  let context: BrowserContext;
  let page: Page;
  let fake: FakeApp;
  let panel: Panel;
  let complaints: string[];

  beforeAll(async () => {
    browser = await openBrowser();
  });

  afterAll(async () => {
    await browser?.close();
  });

  const start = (port = 0): Promise<Panel> =>
    startPanel({
      app: fake.app,
      port,
      token: 'token',
      assets: ASSETS,
      sessionKey,
      log: silentLog,
      ports: { clock: realClock, random: (bytes) => randomBytes(bytes), home },
    });

  beforeEach(async () => {
    home = await mkdtemp(join(tmpdir(), 'fastband-page-'));
    fake = new FakeApp();
    panel = await start();
    complaints = [];
    context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
    page = await context.newPage();
    page.on('console', (message) => void (message.type() === 'error' && complaints.push(message.text())));
    page.on('pageerror', (error) => void complaints.push(error.message));
  });

  afterEach(async () => {
    await context.close();
    await panel.close();
    await rm(home, { recursive: true, force: true });
  });

  /** Logs in, and goes to the approvals. */
  async function enter(): Promise<void> {
    await page.goto(panel.loginUrl);
    await page.getByRole('link', { name: 'Approvals' }).first().click();
  }
  const card = () => page.getByRole('article');
  /** Waits for the card, then until it takes an answer. */
  async function ready(title: string): Promise<void> {
    await card().getByRole('heading', { name: title }).waitFor();
    await page.waitForTimeout(GUARD_MS + 100);
  }

  it('shows what waits, without a word of complaint from the content security policy', async () => {
    fake.approvals.push(approval('a'));
    await enter();
    await card().getByText(en.said.reasons.noRule.write).waitFor();
    expect(page.url()).toBe(`${panel.url}#/approvals`);
    expect(await page.title()).toBe('(1) Approvals · Fastband');
    await page.getByRole('link', { name: 'Activity', exact: true }).click();
    await page.getByText('Changed src/cart.ts').waitFor();
    expect(complaints).toEqual([]);
  });

  it('shows a call that comes while it is open', async () => {
    await enter();
    await page.getByRole('heading', { name: 'Nothing waits for you' }).waitFor();
    fake.ask(approval('late'));
    await card().getByRole('heading', { name: 'change late' }).waitFor();
  });

  it('counts the calls of the last hour, whenever the page was opened', async () => {
    await page.clock.install();
    // The panel goes by its host's clock, which a test cannot turn: what it would learn it from is left out.
    await page.addInitScript(`const { get } = Headers.prototype;
      Headers.prototype.get = function (name) { return name === 'Date' ? null : get.call(this, name); };`);
    await page.goto(panel.loginUrl);
    await page.getByText('No calls in the last hour.').waitFor();
    await page.clock.fastForward('02:30:00');
    fake.call(Date.now() + 2.5 * 3_600_000 + 1000);
    await page.getByRole('region', { name: 'Last hour' }).getByText('1 call', { exact: true }).waitFor();
    await page.clock.fastForward('01:05:00');
    await page.getByText('No calls in the last hour.').waitFor();
  });

  it('does not take keys that were typed for the card before', async () => {
    fake.approvals.push(approval('first'), approval('second', { createdAt: Date.now() + 1 }));
    await enter();
    await ready('change first');
    // In the page itself: from here, the keys could come too late for that.
    await page.evaluate(`(async () => {
      const press = (key) => window.dispatchEvent(new KeyboardEvent('keydown', { key, cancelable: true }));
      press('a');
      while (!document.querySelector('article h2').textContent.includes('change second'))
        await new Promise(requestAnimationFrame);
      press('a');
      press('d');
    })()`);
    await page.waitForTimeout(GUARD_MS + 100);
    expect(fake.decided).toEqual([{ id: 'first', decision: 'allow', planHash: 'plan of first' }]);
    await page.keyboard.press('d');
    await page.getByRole('heading', { name: 'Nothing waits for you' }).waitFor();
    expect(fake.decided[1]).toEqual({ id: 'second', decision: 'deny', planHash: 'plan of second' });
  });

  it.each([
    ['the window gets the keyboard', "window.dispatchEvent(new Event('focus'))"],
    ['the page comes into sight', "document.dispatchEvent(new Event('visibilitychange'))"],
  ])('does not take keys that were typed for another window before %s', async (_what, comes) => {
    fake.approvals.push(approval('a'));
    await enter();
    await ready('change a');
    await page.getByRole('button', { name: /^Allow/ }).focus();
    await page.evaluate(comes);
    await page.keyboard.press('a');
    await page.keyboard.press('d');
    await page.keyboard.press('Enter');
    await page.waitForTimeout(GUARD_MS + 100);
    expect(fake.decided).toEqual([]);
    await page.keyboard.press('Enter');
    await expect.poll(() => fake.decided).toMatchObject([{ id: 'a', decision: 'allow' }]);
  });

  it('takes a click that brings its window to the front, and no key with a modifier', async () => {
    fake.approvals.push(approval('a'));
    await enter();
    await ready('change a');
    for (const keys of ['Control+d', 'Alt+d', 'Meta+d']) await page.keyboard.press(keys);
    await page.waitForTimeout(200);
    expect(fake.decided).toEqual([]);
    await page.evaluate("window.dispatchEvent(new Event('focus'))");
    await page.getByRole('button', { name: /^Allow/ }).click();
    await expect.poll(() => fake.decided).toMatchObject([{ id: 'a', decision: 'allow' }]);
  });

  it('lists every key that does something on a page, and takes them', async () => {
    fake.approvals.push(approval('first'), approval('second', { createdAt: Date.now() + 1 }));
    await enter();
    await ready('change first');
    const list = page.getByRole('dialog', { name: 'Keyboard shortcuts' });
    const here = async () => {
      await page.keyboard.press('?');
      await list.getByRole('heading', { name: 'On this page' }).waitFor();
      const words = await list.locator('section').first().locator('dl > div').allInnerTexts();
      await page.keyboard.press('Escape');
      await list.waitFor({ state: 'detached' });
      return words.map((one) => one.replace(/\s+/g, ' '));
    };
    expect(await here()).toEqual(expect.arrayContaining(['Allow A', 'Deny D', 'Next J', 'Previous K']));
    await page.keyboard.press('j');
    await card().getByRole('heading', { name: 'change second' }).waitFor();
    await page.keyboard.press('k');
    await card().getByRole('heading', { name: 'change first' }).waitFor();
    await page.getByRole('link', { name: 'Activity', exact: true }).click();
    await page.getByText('Changed src/cart.ts').waitFor();
    expect(await here()).toEqual(
      expect.arrayContaining(['Next row ↓', 'Row before ↑', 'Open the row Enter', 'Last row End']),
    );
    await page.keyboard.press('?');
    await list.getByText('Close what is open').waitFor();
  });

  it('does not take keys that were typed into a dialog before it', async () => {
    fake.ask(approval('a.txt'));
    await enter();
    await card().waitFor();
    await page.waitForTimeout(GUARD_MS);
    await page.keyboard.press('?');
    await page.getByRole('dialog').waitFor();
    await page.keyboard.press('a');
    await page.keyboard.press('d');
    await page.waitForTimeout(200);
    expect(fake.decided).toEqual([]);
  });

  it('answers several that are alike together, each just this once, and leaves out what has a warning', async () => {
    for (const id of ['a.txt', 'b.txt']) fake.ask(approval(id));
    fake.ask(approval('c.txt', { warnings: [warning('linkedFolder')] }));
    await enter();
    const together = page.getByRole('button', { name: 'Answer these 2 together' });
    await together.waitFor();
    // A click that was meant for what was there before. In the page itself: from here, it could come too late for that.
    await page.evaluate(`(async () => {
      const named = (name) => [...document.querySelectorAll('button')].find((one) => one.textContent.startsWith(name));
      named('Answer these 2').click();
      while (named('Allow these 2') === undefined) await new Promise(requestAnimationFrame);
      named('Allow these 2').click();
    })()`);
    const dialog = page.getByRole('dialog');
    for (const id of ['a.txt', 'b.txt'])
      await dialog.getByText(`Claude Code wants to change ${id} in shop`).waitFor();
    await page.waitForTimeout(GUARD_MS);
    expect(fake.decided).toEqual([]);
    await dialog.getByRole('button', { name: 'Allow these 2' }).click();
    await dialog.waitFor({ state: 'detached' });
    expect(fake.decided).toMatchObject([
      { id: 'a.txt', decision: 'allow', planHash: 'plan of a.txt' },
      { id: 'b.txt', decision: 'allow', planHash: 'plan of b.txt' },
    ]);
    await page.getByRole('heading', { name: 'Claude Code wants to change c.txt in shop' }).waitFor();
  });

  it('remembers a pattern as the person changed it', async () => {
    fake.ask(approval('a.txt'));
    await enter();
    await card().waitFor();
    await page.waitForTimeout(GUARD_MS);
    await page.getByLabel('one hour').check();
    await page.getByRole('button', { name: 'Edit', exact: true }).click();
    await page.getByLabel('What is remembered, one pattern on each line').fill('src/*.ts\ntest/**');
    await page.getByRole('button', { name: /^Allow/ }).click();
    await expect
      .poll(() => fake.decided)
      .toMatchObject([{ scope: 'hour', pattern: [{ kind: 'write', paths: ['src/*.ts', 'test/**'] }] }]);
  });

  it('remembers a pattern of several parts as the person changed each, and leaves out what was emptied', async () => {
    const two: Approval['suggestions'] = [
      {
        id: 'exact',
        label: 'run npm test; change src/cart.ts; read test/**',
        match: [
          { kind: 'exec', argv: ['npm', 'test'] },
          { kind: 'write', paths: ['src/cart.ts'] },
          { kind: 'read', paths: ['test/**'] },
        ],
      },
    ];
    fake.ask(approval('a.txt', { suggestions: two }));
    await enter();
    await ready('change a.txt');
    await page.getByLabel('one hour').check();
    await page.getByRole('button', { name: 'Edit', exact: true }).click();
    await expect.poll(() => page.getByLabel(/part 1 of 3: runs/).inputValue()).toBe('npm\ntest');
    await page.getByLabel(/part 1 of 3: runs/).fill('npm\ntest\n...');
    await page.getByLabel(/part 2 of 3: changes/).fill('src/**');
    await page.getByLabel(/part 3 of 3: reads/).fill('');
    // What was typed is there again when the answer is to be remembered after all.
    await page.getByLabel('just this once').check();
    await page.getByLabel('always').check();
    await expect.poll(() => page.getByLabel(/part 2 of 2: changes/).inputValue()).toBe('src/**');
    await page.getByRole('button', { name: /^Allow/ }).click();
    await expect
      .poll(() => fake.decided)
      .toMatchObject([
        {
          scope: 'always',
          pattern: [
            { kind: 'exec', argv: ['npm', 'test', '...'] },
            { kind: 'write', paths: ['src/**'] },
          ],
        },
      ]);
  });

  it('shows a diff side by side, in the colours of its language, and remembers that', async () => {
    const diff = '@@ -1,2 +1,2 @@\n const a = 1;\n-return a;\n+return a + 1;\n';
    fake.ask(
      approval('a.txt', {
        previews: [{ kind: 'diff', path: 'src/cart.ts', diff, added: 1, removed: 1, omitted: 0 }],
      }),
    );
    await enter();
    const changes = page.getByLabel('Changes in src/cart.ts');
    await changes.locator('[class*=keyword]').first().waitFor();
    await page.getByLabel('Side by side').click();
    expect((await changes.innerText()).replace(/\s+/g, ' ')).toContain('2 − return a; 2 + return a + 1;');
    await page.reload();
    await changes.waitFor();
    await expect.poll(() => page.getByLabel('Side by side').isChecked()).toBe(true);
    // The tick has the focus, and no text is typed into it.
    await page.getByLabel('Side by side').click();
    await page.waitForTimeout(GUARD_MS + 100);
    await page.keyboard.press('a');
    await expect.poll(() => fake.decided).toMatchObject([{ id: 'a.txt', decision: 'allow' }]);
  });

  it('takes a reason as text, not as keys', async () => {
    fake.approvals.push(approval('a'));
    await enter();
    await ready('change a');
    await page.getByRole('textbox').fill('');
    await page.keyboard.type('add a dad');
    expect(fake.decided).toEqual([]);
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Nothing waits for you' }).waitFor();
    expect(fake.decided).toEqual([{ id: 'a', decision: 'deny', planHash: 'plan of a', reason: 'add a dad' }]);
  });

  it('remembers what a person chose, and only that', async () => {
    fake.approvals.push(approval('a'));
    await enter();
    await ready('change a');
    expect(await page.getByRole('combobox').count()).toBe(0);
    await page.getByLabel('always').check();
    await page.getByRole('combobox').selectOption('folder');
    await page.getByRole('button', { name: 'Allow' }).click();
    await page.getByRole('heading', { name: 'Nothing waits for you' }).waitFor();
    expect(fake.decided).toEqual([
      { id: 'a', decision: 'allow', planHash: 'plan of a', scope: 'always', pattern: 'folder' },
    ]);
  });

  it('does not allow before a warning below the edge of the window was seen', async () => {
    const effects = Array.from({ length: 38 }, (_, n) => ({ ...change, path: `src/${n}.ts` }));
    fake.approvals.push(approval('a', { effects, warnings: [warning('shell', 'sh')] }));
    await page.setViewportSize({ width: 1280, height: 500 });
    await enter();
    await ready('change 38 places in shop');
    await page.keyboard.press('a');
    await page.getByRole('button', { name: 'Allow', exact: false }).waitFor();
    expect(fake.decided).toEqual([]);
    // The key led to the warning instead.
    await page.getByRole('button', { name: /^Allow/ }).waitFor();
    await page.keyboard.press('a');
    await page.getByRole('heading', { name: 'Nothing waits for you' }).waitFor();
    expect(fake.decided).toHaveLength(1);
  });

  it('makes characters visible that would mislead', async () => {
    fake.approvals.push(approval('a', { effects: [{ ...change, path: 'cart\u202Ets.exe' }] }));
    await enter();
    await card().getByText('⟦RLO⟧', { exact: false }).first().waitFor();
  });

  it('keeps its cookie worthless for a server on another port', async () => {
    fake.approvals.push(approval('a'));
    await enter();
    await card().waitFor();
    let stolen = '';
    const other = createServer((req, res) => {
      stolen = req.headers.cookie ?? '';
      res.end();
    }).listen(0, '127.0.0.1');
    await new Promise((done) => other.once('listening', done));
    await (await context.newPage()).goto(`http://127.0.0.1:${(other.address() as AddressInfo).port}/`);
    other.close();
    expect(stolen).toContain('fastband_');
    const { port, origin } = new URL(panel.url);
    const status = await new Promise((done) => {
      const headers = { Cookie: stolen, Origin: origin, 'Content-Type': 'application/json' };
      request({ host: '127.0.0.1', port, method: 'POST', path: '/api/approvals.decide', headers }, (res) =>
        done(res.statusCode),
      ).end(JSON.stringify({ id: 'a', decision: 'allow' }));
    });
    expect([status, fake.decided]).toEqual([401, []]);
    await page.reload();
    await card().waitFor();
  });

  it('says when the host is gone, takes no answers, and goes on when it is back', async () => {
    fake.approvals.push(approval('a'));
    await enter();
    await ready('change a');
    const port = Number(new URL(panel.url).port);
    await panel.close();
    await page.getByText('Fastband does not answer', { exact: false }).waitFor();
    await expect.poll(() => page.getByRole('button', { name: 'Allow' }).isDisabled()).toBe(true);
    fake.approvals.push(approval('b', { createdAt: Date.now() + 1 }));
    panel = await start(port);
    await page.getByText('2 waiting').waitFor();
    expect(await page.getByText('Fastband does not answer', { exact: false }).count()).toBe(0);
    await expect.poll(() => page.getByRole('button', { name: 'Allow' }).isDisabled()).toBe(false);
  });

  it('logs out', async () => {
    await enter();
    await page.getByText('Server running').click();
    await page.getByRole('button', { name: 'Log out' }).click();
    await page.getByRole('heading', { name: 'This browser is not logged in' }).waitFor();
    await page.goto(panel.url);
    await page.getByRole('heading', { name: 'Open Fastband by its link' }).waitFor();
  });

  it('says that what a call changed cannot be read, and tries again', async () => {
    fake.diffFails = true;
    await enter();
    await page.getByRole('link', { name: 'Activity', exact: true }).click();
    await page.getByRole('row', { name: /Changed src\/cart\.ts/ }).click();
    const drawer = page.getByRole('dialog');
    await drawer.getByText('The kept files cannot be read.').waitFor();
    fake.diffFails = false;
    await drawer.getByRole('button', { name: 'Try again' }).click();
    await drawer.getByText('The kept files cannot be read.').waitFor({ state: 'detached' });
  });

  it('says why an undo was refused', async () => {
    await enter();
    await page.getByRole('link', { name: 'Activity', exact: true }).click();
    await page.getByRole('row', { name: /Changed src\/cart\.ts/ }).click();
    await page.getByRole('button', { name: 'Undo' }).click();
    await page.getByText('src/cart.ts has changed since.').waitFor();
  });

  it.each([420, 600, 901, 1100, 1600])('fits a window of %i px', async (width) => {
    const effects = [{ ...change, path: `src/${'long'.repeat(60)}.ts` }, change];
    fake.approvals.push(approval('a', { effects }), approval('b'.repeat(300)));
    await page.setViewportSize({ width, height: 800 });
    await enter();
    await card().waitFor();
    expect(await page.evaluate('document.documentElement.scrollWidth - window.innerWidth')).toBe(0);
    await page.getByRole('link', { name: 'Activity', exact: true }).click();
    await page.getByText('Changed src/cart.ts').waitFor();
    expect(await page.evaluate('document.documentElement.scrollWidth - window.innerWidth')).toBe(0);
  });
});
