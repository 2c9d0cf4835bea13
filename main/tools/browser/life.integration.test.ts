import { afterAll, beforeAll, expect, test } from 'vitest';
import { BrowserBench, Site } from './testing.ts';

let site: Site;
let bench: BrowserBench;
beforeAll(async () => {
  site = await Site.start({ '/': '<p>well' });
  bench = await BrowserBench.create();
  bench.allow(site);
  bench.bench.set({ browser: { idleSeconds: 5 } });
});
afterAll(async () => {
  await bench?.close();
  await site?.close();
});

function isRunning(pid: number | undefined): boolean {
  try {
    return process.kill(pid ?? Number.NaN, 0);
  } catch {
    return false;
  }
}

test('a browser serves one call after another, and is gone when nobody has used it for a while', async () => {
  await bench.call('page_snapshot', { url: site.url() });
  const { pid } = await bench.browsers.browser();
  await bench.call('page_snapshot', { url: site.url() });
  expect((await bench.browsers.browser()).pid).toBe(pid);
  expect(await bench.browsers.state()).toMatchObject({ state: 'running', pages: 0, sessions: 0 });
  await expect.poll(() => isRunning(pid), { timeout: 15_000 }).toBe(false);
  expect(await bench.browsers.state()).toMatchObject({ state: 'ready' });
});

test('a session keeps its place, and its browser, until nobody has used it for a while', async () => {
  await bench.call('use_page', {
    url: site.url(),
    session: 'mine',
    steps: [{ do: 'hover', on: 'p' }],
  });
  const { pid } = await bench.browsers.browser();
  expect(bench.browsers.sessionUrl('k1', 'mine')).toBe(site.url());
  expect(bench.browsers.sessionUrl('k2', 'mine')).toBeUndefined();
  await expect.poll(() => isRunning(pid), { timeout: 30_000 }).toBe(false);
  expect(bench.browsers.sessionUrl('k1', 'mine')).toBeUndefined();
});
