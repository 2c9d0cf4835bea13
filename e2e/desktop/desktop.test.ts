import { existsSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DesktopApp } from './app.ts';

const CHROMIUM = process.env.CHROMIUM ?? '/usr/bin/chromium';

describe.skipIf(!existsSync(CHROMIUM))('the desktop app, on the Electron double', () => {
  let app: DesktopApp;
  beforeEach(() => {
    app = DesktopApp.start();
  });
  afterEach(() => app.close());

  it('opens its window with the panel in it, and quits', async () => {
    const page = await app.page('index.html');
    await page.getByRole('heading', { name: 'Overview' }).waitFor();
    await page.getByText('Server running').waitFor();
    expect((await app.look()).windows).toMatchObject([{ visible: true, title: 'Fastband' }]);
    expect(await app.quit()).toBe(0);
  });
});
