import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Channel } from '../contract/channels.ts';
import { PAGE_IDS, type PageId } from '../contract/page-ids.ts';
import type { Match } from '../contract/policy.ts';
import { en } from '../renderer/messages/en.ts';
import { axe, drop, openBrowser, openPanel, unstyled } from './browser.ts';
import { CHROMIUM } from './chromium.ts';
import { type Host, Sandbox } from './host.ts';
import { HAS_KEYCHAIN } from './keychain.ts';
import { setStage } from './stage.ts';

/** What is asked for has come, and colours, which change within 150 ms, are what they will be. */
const SETTLED_MS = 250;

/** The longest transition or animation of anything on the page, in seconds. */
const LONGEST_MOTION = `Math.max(...[...document.querySelectorAll('*')].flatMap((one) =>
  ['', '::before', '::after'].flatMap((pseudo) => {
    const { transitionDuration, animationDuration } = getComputedStyle(one, pseudo);
    return [...transitionDuration.split(','), ...animationDuration.split(',')].map((time) => Number.parseFloat(time) || 0);
  })))`;

describe.skipIf(!existsSync(CHROMIUM))('the panel by click, on a host at work', () => {
  let browser: Browser;
  let box: Sandbox;
  let host: Host;
  let page: Page;

  beforeAll(async () => {
    browser = await openBrowser();
    box = new Sandbox();
    host = await setStage(box);
    await host.api('settings.update', { appearance: { theme: 'light', language: 'en' } });
  });
  afterAll(async () => {
    await browser?.close();
    await box?.close();
  });
  /** Tests of a form that was not saved leave the page as they found it: the next goes on in it. */
  let kept = false;
  afterEach(async () => {
    if (!kept) await page.context().close();
  });

  async function show(place: string): Promise<void> {
    if (!kept) page = await openPanel(browser, host, { viewport: { width: 1280, height: 800 } });
    // Whatever was shown there before goes first.
    else await page.goto(new URL('#/security', page.url()).href);
    kept = false;
    await page.goto(new URL(`#/${place}`, page.url()).href);
    const [id = ''] = place.split('?');
    await page.locator('h1', { hasText: en.pages[id as PageId] }).waitFor();
  }

  describe('a rule that was typed and not saved', () => {
    const question = () => page.getByRole('alertdialog', { name: 'Leave without saving?' });

    it.each([
      ['Escape', () => page.keyboard.press('Escape')],
      ['the cross', () => page.getByRole('button', { name: 'Close' }).first().click()],
      ['Cancel', () => page.getByRole('button', { name: 'Cancel' }).click()],
      ['a click beside it', () => page.mouse.click(300, 400)],
      ['a link within the page', () => page.evaluate("location.hash = '#/rules'")],
    ])('is not dropped by %s unasked', async (_way, leave) => {
      await show('rules?rule=new');
      const paths = page.getByLabel('Paths');
      await paths.fill('docs/**');
      await leave();
      await question().waitFor();
      await page.keyboard.press('Escape');
      await question().waitFor({ state: 'detached' });
      await expect.poll(() => paths.inputValue()).toBe('docs/**');
      await leave();
      await question().getByRole('button', { name: 'Leave' }).click();
      await page.getByRole('dialog').waitFor({ state: 'detached' });
      expect(page.url()).toMatch(/#\/rules$/);
      kept = true;
    });

    it('is closed at once when nothing was typed', async () => {
      await show('rules?rule=new');
      await page.getByLabel('Paths').waitFor();
      await page.keyboard.press('Escape');
      await page.getByRole('dialog').waitFor({ state: 'detached' });
      expect(await question().count()).toBe(0);
      kept = true;
    });
  });

  describe.each([
    ['a new key', 'keys?add=1', () => page.getByRole('dialog').getByLabel('Value')],
    ['another value for a key', 'keys?key=anthropic', () => page.getByLabel('New value')],
    [
      'the hosts of a secret',
      'keys?key=secret:shop-api',
      () => page.getByRole('textbox', { name: 'Hosts it may be sent to' }),
    ],
  ])('%s, typed and not kept,', (_what, place, input) => {
    const question = () => page.getByRole('alertdialog', { name: 'Leave without saving?' });

    it.skipIf(!HAS_KEYCHAIN).each([
      ['Escape', () => page.keyboard.press('Escape')],
      ['the cross', () => page.getByRole('button', { name: 'Close' }).first().click()],
      ['a click beside it', () => page.mouse.click(300, 790)],
      ['a link within the page', () => page.evaluate("location.hash = '#/keys'")],
      ['another page', () => page.evaluate("location.hash = '#/tools'")],
    ])('is not dropped by %s unasked', async (_way, leave) => {
      await show(place);
      await input().fill('typed.example.org');
      await leave();
      await question().waitFor();
      await page.keyboard.press('Escape');
      await question().waitFor({ state: 'detached' });
      await expect.poll(() => input().inputValue()).toBe('typed.example.org');
      await leave();
      await question().getByRole('button', { name: 'Leave' }).click();
      await page.getByRole('dialog').waitFor({ state: 'detached' });
      kept = true;
    });

    it.skipIf(!HAS_KEYCHAIN)('is closed at once when nothing was typed', async () => {
      await show(place);
      await input().waitFor();
      await page.keyboard.press('Escape');
      await page.getByRole('dialog').waitFor({ state: 'detached' });
      expect(await question().count()).toBe(0);
      kept = true;
    });
  });

  it('keeps what was typed to try a tool, and its run, while another tab is looked at', async () => {
    await show('tools?tool=write_file');
    await page.getByRole('tab', { name: 'Try' }).click();
    await page.getByRole('textbox', { name: /^path/ }).fill('shop/tried.txt');
    await page.getByRole('textbox', { name: /^content/ }).fill('tried');
    await page.getByRole('button', { name: 'Run' }).click();
    const asked = async () =>
      (await host.api('approvals.list', { status: 'waiting' })).find(({ title }) => /tried\.txt/.test(title));
    await expect.poll(asked).toBeDefined();
    await page.getByRole('tab', { name: 'Schema' }).click();
    await page.getByText('"additionalProperties"').waitFor();
    await page.getByRole('tab', { name: 'Try' }).click();
    await expect.poll(() => page.getByRole('textbox', { name: /^path/ }).inputValue()).toBe('shop/tried.txt');
    const waiting = await asked();
    await host.api('approvals.decide', { id: waiting?.id ?? '', decision: 'allow' });
    await page.getByRole('heading', { name: /^Answer, / }).waitFor();
    expect(readFileSync(join(box.workspace, 'tried.txt'), 'utf8')).toBe('tried');
  });

  it('leads from the palette to a workspace', async () => {
    await show('overview');
    await page.keyboard.press('Control+k');
    await page.getByRole('combobox').waitFor();
    await page.keyboard.type('website');
    await page.getByRole('option', { name: /^website/ }).click();
    await page.getByRole('heading', { name: 'Workspaces', level: 1 }).waitFor();
    const row = page.locator('[aria-current=true]').filter({ hasText: 'website' });
    await row.waitFor();
    await expect.poll(() => page.locator('main [aria-current=true]').count()).toBe(1);
    await expect
      .poll(() => page.evaluate("document.activeElement?.getAttribute('aria-current')"))
      .toBe('true');
  });

  it('takes every folder that is dropped, and says which could not be taken', async () => {
    for (const name of ['one', 'two']) mkdirSync(join(box.folder, name));
    await show('workspaces');
    // A window of the desktop knows where a dropped folder is.
    await page.exposeFunction('hostCall', (channel: Channel, input: Record<string, unknown>) =>
      host.api(channel, input).then(
        (value) => ({ ok: true, value }),
        ({ code, message }) => ({ ok: false, error: { code, message } }),
      ),
    );
    await page.evaluate(`window.fastband = {
      kind: 'main',
      channels: new Proxy({}, { get: (_, channel) => (input) => window.hostCall(channel, input) }),
      desktop: {},
      pathOf: ({ name }) => ${JSON.stringify(box.folder)} + '/' + name,
      subscribe: () => () => {},
    }`);
    await drop(page, 'one', 'gone', 'two');
    await page.getByText('one and two were added').waitFor();
    await page
      .getByText(/\/gone was not added: /)
      .first()
      .waitFor();
    const names = async () => (await host.api('workspaces.list')).map(({ name }) => name);
    expect(await names()).toEqual(expect.arrayContaining(['one', 'two']));
    await page.getByRole('region', { name: 'Notifications' }).getByRole('button', { name: 'Undo' }).click();
    await expect.poll(names).not.toContain('two');
    expect(await names()).not.toContain('one');
  });

  it('asks in a browser where each dropped folder is', async () => {
    for (const name of ['left', 'right']) mkdirSync(join(box.folder, name));
    await show('workspaces');
    await drop(page, 'left', 'right');
    const dialog = page.getByRole('dialog', { name: 'Add workspace' });
    for (const name of ['left', 'right']) {
      await dialog.getByText(`A browser does not say where “${name}” is.`).waitFor();
      await dialog.getByLabel('Folder').fill(join(box.folder, name));
      await dialog.getByRole('button', { name: 'Add' }).click();
      await page.getByText(`${name} was added`).waitFor();
    }
    await dialog.waitFor({ state: 'detached' });
    for (const name of ['left', 'right']) await host.api('workspaces.remove', { name });
  });

  it('marks on the overview, as among the clients, who is connected', async () => {
    const client = await box.connect(host, await box.addClient('Zed'), {
      listChanged: { tools: { onChanged: () => {} } },
    });
    await client.listTools();
    await show('overview');
    const here = page.getByRole('region', { name: 'Clients' }).getByRole('listitem');
    await here.filter({ hasText: 'Zed' }).getByText('Connected').waitFor();
    await page.getByRole('link', { name: 'Clients' }).first().click();
    await page.getByRole('button', { name: /^Zed.*Connected/ }).waitFor();
    const [codex] = await page.getByRole('button', { name: /^Codex/ }).allInnerTexts();
    expect(codex).not.toContain('Connected');
    await client.close();
    await page.getByRole('button', { name: /^Zed.*Last seen/ }).waitFor();
  });

  it('has inputs for where a command runs and for the methods of a request', async () => {
    const add = (match: Match) => host.api('rules.add', { effect: 'ask', match });
    const runs = await add({ kind: 'exec', argv: ['make', '...'], cwd: ['packages/**'] });
    const reaches = await add({ kind: 'net', hosts: ['api.example'], methods: ['GET'] });
    await show(`rules?rule=${runs.id}`);
    const folders = page.getByLabel('Folders it runs in');
    await expect.poll(() => folders.inputValue()).toBe('packages/**');
    await folders.fill('apps/*');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByText('The rule was changed').waitFor();
    await page.goto(new URL(`#/rules?rule=${reaches.id}`, page.url()).href);
    await expect.poll(() => page.getByLabel('Methods').inputValue()).toBe('GET');
    await page.getByLabel('Methods').fill('get, post');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByLabel('Methods').waitFor({ state: 'detached' });
    // A word about it is in the corner: keys are taken all the same.
    await page.getByText('The rule was changed').first().waitFor();
    await page.keyboard.press('n');
    await page.getByRole('dialog', { name: 'Add rule' }).waitFor();
    const rules = await host.api('rules.list');
    expect(rules.find(({ id }) => id === runs.id)?.match).toMatchObject({ cwd: ['apps/*'] });
    expect(rules.find(({ id }) => id === reaches.id)?.match).toMatchObject({ methods: ['GET', 'POST'] });
    for (const { id } of [runs, reaches]) await host.api('rules.remove', { id });
  });

  it('switches a tool off for all, and one off for one client, who then neither sees nor calls it', async () => {
    const client = await box.connect(host, await box.addClient('Switched'));
    const names = async () => (await client.listTools()).tools.map(({ name }) => name);
    await show('tools');
    const all = page.getByRole('switch', { name: 'Read a file: on' });
    await all.click();
    await expect.poll(names).not.toContain('read_file');
    await all.click();
    await expect.poll(names).toContain('read_file');

    await page.goto(new URL('#/clients', page.url()).href);
    await page.getByRole('button', { name: /^Switched/ }).click();
    const drawer = page.getByRole('dialog', { name: 'Switched' });
    await drawer.getByRole('switch', { name: 'Read a file', exact: true }).click();
    await expect.poll(names).not.toContain('read_file');
    await drawer.getByRole('button', { name: 'Switch all on' }).click();
    await expect.poll(names).toContain('read_file');
  });

  it('limits what one client uses of AI models, beside what it used today', async () => {
    await box.addClient('Spender');
    const one = async () => (await host.api('clients.list')).find(({ name }) => name === 'Spender');
    await show('clients');
    await page.getByRole('button', { name: /^Spender/ }).click();
    const drawer = page.getByRole('dialog', { name: 'Spender' });
    const tokens = drawer.getByRole('textbox', { name: 'Tokens a day' });
    const save = drawer.getByRole('button', { name: 'Save' });
    await expect.poll(() => save.isDisabled()).toBe(true);
    await tokens.fill('1.5');
    await save.click();
    await drawer.getByRole('alert').filter({ hasText: 'Type a whole number' }).waitFor();
    await tokens.fill('5000');
    await drawer.getByRole('textbox', { name: 'US cents a day' }).fill('20');
    await save.click();
    await drawer.getByText('0 of 5,000 tokens · 0 of 20 US cents').waitFor();
    expect(await one()).toMatchObject({ dailyTokens: 5000, dailyCents: 20 });
    await tokens.fill('');
    await save.click();
    await expect.poll(async () => (await one())?.dailyTokens).toBeUndefined();
    expect(await one()).toMatchObject({ dailyCents: 20 });
    expect(await axe(page)).toEqual([]);
  });

  it('revokes a client, whose token is then worth nothing', async () => {
    const token = await box.addClient('Leaver');
    await (await box.connect(host, token)).listTools();
    await show('clients');
    await page.getByRole('button', { name: /^Leaver/ }).click();
    await page.getByRole('button', { name: 'Revoke' }).click();
    const question = page.getByRole('alertdialog', { name: 'Revoke Leaver?' });
    await question.getByRole('button', { name: 'Revoke' }).click();
    await page.getByText('Leaver was revoked').waitFor();
    await expect(box.connect(host, token)).rejects.toThrow();
    await page.getByRole('switch', { name: /^Show \d+ revoked client/ }).click();
    await page
      .getByText(/^Revoked: /)
      .first()
      .waitFor();
  });

  it('revokes a grant, and the client asks again', async () => {
    expect(await host.api('grants.list')).toHaveLength(1);
    await show('rules?view=grants');
    await page.getByRole('button', { name: 'Revoke' }).click();
    await page.getByText('The grant was revoked.').waitFor();
    await page.getByRole('heading', { name: 'No grants' }).waitFor();
    expect(await host.api('grants.list')).toEqual([]);
  });

  it('switches a workspace to read only and back', async () => {
    const readOnly = async () =>
      (await host.api('workspaces.list')).find(({ name }) => name === 'shop')?.readOnly;
    await show('workspaces');
    for (const next of [true, false]) {
      await page.getByRole('switch', { name: 'Read only: shop' }).click();
      await expect.poll(readOnly).toBe(next);
    }
  });

  it('gives the rules as a file that can be taken back', async () => {
    await show('rules');
    await page.getByRole('button', { name: 'File' }).click();
    const download = page.waitForEvent('download');
    await page.getByRole('menuitem', { name: 'Export rules' }).click();
    const text = readFileSync(await (await download).path(), 'utf8');
    expect(text).toBe((await host.api('rules.export')).text);
    expect(text).toContain('note: Tests');
    await page.getByText('The rules were saved to a file').waitFor();
  });

  it('has nothing for axe to find in the palette and in the list of keys, light and dark', async () => {
    await show('activity');
    await page.emulateMedia({ reducedMotion: 'reduce' });
    for (const [keys, scheme] of [
      ['Control+k', 'light'],
      ['?', 'light'],
      ['Control+k', 'dark'],
      ['?', 'dark'],
    ] as const) {
      await host.api('settings.update', { appearance: { theme: scheme } });
      await page.keyboard.press(keys);
      await page.getByRole('dialog').waitFor();
      await page.waitForTimeout(SETTLED_MS);
      expect([keys, scheme, await axe(page)]).toEqual([keys, scheme, []]);
      await page.keyboard.press('Escape');
      await page.getByRole('dialog').waitFor({ state: 'detached' });
    }
    await host.api('settings.update', { appearance: { theme: 'light' } });
  });

  it('moves nothing for who asks for less motion', async () => {
    await show('overview');
    expect(await page.evaluate(LONGEST_MOTION)).toBeGreaterThan(0.01);
    await page.emulateMedia({ reducedMotion: 'reduce' });
    for (const place of [...PAGE_IDS, 'rules?rule=new', 'tools?tool=read_file', 'clients?add=1']) {
      await page.goto(new URL(`#/${place}`, page.url()).href);
      await page.locator('h1').first().waitFor();
      await page.waitForTimeout(SETTLED_MS);
      expect([place, await page.evaluate(LONGEST_MOTION)]).toEqual([
        place,
        expect.toSatisfy((s) => s <= 0.01),
      ]);
    }
    await page.keyboard.press('Control+k');
    await page.getByRole('combobox').waitFor();
    expect(await page.evaluate(LONGEST_MOTION)).toBeLessThanOrEqual(0.01);
  });
});

describe.skipIf(!existsSync(CHROMIUM))('the panel, where nothing is set up', () => {
  let browser: Browser;
  let box: Sandbox;
  let host: Host;
  let page: Page;

  beforeAll(async () => {
    browser = await openBrowser();
    box = new Sandbox();
    host = await box.serve([]);
    await host.api('settings.update', { appearance: { theme: 'system', language: 'en' } });
    page = await openPanel(browser, host, {
      viewport: { width: 1280, height: 800 },
      colorScheme: 'light',
      // A colour on its way to another would be looked at as if it stayed.
      reducedMotion: 'reduce',
    });
  });
  afterAll(async () => {
    await browser?.close();
    await box?.close();
  });

  it.each(PAGE_IDS)('has nothing for axe to find on %s while it is empty', async (place) => {
    await page.goto(new URL(`#/${place}`, page.url()).href);
    await page.locator('h1').first().waitFor();
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme });
      await page.waitForTimeout(SETTLED_MS);
      expect([colorScheme, await axe(page), await unstyled(page)]).toEqual([colorScheme, [], []]);
    }
  });

  it('leads through the first steps', async () => {
    const go = () => page.getByRole('link', { name: 'Overview' }).click();
    const steps = page.getByRole('region', { name: 'Three steps to begin' });
    await go();
    await steps.getByRole('link', { name: 'Add a workspace' }).click();
    await page.getByLabel('Folder').fill(box.workspace);
    await page.getByRole('dialog').getByRole('button', { name: 'Add' }).click();
    await page.getByText('shop was added').waitFor();
    await go();
    await steps.getByText('Done.').waitFor();
    await steps.getByRole('link', { name: 'Connect a client' }).click();
    await page.getByRole('button', { name: 'Cursor' }).click();
    await page.getByRole('button', { name: 'Create token' }).click();
    await page.getByRole('button', { name: 'I have copied it' }).click();
    await go();
    await page.getByRole('region', { name: 'Server', exact: true }).waitFor();
    await steps.waitFor({ state: 'detached' });
    expect((await host.api('clients.list')).map(({ name }) => name)).toEqual(['Cursor']);
  });

  it('stops and starts the server from the overview', async () => {
    await page.getByRole('link', { name: 'Overview' }).click();
    const server = page.getByRole('region', { name: 'Server', exact: true });
    await server.getByRole('button', { name: 'Stop' }).click();
    await server.getByText('The server is off. Clients cannot call until you start it.').waitFor();
    expect((await host.api('server.status')).running).toBe(false);
    await server.getByRole('button', { name: 'Start' }).click();
    await server.getByText('No call is under way.').waitFor();
    expect((await host.api('server.status')).running).toBe(true);
  });

  it('has nothing for axe to find once its browser is logged out', async () => {
    await page.getByText('Server running').first().click();
    await page.getByRole('button', { name: 'Log out' }).click();
    await page.getByRole('heading', { name: 'This browser is not logged in' }).waitFor();
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme });
      await page.waitForTimeout(SETTLED_MS);
      expect([colorScheme, await axe(page), await unstyled(page)]).toEqual([colorScheme, [], []]);
    }
  });
});
