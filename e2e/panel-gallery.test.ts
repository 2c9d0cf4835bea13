import { existsSync, readdirSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { Client } from '@modelcontextprotocol/client';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { axe, openBrowser, openPanel, unstyled } from './browser.ts';
import { CHROMIUM } from './chromium.ts';
import { type Host, Sandbox } from './host.ts';

/** Each is a page of one colour, so that a picture tells which it is. */
const COLOURS = { red: [200, 0, 0], green: [0, 160, 0], blue: [0, 0, 220] } as const;
type Colour = keyof typeof COLOURS;

describe.skipIf(!existsSync(CHROMIUM))('the gallery in the panel, with pictures of real pages', () => {
  let browser: Browser;
  let box: Sandbox;
  let host: Host;
  let client: Client;
  let page: Page;
  let server: Server;

  beforeAll(async () => {
    server = createServer((request, response) => {
      const colour = COLOURS[(request.url ?? '/').slice(1) as Colour] ?? [0, 0, 0];
      response.setHeader('content-type', 'text/html');
      response.end(
        `<!doctype html><title>Page</title><body style="margin:0;height:100vh;background:rgb(${colour.join(',')})"></body>`,
      );
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    browser = await openBrowser();
    box = new Sandbox();
    host = await box.serve();
    await host.api('settings.update', { web: { allowedHosts: [`127.0.0.1:${port()}`] } });
    await host.api('rules.add', { effect: 'allow', match: { kind: 'net', hosts: ['127.0.0.1'] } });
    client = await box.connect(host, await box.addClient('Claude Code'));
    page = await openPanel(browser, host, { viewport: { width: 1280, height: 800 } });
    await page.goto(new URL('#/gallery', page.url()).href);
  });
  afterAll(async () => {
    await browser?.close();
    await box?.close();
    server?.closeAllConnections();
    server?.close();
  });

  const port = () => (server.address() as AddressInfo).port;
  const tiles = () => page.getByRole('list', { name: 'Gallery' }).getByRole('button');
  const files = () => readdirSync(join(box.home, 'pictures'), { recursive: true, withFileTypes: true });
  const kept = () => files().filter((one) => one.isFile()).length;

  async function shoot(colour: Colour): Promise<void> {
    const { isError, content } = await client.callTool({
      name: 'screenshot',
      arguments: { url: `http://127.0.0.1:${port()}/${colour}` },
    });
    expect([isError ?? false, content]).toEqual([false, expect.anything()]);
  }

  /** The colour of a picture at a place within it, in parts of a hundred; black while it is not shown yet. */
  async function colourAt(of: string, x: number, y: number): Promise<string> {
    const rgb = (await page.evaluate(`(() => {
      const image = ${of};
      if (!image?.complete || image.naturalWidth === 0) return [0, 0, 0];
      const canvas = new OffscreenCanvas(image.naturalWidth, image.naturalHeight);
      const context = canvas.getContext('2d');
      context.drawImage(image, 0, 0);
      return [...context.getImageData(canvas.width * ${x / 100}, canvas.height * ${y / 100}, 1, 1).data].slice(0, 3);
    })()`)) as number[];
    const near = ([, want]: readonly [string, readonly number[]]) =>
      want.every((one, i) => Math.abs(one - (rgb[i] ?? -99)) < 24);
    return Object.entries(COLOURS).find(near)?.[0] ?? rgb.join(',');
  }

  const inDialog = (n: number) => `document.querySelectorAll('[role=dialog] img')[${n}]`;

  it('says what will be here while there is nothing', async () => {
    await page.getByText('No pictures yet').waitFor();
    expect([await axe(page), await unstyled(page)]).toEqual([[], []]);
  });

  it('shows each picture as it is made, the newest first', async () => {
    for (const colour of ['red', 'green', 'blue'] as const) await shoot(colour);
    await expect.poll(() => tiles().count()).toBe(3);
    const shown = () => tiles().evaluateAll((all) => all.map((one) => one.textContent));
    await expect
      .poll(shown)
      .toEqual(['blue', 'green', 'red'].map((colour) => expect.stringContaining(`/${colour}`)));
    await expect.poll(() => colourAt("document.querySelectorAll('ul img')[0]", 50, 50)).toBe('blue');
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
      expect([colorScheme, await axe(page), await unstyled(page)]).toEqual([colorScheme, [], []]);
    }
  });

  it('opens one whole, steps to the next by keys, and closes', async () => {
    await tiles().first().focus();
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('Enter');
    const dialog = page.getByRole('dialog');
    await dialog.getByText('/green').first().waitFor();
    await expect.poll(() => colourAt(inDialog(0), 50, 50)).toBe('green');
    expect(await axe(page)).toEqual([]);
    await page.keyboard.press('ArrowRight');
    await dialog.getByText('/red').first().waitFor();
    await expect.poll(() => colourAt(inDialog(0), 50, 50)).toBe('red');
    await expect.poll(() => dialog.getByRole('button', { name: 'Next picture' }).isDisabled()).toBe(true);
    await page.keyboard.press('ArrowLeft');
    await dialog.getByText('/green').first().waitFor();
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'detached' });
  });

  it('leads to the call that made it', async () => {
    await tiles().first().click();
    await page.getByRole('link', { name: 'Show the call in the activity' }).click();
    await page.waitForURL(/#\/activity/);
    await page.getByRole('row').filter({ hasText: '/blue' }).first().waitFor();
    expect(await page.getByRole('row').filter({ hasText: '/green' }).count()).toBe(0);
    await page.goto(new URL('#/gallery', page.url()).href);
    await expect.poll(() => tiles().count()).toBe(3);
  });

  it('compares two, with a border that a slider moves', async () => {
    const compare = page.getByRole('button', { name: 'Compare', exact: true });
    await expect.poll(() => compare.isDisabled()).toBe(true);
    const boxes = page.getByRole('checkbox', { name: /^Choose the picture of/ });
    await boxes.nth(0).check();
    await boxes.nth(2).check();
    await compare.click();
    const slider = page.getByRole('slider');
    await slider.waitFor();
    const share = () => slider.inputValue();
    /** Where the border is, in parts of a hundred of the picture's width. */
    const border = () =>
      page.evaluate(`(() => {
        const over = [...document.querySelectorAll('[role=dialog] div')].find((one) => one.style.clipPath);
        return 100 - Number(/inset\\(0(?:px)? ([\\d.]+)%/.exec(over.style.clipPath)[1]);
      })()`);
    expect([await share(), await border()]).toEqual(['50', 50]);
    // The second lies below, the first above it.
    await expect.poll(() => colourAt(inDialog(0), 50, 50)).toBe('red');
    await expect.poll(() => colourAt(inDialog(1), 50, 50)).toBe('blue');
    await slider.focus();
    for (let i = 0; i < 5; i++) await page.keyboard.press('ArrowLeft');
    expect([await share(), await border()]).toEqual(['45', 45]);
    await page.keyboard.press('Home');
    expect([await share(), await border()]).toEqual(['0', 0]);
    const { x = 0, y = 0, width = 0, height = 0 } = (await slider.boundingBox()) ?? {};
    await page.mouse.click(x + width * 0.75, y + height / 2);
    expect(Math.abs(Number(await border()) - 75)).toBeLessThan(4);
    await page.getByRole('button', { name: 'Swap' }).click();
    await expect.poll(() => colourAt(inDialog(0), 50, 50)).toBe('blue');
    expect(await axe(page)).toEqual([]);
    await page.keyboard.press('Escape');
    await slider.waitFor({ state: 'detached' });
  });

  it('deletes one after a question, and its file', async () => {
    const before = kept();
    await tiles().last().focus();
    await page.keyboard.press('Delete');
    await page.getByRole('alertdialog').getByText('Delete this picture?').waitFor();
    await page.getByRole('alertdialog').getByRole('button', { name: 'Cancel' }).click();
    await expect.poll(() => tiles().count()).toBe(3);
    await tiles().last().focus();
    await page.keyboard.press('Delete');
    await page.getByRole('alertdialog').getByRole('button', { name: 'Delete' }).click();
    await page.getByText('The picture was deleted').waitFor();
    await expect.poll(() => tiles().count()).toBe(2);
    await expect.poll(kept).toBeLessThan(before);
    expect((await host.api('pictures.list', {})).total).toBe(2);
  });

  it('fits a narrow window', async () => {
    await page.setViewportSize({ width: 420, height: 800 });
    const wider = 'document.documentElement.scrollWidth > document.documentElement.clientWidth';
    expect([await page.evaluate(wider), await axe(page)]).toEqual([false, []]);
    await page.setViewportSize({ width: 1280, height: 800 });
  });

  it('lets the oldest go where they have more room than the settings give', async () => {
    const { pictures } = await host.api('pictures.list', {});
    await host.api('settings.update', { gallery: { maxBytes: pictures[0]?.bytes ?? 0 } });
    await host.stop('SIGTERM');
    host = await box.serve([]);
    await expect.poll(async () => (await host.api('pictures.list', {})).total).toBe(1);
    expect((await host.api('pictures.list', {})).pictures[0]?.url).toContain('/blue');
  });

  it('deletes all, and no file is left', async () => {
    const again = await openPanel(browser, host);
    await again.goto(new URL('#/gallery', again.url()).href);
    await again.getByRole('button', { name: 'Delete all' }).click();
    await again.getByRole('alertdialog').getByText('Delete 1 picture?').waitFor();
    await again.getByRole('alertdialog').getByRole('button', { name: 'Delete' }).click();
    await again.getByText('No pictures yet').waitFor();
    await expect.poll(kept).toBe(0);
  });
});
