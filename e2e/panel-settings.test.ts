import { existsSync, readFileSync } from 'node:fs';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { DEFAULT_SETTINGS } from '../contract/settings.ts';
import { en } from '../renderer/messages/en.ts';
import { openBrowser, openPanel } from './browser.ts';
import { CHROMIUM } from './chromium.ts';
import { type Host, Sandbox } from './host.ts';

const FIELDS: Readonly<Record<string, { name: string } | undefined>> = en.settings.fields;
const TITLES: Readonly<Record<string, { title: string } | undefined>> = en.settings.sections;

/** Every setting of the contract, as a person finds it. */
const SETTINGS = Object.entries(DEFAULT_SETTINGS).flatMap(([section, values]) =>
  Object.keys(values).map((key) => ({
    id: `${section}.${key}`,
    title: TITLES[section]?.title ?? section,
    name: FIELDS[`${section}.${key}`]?.name ?? key,
  })),
);

describe.skipIf(!existsSync(CHROMIUM))('the page of settings', () => {
  let browser: Browser;
  let box: Sandbox;
  let host: Host;
  let page: Page;

  beforeAll(async () => {
    browser = await openBrowser();
    box = new Sandbox();
    host = await box.serve();
  });
  afterAll(async () => {
    await browser?.close();
    await box?.close();
  });
  beforeEach(async () => {
    await host.api('settings.reset', {});
    await host.api('settings.update', { appearance: { language: 'en' } });
    page = await openPanel(browser, host);
    await page.goto(new URL('#/settings', page.url()).href);
    await page.getByRole('region', { name: 'Server', exact: true }).waitFor();
  });
  afterEach(() => page.context().close());

  const section = (title: string) => page.getByRole('region', { name: title, exact: true });
  const control = (title: string, name: string) => section(title).getByLabel(name, { exact: true });
  const stored = async (id: string) => {
    const [group = '', key = ''] = id.split('.');
    const all: Record<string, Record<string, unknown>> = await host.api('settings.get');
    return all[group]?.[key];
  };
  /** Sets one back to its default, and waits until it is. */
  async function reset(id: string, name: string, initial: unknown): Promise<void> {
    await page.getByRole('button', { name: `Set back to the default: ${name}`, exact: true }).click();
    await expect.poll(() => stored(id)).toEqual(initial);
  }

  it('has a control for every setting there is', async () => {
    const without: string[] = [];
    for (const { id, title, name } of SETTINGS) {
      const found = control(title, name);
      if ((await found.count()) !== 1 || !(await found.isEnabled())) without.push(id);
    }
    expect(SETTINGS.length).toBeGreaterThan(40);
    expect(without).toEqual([]);
  });

  it('saves a text on Enter or when it is left, and sets it back', async () => {
    const url = control('AI providers', 'OpenAI');
    await url.fill('http://127.0.0.1:11434/v1');
    await url.press('Enter');
    await expect.poll(() => stored('providers.openaiUrl')).toBe('http://127.0.0.1:11434/v1');
    const path = control('Browser', 'Program');
    await path.fill('/opt/chromium/chrome');
    await path.blur();
    await expect.poll(() => stored('browser.path')).toBe('/opt/chromium/chrome');
    await reset('providers.openaiUrl', 'OpenAI', DEFAULT_SETTINGS.providers.openaiUrl);
    await reset('browser.path', 'Program', '');
    await expect.poll(() => path.inputValue()).toBe('');
  });

  it('keeps what cannot be saved as it was typed, says why, and puts back what was there on Escape', async () => {
    const url = control('AI providers', 'Anthropic');
    await url.fill('ftp://example.org');
    await url.press('Enter');
    await section('AI providers')
      .getByText(/^Not saved\. It must be an address that begins with https:.*fragment\.$/)
      .waitFor();
    await expect.poll(() => url.inputValue()).toBe('ftp://example.org');
    expect(await url.getAttribute('aria-invalid')).toBe('true');
    await url.press('Escape');
    await expect.poll(() => url.inputValue()).toBe(DEFAULT_SETTINGS.providers.anthropicUrl);
    await section('AI providers').getByRole('alert').waitFor({ state: 'detached' });
    const seconds = control('Approvals', 'Time to answer');
    await seconds.fill('soon');
    await seconds.press('Enter');
    await section('Approvals').getByText('This is no number. It was not saved.').waitFor();
    await seconds.press('Escape');
    await section('Approvals').getByRole('alert').waitFor({ state: 'detached' });
    expect(await host.api('settings.get')).toEqual({
      ...DEFAULT_SETTINGS,
      appearance: { ...DEFAULT_SETTINGS.appearance, language: 'en' },
    });
  });

  it('changes a switch, a choice, a number and names, and sets each back', async () => {
    await control('Web', 'Respect robots.txt').click();
    await expect.poll(() => stored('web.respectRobots')).toBe(false);
    await reset('web.respectRobots', 'Respect robots.txt', true);

    await control('Updates', 'Which versions').click();
    await page.getByRole('option', { name: 'Versions in testing too' }).click();
    await expect.poll(() => stored('updates.channel')).toBe('beta');
    await reset('updates.channel', 'Which versions', 'latest');

    await control('Databases', 'Rows that one query answers at most').fill('50');
    await control('Databases', 'Rows that one query answers at most').press('Enter');
    await expect.poll(() => stored('databases.maxRows')).toBe(50);
    await reset('databases.maxRows', 'Rows that one query answers at most', 1000);

    const hosts = control('Web', 'Private addresses that may be reached');
    await hosts.fill('localhost:3000, no port');
    await hosts.press('Enter');
    await section('Web').getByText('“no” does not fit here. Nothing was saved.').waitFor();
    await hosts.fill('localhost:3000, 192.168.1.20:*');
    await hosts.press('Enter');
    await expect.poll(() => stored('web.allowedHosts')).toEqual(['localhost:3000', '192.168.1.20:*']);
    await reset('web.allowedHosts', 'Private addresses that may be reached', []);
  });

  it('shows only what was looked for', async () => {
    await page.getByRole('searchbox', { name: 'Search settings' }).fill('robots');
    await section('Server').waitFor({ state: 'detached' });
    await control('Web', 'Respect robots.txt').waitFor();
    await expect.poll(() => page.getByRole('main').getByRole('region').count()).toBe(1);
    await page.getByRole('searchbox').fill('nothing of the kind');
    await page.getByRole('button', { name: 'Show all settings' }).click();
    await section('Server').waitFor();
  });

  it('gives settings as a file, and takes that file back after it has shown what changes', async () => {
    await host.api('settings.update', { approvals: { timeoutSeconds: 77 } });
    const download = page.waitForEvent('download');
    await page.getByRole('button', { name: 'Export settings' }).click();
    const file = await (await download).path();
    expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual(await host.api('settings.get'));

    await host.api('settings.reset', { section: 'approvals' });
    const choose = (text: string) =>
      page.getByLabel('Import settings').setInputFiles({
        name: 'mine.json',
        mimeType: 'application/json',
        buffer: Buffer.from(text),
      });
    const dialog = page.getByRole('dialog', { name: 'Import mine.json' });
    await choose('{ "approvals": { "timeoutSeconds": -1 } }');
    await dialog.getByText('approvals.timeoutSeconds').waitFor();
    expect(await dialog.getByRole('button', { name: /^Change/ }).count()).toBe(0);
    await dialog.getByRole('button', { name: 'Close' }).last().click();
    await choose(readFileSync(file, 'utf8'));
    await dialog.getByRole('row', { name: /Time to answer.*300.*77/ }).waitFor();
    await dialog.getByRole('button', { name: 'Change 1 setting' }).click();
    await dialog.waitFor({ state: 'detached' });
    expect(await stored('approvals.timeoutSeconds')).toBe(77);
    await page.getByRole('region', { name: 'Notifications' }).getByRole('button', { name: 'Undo' }).click();
    await expect.poll(() => stored('approvals.timeoutSeconds')).toBe(300);
  });
});
