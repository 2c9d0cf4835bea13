import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { expect, onTestFinished, test } from 'vitest';
import { builtLicences } from './about.ts';
import { type App, composeApp } from './app.ts';
import type { AppOptions } from './composition.ts';
import { fakePorts, realClock } from './core/testing.ts';
import type { Clock, Ports } from './ports.ts';
import { MCP_SDK_VERSION, VERSION } from './version.ts';

const KEY = `sk-ant-${'a1B2'.repeat(12)}`;

async function openApp(
  more: Partial<Ports> = {},
  role: AppOptions['role'] = 'cli',
): Promise<{ app: App; folder: string }> {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'fastband-about-')));
  const app = await composeApp(
    fakePorts(realClock, { home: join(folder, 'home'), env: { HOME: folder }, ...more }),
    { role },
  );
  onTestFinished(async () => {
    await app.close();
    rmSync(folder, { recursive: true, force: true });
  });
  return { app, folder };
}

test('a setting, a section and everything go back to the defaults, each in one row of the log', async () => {
  const { app } = await openApp();
  await app.handle('settings.update', {
    server: { port: 9000, panelPort: 9001 },
    limits: { callSeconds: 5 },
    appearance: { theme: 'dark' },
  });
  await app.handle('settings.reset', { section: 'server', key: 'port' });
  expect((await app.handle('settings.get', {})).server).toEqual({ port: 7850, panelPort: 9001 });
  await app.handle('settings.reset', { section: 'server' });
  expect(await app.handle('settings.reset', {})).toMatchObject({
    server: { panelPort: 7851 },
    limits: { callSeconds: 600 },
    appearance: { theme: 'system' },
  });
  // Nothing differs any more: nothing is written, and nothing said to have changed.
  await app.handle('settings.reset', {});
  const { rows } = await app.handle('audit.search', { type: ['settings.changed'] });
  expect(rows.map((row) => row.summary)).toEqual([
    'Settings changed: limits.callSeconds, appearance.theme.',
    'Settings changed: server.panelPort.',
    'Settings changed: server.port.',
    'Settings changed: server.port, server.panelPort, limits.callSeconds, appearance.theme.',
  ]);
});

test.each([{ section: 'sever' }, { section: 'server', key: 'prot' }, { section: '__proto__' }])(
  'refuses to reset what is no setting: %o',
  async (input) => {
    const { app } = await openApp();
    await expect(app.handle('settings.reset', input)).rejects.toMatchObject({ code: 'not_found' });
  },
);

test('what is exported can be imported elsewhere, and a look beforehand changes nothing', async () => {
  const { app: here } = await openApp();
  await here.handle('settings.update', { commands: { env: ['EDITOR'] }, approvals: { timeoutSeconds: 60 } });
  const { text } = await here.handle('settings.export', {});
  const { app: there } = await openApp();
  await there.handle('settings.update', { limits: { callSeconds: 5 } });
  const look = await there.handle('settings.import', { json: text, dryRun: true });
  expect(look).toEqual({
    changes: [
      { key: 'limits.callSeconds', from: 5, to: 600 },
      { key: 'approvals.timeoutSeconds', from: 300, to: 60 },
      { key: 'commands.env', from: [], to: ['EDITOR'] },
    ],
    problems: [],
    applied: false,
  });
  expect((await there.handle('settings.get', {})).limits.callSeconds).toBe(5);
  expect(await there.handle('settings.import', { json: text, dryRun: false })).toEqual({
    ...look,
    applied: true,
  });
  expect(await there.handle('settings.get', {})).toEqual(await here.handle('settings.get', {}));
});

test('one setting that does not fit keeps all of a file out, and is named without its value', async () => {
  const { app } = await openApp();
  const json = JSON.stringify({
    server: { port: -1, prot: 1 },
    limits: { callSeconds: 5 },
    vault: {},
    journal: 3,
  });
  const answer = await app.handle('settings.import', { json, dryRun: false });
  expect(answer.applied).toBe(false);
  expect(answer.problems.map(({ key }) => key)).toEqual(['server.port', 'server.prot', 'vault', 'journal']);
  expect((await app.handle('settings.get', {})).limits.callSeconds).toBe(600);
});

test.each([
  ['no JSON', `{"key": "${KEY}"`],
  ['a list', '[]'],
  ['nothing', ''],
  ['a prototype', '{"__proto__":{"port":1}}'],
])('an import of %s says so, repeats none of it, and changes nothing', async (_name, json) => {
  const { app } = await openApp();
  const answer = await app.handle('settings.import', { json, dryRun: false });
  expect(answer).toMatchObject({ applied: false, changes: [] });
  expect(answer.problems).toHaveLength(1);
  expect(JSON.stringify(answer)).not.toContain(KEY);
});

test('versions are those of what runs', async () => {
  const { app } = await openApp();
  const { versions, protocols } = await app.handle('about.get', {});
  const of = (name: string) => versions.find((one) => one.name === name)?.version;
  const read = (path: string) =>
    JSON.parse(readFileSync(join(import.meta.dirname, '..', path), 'utf8')) as { version: string };
  expect(of('Fastband')).toBe(read('package.json').version);
  expect(VERSION).toBe(read('package.json').version);
  expect(MCP_SDK_VERSION).toBe(read('node_modules/@modelcontextprotocol/server/package.json').version);
  expect(of('Node.js')).toBe(process.versions.node);
  expect(of('SQLite')).toMatch(/^3\.\d+\.\d+$/);
  expect(protocols.slice(0, 2)).toEqual(['2026-07-28', '2025-11-25']);
});

