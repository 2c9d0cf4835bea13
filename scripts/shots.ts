/**
 * `npm run shots [-- --out DIR --only PAGE,… --width N,… --theme light,dark --lang en]`: pictures of the panel, from a
 * real host with a day's work in it.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { Page } from 'playwright-core';
import { openBrowser, openPanel } from '../e2e/browser.ts';
import { CHROMIUM } from '../e2e/chromium.ts';
import { Sandbox } from '../e2e/host.ts';
import { setStage } from '../e2e/stage.ts';

const { values } = parseArgs({
  options: {
    out: { type: 'string', default: join(import.meta.dirname, '..', 'docs', 'pictures') },
    only: { type: 'string', default: 'overview,approvals,activity,rules' },
    width: { type: 'string', default: '1280' },
    theme: { type: 'string', default: 'light,dark' },
    lang: { type: 'string', default: 'en' },
    empty: { type: 'boolean', default: false },
    /** A hash to show instead of a page: `tools?tool=read_file`. */
    at: { type: 'string' },
  },
});

const box = new Sandbox();
mkdirSync(values.out, { recursive: true });
const browser = await openBrowser(CHROMIUM);
try {
  const host = values.empty ? await box.serve([]) : await setStage(box);
  for (const theme of values.theme.split(',')) {
    await host.api('settings.update', { appearance: { theme, language: values.lang } });
    for (const width of values.width.split(',').map(Number)) {
      const page = await openPanel(browser, host, { viewport: { width, height: 800 } });
      const places = values.at === undefined ? values.only.split(',') : [values.at];
      for (const place of places) await shoot(page, place, `${theme}-${width}`);
      await page.context().close();
    }
  }
} finally {
  await browser.close();
  await box.close();
}

async function shoot(page: Page, place: string, name: string): Promise<void> {
  await page.goto(new URL(`#/${place}`, page.url()).href);
  await page.waitForTimeout(700);
  const file = join(values.out, `${place.replace(/[^a-z0-9]+/gi, '-')}-${name}.png`);
  await page.screenshot({ path: file });
  process.stdout.write(`${file}\n`);
}
