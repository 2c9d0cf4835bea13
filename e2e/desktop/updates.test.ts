import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CHROMIUM } from '../chromium.ts';
import { DesktopApp } from './app.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const READY = 'Fastband 9.9.9 is ready. It is installed when you restart from here.';

/** The app as an AppImage that knows a feed: the real updater, the real download, a program in the new version's place. */
describe.skipIf(!existsSync(CHROMIUM) || process.platform !== 'linux')('an update', () => {
  let folder: string;
  let server: Server;
  let app: DesktopApp;
  let page: Page;
  let update: string;
  /** What the feed says that the hash is. */
  let hashOf: (text: string) => string;

  beforeEach(async () => {
    folder = realpathSync(mkdtempSync(join(tmpdir(), 'fastband-update-')));
    mkdirSync(join(folder, 'resources'));
    writeFileSync(join(folder, 'Fastband.AppImage'), 'the old version');
    update = `#!/bin/sh\necho started > '${join(folder, 'started')}'\n`;
    hashOf = (text) => createHash('sha512').update(text).digest('base64');
    server = createServer((request, response) => {
      if (request.url?.includes('.yml') === true)
        return response.end(
          `version: 9.9.9\nfiles:\n  - url: Fastband-9.9.9.AppImage\n    sha512: ${hashOf(update)}\n    size: ${update.length}\n`,
        );
      if (request.url?.endsWith('.AppImage') === true) return response.end(update);
      response.writeHead(404).end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    writeFileSync(
      join(folder, 'resources', 'app-update.yml'),
      `provider: generic\nurl: http://127.0.0.1:${port}\nupdaterCacheDirName: fastband-updater\n`,
    );
    app = DesktopApp.start({
      root: ROOT,
      env: {
        DOUBLE_PACKAGED: '1',
        DOUBLE_RESOURCES: join(folder, 'resources'),
        APPIMAGE: join(folder, 'Fastband.AppImage'),
        XDG_CACHE_HOME: join(folder, 'cache'),
        XDG_CONFIG_HOME: join(folder, 'config'),
      },
    });
    page = await app.page('index.html');
    await page.getByText('Server running').first().waitFor();
    await app.until('the menu', ({ menu }) => JSON.stringify(menu).includes('Check for updates…'));
  });
  afterEach(async () => {
    await app.close();
    server.closeAllConnections();
    server.close();
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  });

  it('is found from the menu, fetched, and installed when the person says so', async () => {
    await app.order({ do: 'menu', label: 'Check for updates…' });
    await page.getByText(READY).waitFor();
    await page.waitForURL(/#\/settings\?at=about$/);
    expect((await app.look()).notifications).toMatchObject([{ title: 'Fastband 9.9.9 is ready' }]);

    await app.order({ do: 'answer', with: 1 });
    await page.getByRole('button', { name: 'Restart to update' }).click();
    const { asked } = await app.until('the question', (look) => look.asked.length === 1);
    expect(asked).toMatchObject([{ message: 'Restart and update to Fastband 9.9.9?', cancelId: 1 }]);
    await page.getByText(READY).waitFor();
    expect(readFileSync(join(folder, 'Fastband.AppImage'), 'utf8')).toBe('the old version');

    await app.order({ do: 'answer', with: 0 });
    const ended = app.ended();
    await page.getByRole('button', { name: 'Restart to update' }).click();
    expect(await ended).toBe(0);
    expect(readFileSync(join(folder, 'Fastband.AppImage'), 'utf8')).toBe(update);
    for (let i = 0; i < 100 && !existsSync(join(folder, 'started')); i++)
      await new Promise((resolve) => setTimeout(resolve, 50));
    expect(existsSync(join(folder, 'started'))).toBe(true);
  });

  it('is not installed over what is not saved, and nothing has ended when the person stays', async () => {
    await app.order({ do: 'menu', label: 'Check for updates…' });
    await page.getByText(READY).waitFor();
    await page.locator('#setting-server\\.port').click();
    await page.keyboard.type('no number');
    await page.keyboard.press('Enter');
    await app.order({ do: 'answer', with: 0 });
    await app.order({ do: 'answer', with: 0 });
    await page.getByRole('button', { name: 'Restart to update' }).click();
    const { asked } = await app.until('both questions', (look) => look.asked.length === 2);
    expect(asked).toMatchObject([
      { message: 'Restart and update to Fastband 9.9.9?' },
      { message: 'Leave without saving?' },
    ]);
    await page.getByText(READY).waitFor();
    await page.getByText('Server running').first().waitFor();
    expect(readFileSync(join(folder, 'Fastband.AppImage'), 'utf8')).toBe('the old version');
    await app.order({ do: 'answer', with: 1 });
    expect(await app.quit()).toBe(0);
  });

  it('that is not what the feed promised is thrown away', async () => {
    hashOf = () => createHash('sha512').update('another').digest('base64');
    await app.order({ do: 'menu', label: 'Check for updates…' });
    await page.getByText(/^The update failed\. .*sha512/).waitFor();
    expect(await page.getByRole('button', { name: 'Restart to update' }).count()).toBe(0);
    expect(readFileSync(join(folder, 'Fastband.AppImage'), 'utf8')).toBe('the old version');
  });
});
