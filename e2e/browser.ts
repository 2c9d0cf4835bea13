import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { PAGES_IN } from './chromium.ts';
import type { Host } from './host.ts';

/** What has not come by then does not come. */
const WAIT_MS = 30_000;

/** A Chromium of the machine's own, talking to nobody. */
export function openBrowser(executablePath = PAGES_IN): Promise<Browser> {
  return chromium.launch({
    executablePath,
    args: [
      // Chromium's own sandbox does not start for root, as which CI runs.
      '--no-sandbox',
      '--disable-gpu',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      '--no-first-run',
    ],
  });
}

/** The panel of a running host in a page of its own, logged in. */
export async function openPanel(
  browser: Browser,
  host: Host,
  options: BrowserContextOptions = {},
): Promise<Page> {
  const context = await browser.newContext({ locale: 'en-GB', ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(WAIT_MS);
  await page.goto(await host.loginLink());
  await page
    .getByText(/Server running|Server läuft/)
    .first()
    .waitFor();
  return page;
}

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** What axe finds wrong, as a line for each place. */
export async function axe(page: Page): Promise<string[]> {
  // In a task of its own: the page's policy refuses what is evaluated within it.
  await page.evaluate(AXE);
  return (await page.evaluate(`axe.run(document, { resultTypes: ['violations'] }).then(({ violations }) =>
    violations.flatMap(({ id, nodes }) => nodes.map((node) => id + ': ' + node.html.slice(0, 160) + ' ' + (node.failureSummary ?? '').slice(0, 200))))`)) as string[];
}

/** Elements whose class is the word of a style that there is not. */
export async function unstyled(page: Page): Promise<string[]> {
  return (await page.evaluate(
    `[...document.querySelectorAll('.undefined')].map((one) => one.outerHTML.slice(0, 160))`,
  )) as string[];
}

/** Drops things on the page's main part, as a person drops folders. @param names - of the files that are handed over */
export async function drop(page: Page, ...names: readonly string[]): Promise<void> {
  await page.evaluate(`(() => {
    const dataTransfer = new DataTransfer();
    for (const name of ${JSON.stringify(names)}) dataTransfer.items.add(new File([], name));
    const place = document.querySelector('h1');
    for (const type of ['dragover', 'drop'])
      place.dispatchEvent(new DragEvent(type, { dataTransfer, bubbles: true, cancelable: true }));
  })()`);
}
