import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openBrowser, openPanel } from './browser.ts';
import { CHROMIUM } from './chromium.ts';
import { type Host, Sandbox } from './host.ts';
import { HAS_KEYCHAIN } from './keychain.ts';

const [FIRST, SECOND, THIRD] = ['sk-ant-first-1111', 'sk-ant-second-2222', 'sk-ant-third-3333'];

describe.skipIf(!existsSync(CHROMIUM) || !HAS_KEYCHAIN)('keys in the panel, in a real keychain', () => {
  let browser: Browser;
  let box: Sandbox;
  let host: Host;
  let page: Page;
  let provider: Server;
  /** The one that the provider takes. Without one it is down. */
  let taken: string | undefined = FIRST;

  beforeAll(async () => {
    provider = createServer((request, response) => {
      const status =
        taken === undefined ? 500 : request.headers.authorization === `Bearer ${taken}` ? 200 : 401;
      response.writeHead(status, { 'content-type': 'application/json' });
      response.end(
        status === 200
          ? '{"data":[],"has_more":false}'
          : '{"type":"error","error":{"type":"x","message":"no"}}',
      );
    });
    await new Promise<void>((resolve) => provider.listen(0, '127.0.0.1', resolve));
    const { port } = provider.address() as AddressInfo;
    browser = await openBrowser();
    box = new Sandbox();
    host = await box.serve(undefined, await box.keychain());
    await host.api('settings.update', {
      providers: { anthropicUrl: `http://127.0.0.1:${port}` },
      web: { allowedHosts: [`127.0.0.1:${port}`] },
    });
    page = await openPanel(browser, host);
    await page.goto(new URL('#/keys', page.url()).href);
  });
  afterAll(async () => {
    await browser?.close();
    await box?.close();
    provider?.close();
  });

  const drawer = () => page.getByRole('dialog');
  const anthropic = async () => (await host.api('keys.list')).find(({ id }) => id === 'anthropic');
  const openDrawer = async () => {
    await page.goto(new URL('#/keys?key=anthropic', page.url()).href);
    await drawer().getByRole('heading', { name: 'Replace' }).waitFor();
  };

  it('one is added, and checked with its provider [KEY-3 KEY-10]', async () => {
    await page.getByRole('button', { name: 'Add key' }).first().click();
    await page.getByLabel('Value', { exact: true }).fill(FIRST);
    await page.getByRole('button', { name: 'Keep' }).click();
    await page.getByText('is in the keychain, and valid').waitFor();
    expect(await anthropic()).toMatchObject({ source: 'keychain', check: { result: 'valid' } });
    expect(await page.content()).not.toContain(FIRST);
  });

  it('is checked again, and told to be rejected once it is', async () => {
    taken = SECOND;
    await openDrawer();
    await drawer().getByRole('button', { name: 'Check now' }).click();
    await expect.poll(async () => (await anthropic())?.check?.result).toBe('rejected');
    await drawer().getByText('rejected').first().waitFor();
  });

  it('is replaced only by one that the provider takes, or when the person says so [KEY-10]', async () => {
    await openDrawer();
    await drawer().getByLabel('New value').fill('sk-ant-wrong');
    await drawer().getByRole('button', { name: 'Replace', exact: true }).click();
    await drawer().getByText('The old key stays.').waitFor();
    await drawer().getByLabel('New value').fill(SECOND);
    await drawer().getByRole('button', { name: 'Replace', exact: true }).click();
    await page.getByText('The key was replaced').first().waitFor();
    expect((await anthropic())?.check?.result).toBe('valid');
    taken = undefined;
    await drawer().getByLabel('New value').fill(FIRST);
    await drawer().getByRole('button', { name: 'Replace', exact: true }).click();
    await drawer().getByRole('button', { name: 'Replace without a check' }).click();
    await expect.poll(async () => (await anthropic())?.check).toBeUndefined();
    // What was typed is gone, so that closing the drawer asks nothing.
    await expect.poll(() => drawer().getByLabel('New value').inputValue()).toBe('');
  });

  it('others are taken from a file: those that are ticked, unchecked only on request, and their lines go [KEY-10]', async () => {
    const file = join(box.folder, '.env');
    writeFileSync(file, `ANTHROPIC_API_KEY=${THIRD}\nOPENAI_API_KEY=sk-openai-4444\nSHOP=word-of-the-shop\n`);
    await page.goto(new URL('#/keys', page.url()).href);
    await page.getByRole('button', { name: 'Import .env' }).click();
    await page.getByLabel('File').fill(file);
    await page.getByRole('button', { name: 'Look into it' }).click();
    // A provider's key that is not there yet is ticked; what would replace one, and what is none, are not.
    const tick = (name: string) => page.getByRole('checkbox', { name: new RegExp(`^${name}`) });
    await expect.poll(() => tick('OPENAI_API_KEY').isChecked()).toBe(true);
    await expect.poll(() => tick('ANTHROPIC_API_KEY').isChecked()).toBe(false);
    await expect.poll(() => tick('SHOP').isChecked()).toBe(false);
    await tick('OPENAI_API_KEY').uncheck();
    await tick('ANTHROPIC_API_KEY').check();
    await page.getByLabel('Then delete their lines from the file').check();
    await page.getByRole('button', { name: 'Take 1 key' }).click();
    await page.getByText('The old key stays.').waitFor();
    expect(readFileSync(file, 'utf8')).toContain(THIRD);
    await page.getByRole('button', { name: 'Take them all the same' }).click();
    await page.getByText('1 key taken, 1 line deleted').waitFor();
    expect(readFileSync(file, 'utf8')).toBe('OPENAI_API_KEY=sk-openai-4444\nSHOP=word-of-the-shop\n');
    expect(
      (await host.api('keys.list')).filter(({ source }) => source === 'keychain').map(({ id }) => id),
    ).toEqual(['anthropic']);
    taken = THIRD;
    await host.api('keys.check', { id: 'anthropic' });
    expect((await anthropic())?.check?.result).toBe('valid');
  });

  it('is removed once that was confirmed', async () => {
    await openDrawer();
    await drawer().getByRole('button', { name: 'Remove' }).click();
    await page.getByRole('alertdialog').getByRole('button', { name: 'Remove' }).click();
    await expect.poll(anthropic).toBeUndefined();
    await page.getByText('The key of Anthropic was removed').waitFor();
  });
});
