import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { extractAll } from '@electron/asar';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { packageApp } from '../../scripts/package-app.ts';
import { RIPGREP, writeStub } from '../../scripts/package-facts.ts';
import { CHROMIUM } from '../chromium.ts';
import { DesktopApp } from './app.ts';

/** Asks through the page's own bridge. */
async function call(page: Page, channel: string, input: unknown): Promise<unknown> {
  const answer = (await page.evaluate(
    `window.fastband.channels['${channel}'](JSON.parse(${JSON.stringify(JSON.stringify(input))}))`,
  )) as { value?: unknown; error?: { message: string } };
  if (answer.error !== undefined) throw new Error(answer.error.message);
  return answer.value;
}

describe.skipIf(!existsSync(CHROMIUM) || process.platform !== 'linux')('what is packaged', () => {
  let work: string;
  let app: DesktopApp;
  let page: Page;
  beforeAll(async () => {
    work = realpathSync(mkdtempSync(join(tmpdir(), 'fastband-packaged-')));
    const electronDist = await writeStub(join(work, 'electron'));
    const packaged = await packageApp({ electronDist, installers: false, output: join(work, 'out') });
    // As Electron shows it: the archive as a folder of that name, and beside it what lies outside.
    const archive = join(packaged.app.resources, 'app.asar');
    extractAll(archive, join(work, 'extracted'));
    rmSync(archive);
    renameSync(join(work, 'extracted'), archive);
    // It can be seen in the archive, but no system starts a program from there.
    chmodSync(join(archive, RIPGREP), 0o644);
    app = DesktopApp.start({
      root: archive,
      env: { DOUBLE_PACKAGED: '1', XDG_CONFIG_HOME: join(work, 'config') },
    });
    page = await app.page('index.html');
    await page.getByText('Server running').first().waitFor();
  });
  afterAll(async () => {
    await app?.close();
    rmSync(work, { recursive: true, force: true });
  });

  test('starts with nothing but what is inside, and shows its window', async () => {
    expect(await page.title()).toContain('Fastband');
  });

  test('finds ripgrep outside the archive', async () => {
    const folder = join(work, 'shop');
    mkdirSync(folder);
    writeFileSync(join(folder, 'a.txt'), 'a needle\n');
    await call(page, 'workspaces.add', { root: folder });
    const found = await call(page, 'tools.try', { tool: 'search_files', input: { pattern: 'needle' } });
    expect(JSON.stringify(found)).toContain('a.txt');
  });

  test('reads the log on its worker', async () => {
    expect(JSON.stringify(await call(page, 'audit.search', { limit: 10 }))).toContain('search_files');
  });

  test('shows the licences of what is inside', async () => {
    const licences = (await call(page, 'about.licences', {})) as { name: string; text: string }[];
    expect(licences.map((one) => one.name)).toEqual(expect.arrayContaining(['react', 'zod', 'electron']));
  });
});
