import { existsSync, readdirSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openBrowser, openPanel } from './browser.ts';
import { CHROMIUM } from './chromium.ts';
import { type Host, Sandbox } from './host.ts';

describe.skipIf(!existsSync(CHROMIUM))('the panel, where the machine has no browser for clients', () => {
  let browser: Browser;
  let box: Sandbox;
  let host: Host;
  let page: Page;
  let server: Server;
  let from: string;
  /** Sends half, and then nothing. */
  let slow = false;
  const asked: string[] = [];

  beforeAll(async () => {
    server = createServer((request, response) => {
      asked.push(request.url ?? '');
      if (!slow) return void response.writeHead(404).end();
      response.writeHead(200, { 'content-length': 1_000_000 }).write(Buffer.alloc(500_000));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    from = `127.0.0.1:${(server.address() as AddressInfo).port}`;
    browser = await openBrowser();
    box = new Sandbox();
    host = await box.serve(undefined, { PLAYWRIGHT_DOWNLOAD_HOST: `http://${from}` });
    page = await openPanel(browser, host);
    // This machine has one, or there would be no page to click on.
    await page.route('**/api/browser.state', async (route) => {
      const response = await route.fetch();
      const fetch = { version: '1.2.3.4', from };
      const missing = {
        state: 'missing',
        sandbox: true,
        pages: 0,
        sessions: 0,
        install: 'Install one.',
        fetch,
      };
      await route.fulfill({ response, json: { ok: true, value: missing } });
    });
    await page.goto(new URL('#/gallery', page.url()).href);
  });
  afterAll(async () => {
    await browser?.close();
    await box?.close();
    server?.closeAllConnections();
    server?.close();
  });

  const left = () => readdirSync(join(box.home, 'browsers'));
  const button = () => page.getByRole('button', { name: 'Fetch a browser' });

  it('says so, how to install one, and from where it can fetch one', async () => {
    await page.getByText('There is no browser that clients could use').waitFor();
    await page.getByText(`Or let Fastband fetch Chromium 1.2.3.4 from ${from}`).waitFor();
    expect(asked).toEqual([]);
  });

  it('keeps to the guard: a server of this machine is asked only when a person allowed it', async () => {
    await button().click();
    await page.getByRole('alert').filter({ hasText: 'A person can allow it' }).waitFor();
    expect(asked).toEqual([]);
  });

  it('says what failed and what to do, and leaves nothing behind', async () => {
    await host.api('settings.update', { web: { allowedHosts: [from] } });
    await button().click();
    await page.getByText(`${from} answered 404. Try again later, or install Chrome`).waitFor();
    expect(asked).toEqual([expect.stringMatching(/headless-shell.*\.zip$/)]);
    expect(left()).toEqual([]);
  });

  it('shows how far it is, and is stopped by Cancel', async () => {
    slow = true;
    await button().click();
    await page.getByText(/^50\s?%$/).waitFor();
    await page.getByRole('button', { name: 'Cancel' }).click();
    await page.getByRole('progressbar').waitFor({ state: 'detached' });
    await expect.poll(left).toEqual([]);
    await button().waitFor();
  });
});