test('licences come from the build, and without one there are none', async () => {
  const { folder } = await openApp();
  expect(await builtLicences(folder)).toEqual([]);
  const one = { name: 'zod', version: '4.0.0', licence: 'MIT', text: 'Permission is hereby granted …' };
  writeFileSync(join(folder, 'licences.json'), JSON.stringify([one]));
  expect(await builtLicences(folder)).toEqual([one]);
});

test('diagnostics hold what helps, and no secret, no token, no note and no folder of the person [LOG-6]', async () => {
  const { app, folder } = await openApp({ secrets: () => ['the-panel-token-of-now'] });
  const root = join(folder, 'clients', 'acme-merger');
  mkdirSync(root, { recursive: true });
  await app.handle('workspaces.add', { root, name: 'shop' });
  const { token } = await app.handle('clients.create', { name: 'Claude Code' });
  await app.handle('rules.add', {
    effect: 'deny',
    match: { kind: 'write', paths: ['src/**'] },
    note: 'because of the merger',
  });
  app.store.audit.append({
    type: 'call.finished',
    actor: 'Claude Code',
    tool: 'run_command',
    outcome: 'error',
    summary: `Failed in ${root}/src and /mnt/secret-project/notes/plan.txt and ${folder}/x with ${KEY} and the-panel-token-of-now`,
    detail: { output: 'what a file held' },
  });
  const { name, text } = await app.handle('diagnostics.create', {});
  expect(name).toMatch(/^fastband-diagnostics-\d{4}-\d\d-\d\d\.txt$/);
  expect(text).toContain(`Fastband ${VERSION}`);
  expect(text).toContain('"port": 7850');
  expect(text).toContain('src/**');
  expect(text).toContain('rows, all as they were written');
  expect(text).toContain('Failed in <workspace shop>/src and ~/…/plan.txt and ~/x');
  for (const secret of [token, KEY, 'the-panel-token-of-now', 'merger', 'what a file held', folder])
    expect(text).not.toContain(secret);
});

test('diagnostics hold the last 200 lines of the log, redacted', async () => {
  const { app } = await openApp({ secrets: () => ['hunter-two-hunter-two'] });
  // A settings file that goes bad is logged each time that it is bad in another way.
  const before = (await app.handle('diagnostics.create', {})).text;
  expect(before).toContain('## Log\nnone');
  writeFileSync(app.settings.file, '{"server":{"hunter-two-hunter-two":1}}');
  await app.handle('settings.update', {}).catch(() => {});
  const { text } = await app.handle('diagnostics.create', {});
  expect(text.split('## Log\n')[1]).toContain(' warn ');
  expect(text).not.toContain('hunter-two');
});

test.skipIf(process.platform === 'win32')(
  'how it is protected is asked of the real home, with its secret, and not claimed where it cannot be told [FS-9 ACC-9]',
  async () => {
    const { app, folder } = await openApp({ env: { FASTBAND_SECRET_KEY: 'x'.repeat(40) } });
    const of = async (id: string) => (await app.handle('security.get', {})).find((one) => one.id === id);
    expect(await of('files')).toMatchObject({ state: 'ok' });
    expect(await of('listen')).toMatchObject({ state: 'unknown' });
    expect(await of('chain')).toMatchObject({ state: 'unknown' });
    expect(await of('fuses')).toBeUndefined();
    await app.handle('audit.verify', {});
    expect(await of('chain')).toMatchObject({ state: 'ok' });
    const file = join(folder, 'home', 'fastband.db');
    chmodSync(file, 0o644);
    expect(await of('files')).toMatchObject({ state: 'warn', problem: expect.stringContaining(file) });
  },
);

test('a host verifies its log by itself, soon after its start and then each day [LOG-3]', async () => {
  const far = new Map<number, () => void>();
  const clock: Clock = {
    ...realClock,
    after(ms, run) {
      if (ms < 60_000) return realClock.after(ms, run);
      far.set(ms, run);
      return () => far.delete(ms);
    },
  };
  const { app, folder } = await openApp({ clock }, 'host');
  const chain = async () => (await app.handle('security.get', {})).find(({ id }) => id === 'chain');
  await app.start({ port: 0 });
  expect(await chain()).toMatchObject({ state: 'unknown' });
  far.get(2 * 60_000)?.();
  await expect.poll(chain).toMatchObject({ state: 'ok' });

  const db = new Database(join(folder, 'home', 'fastband.db'));
  db.exec("DROP TRIGGER audit_no_update; UPDATE audit SET summary = 'nothing happened' WHERE seq = 1");
  db.close();
  far.get(24 * 3_600_000)?.();
  await expect.poll(chain).toMatchObject({ state: 'warn', problem: expect.stringContaining('Row 1 ') });
  expect(app.status().problems).toEqual([expect.stringContaining('Row 1 ')]);

  await app.stop();
  expect(far.has(24 * 3_600_000)).toBe(false);
});
