import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { CHROMIUM, openBrowser, openPanel } from './browser.ts';
import { type Host, Sandbox } from './host.ts';
import { setStage } from './stage.ts';

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
  afterEach(() => page.context().close());

  async function show(place: string): Promise<void> {
    page = await openPanel(browser, host, { viewport: { width: 1280, height: 800 } });
    await page.goto(new URL(`#/${place}`, page.url()).href);
    await page.locator('h1').first().waitFor();
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
      expect(await paths.inputValue()).toBe('docs/**');
      await leave();
      await question().getByRole('button', { name: 'Leave' }).click();
      await page.getByRole('dialog').waitFor({ state: 'detached' });
      expect(page.url()).toMatch(/#\/rules$/);
    });

    it('is closed at once when nothing was typed', async () => {
      await show('rules?rule=new');
      await page.getByLabel('Paths').waitFor();
      await page.keyboard.press('Escape');
      await page.getByRole('dialog').waitFor({ state: 'detached' });
      expect(await question().count()).toBe(0);
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
    expect(await page.getByRole('textbox', { name: /^path/ }).inputValue()).toBe('shop/tried.txt');
    const waiting = await asked();
    await host.api('approvals.decide', { id: waiting?.id ?? '', decision: 'allow' });
    await page.getByRole('heading', { name: /^Answer, / }).waitFor();
    expect(readFileSync(join(box.workspace, 'tried.txt'), 'utf8')).toBe('tried');
  });
});
