import { once } from 'node:events';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { composeApp } from '../app.ts';
import { FastbandError } from '../core/errors.ts';
import { silentLog } from '../core/testing.ts';
import { secretSource } from '../node-ports.ts';
import { CoreHost } from './core-host.ts';
import { fileLog } from './log.ts';

vi.mock('electron', () => ({ utilityProcess: {} }));
vi.mock('../app.ts', { spy: true });

let home: string;
let core: CoreHost;
let path: string | null;
const secrets = secretSource(() => []);

beforeEach(() => {
  home = join(realpathSync(mkdtempSync(join(tmpdir(), 'fastband-core-host-'))), 'home');
  mkdirSync(home, { mode: 0o700 });
  writeFileSync(join(home, 'settings.json'), '{"server":{"port":0}}');
  path = null;
});
afterEach(async () => {
  await core.stop();
  vi.unstubAllEnvs();
  rmSync(join(home, '..'), { recursive: true, force: true });
});

function host(log = fileLog(home, secrets)): CoreHost {
  core = new CoreHost({
    home,
    log,
    secrets,
    notify: () => {},
    askWhere: async () => path,
    desktop: () => ({ packaged: false, sandbox: true, feed: false }),
  });
  return core;
}

it('the log of the app masks what the vault holds', async () => {
  vi.stubEnv('ANTHROPIC_API_KEY', 'no-shape-that-anybody-knows');
  const log = fileLog(home, secrets);
  await host(log).start();
  log.warn({ url: 'https://x.org/?key=no-shape-that-anybody-knows' }, 'told');
  const written = () => readFileSync(join(home, 'logs', 'fastband.log'), 'utf8');
  await expect.poll(written).toContain('told');
  expect(written()).toContain('https://x.org/?key=');
  expect(written()).not.toContain('no-shape-that-anybody-knows');
});

it('a port that is taken keeps nobody from the panel, where another can be chosen', async () => {
  const other = createServer().listen(0, '127.0.0.1');
  await once(other, 'listening');
  const { port } = other.address() as AddressInfo;
  writeFileSync(join(home, 'settings.json'), JSON.stringify({ server: { port } }));
  await host().startInTime();
  expect(core.problem).toBeUndefined();
  expect(await core.handle('server.status', {})).toMatchObject({
    running: false,
    problems: [expect.stringContaining(`Port ${port} on 127.0.0.1 is in use by another program.`)],
  });
  await expect(core.handle('server.start', {})).rejects.toMatchObject({ code: 'port_in_use' });
  await core.handle('settings.update', { server: { port: 0 } });
  expect(await core.handle('server.start', {})).toMatchObject({ running: true, problems: [] });
  other.close();
});

it('a start that hangs is spoken of, and no more once it has come to an end', async () => {
  vi.useFakeTimers();
  let go = () => {};
  const held = new Promise<void>((resolve) => {
    go = resolve;
  });
  vi.mocked(composeApp).mockImplementationOnce(async () => {
    await held;
    throw new FastbandError('home_in_use', 'Another Fastband works here.');
  });
  const started = host(silentLog).startInTime();
  await vi.advanceTimersByTimeAsync(10_000);
  await started;
  expect(core.problem).toMatchObject({ code: 'timeout' });
  go();
  await core.start();
  expect(core.problem).toMatchObject({ code: 'home_in_use' });
  vi.useRealTimers();
});

it('an export goes into the file that the person chose, and one that fails leaves that file as it was', async () => {
  const folder = join(home, '..', 'exports');
  mkdirSync(folder);
  path = join(folder, 'activity.jsonl');
  await host().start();
  const input = { format: 'jsonl', filter: {} };
  expect(await core.handle('audit.export', input)).toMatchObject({ rows: expect.any(Number) });
  const whole = readFileSync(path, 'utf8');
  expect(whole).toContain('The server started');
  if (core.app === undefined) throw new Error('the core should be there');
  vi.spyOn(core.app, 'exportAudit').mockImplementation(async function* () {
    yield 'half a ';
    throw new Error('cancelled');
  });
  await expect(core.handle('audit.export', input)).rejects.toThrow('cancelled');
  expect([readFileSync(path, 'utf8'), readdirSync(folder)]).toEqual([whole, ['activity.jsonl']]);
});
