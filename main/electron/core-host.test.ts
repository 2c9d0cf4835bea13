import { mkdtempSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { secretSource } from '../node-ports.ts';
import { CoreHost } from './core-host.ts';
import { fileLog } from './log.ts';

vi.mock('electron', () => ({ utilityProcess: {} }));

let home: string;
beforeEach(() => {
  home = join(realpathSync(mkdtempSync(join(tmpdir(), 'fastband-core-host-'))), 'home');
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(join(home, '..'), { recursive: true, force: true });
});

it('the log of the app masks what the vault holds', async () => {
  vi.stubEnv('ANTHROPIC_API_KEY', 'no-shape-that-anybody-knows');
  const secrets = secretSource(() => []);
  const log = fileLog(home, secrets);
  const core = new CoreHost({
    home,
    log,
    secrets,
    notify: () => {},
    askWhere: async () => null,
    desktop: () => ({ packaged: false, sandbox: true, feed: false }),
  });
  await core.start();
  log.warn({ url: 'https://x.org/?key=no-shape-that-anybody-knows' }, 'told');
  await core.stop();
  const written = () => readFileSync(join(home, 'logs', 'fastband.log'), 'utf8');
  await expect.poll(written).toContain('told');
  expect(written()).toContain('https://x.org/?key=');
  expect(written()).not.toContain('no-shape-that-anybody-knows');
});
