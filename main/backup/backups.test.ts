import { randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { DEFAULT_SETTINGS } from '../../contract/settings.ts';
import { composeApp } from '../app.ts';
import { FakeClock, silentLog } from '../core/testing.ts';
import { nodePorts } from '../node-ports.ts';
import { openTestStore, tempHome } from '../store/testing.ts';
import { fakeKeys } from '../vault/testing.ts';
import { Backups, PASSPHRASE_KEY } from './backups.ts';
import { restoreBackup } from './restore.ts';

const HOUR = 3_600_000;
const PASSPHRASE = 'correct horse battery';

function scheduled(keys: ReturnType<typeof fakeKeys>, backup = { everyHours: 24, keep: 2 }) {
  const { home, store } = openTestStore();
  let now = Date.UTC(2026, 10, 23);
  const clock = { now: () => now, monotonic: () => now, after: () => () => {} };
  const backups = new Backups({
    home,
    audit: store.audit,
    clock,
    random: randomBytes,
    log: silentLog,
    keys,
    settings: () => ({ ...DEFAULT_SETTINGS, backup }),
    workFactor: 10,
  });
  return { home, store, backups, wait: (hours: number) => (now += hours * HOUR) };
}

test('the schedule makes one when it is due, keeps as many as it is told, and each has its audit row [BAK-2]', async () => {
  const { home, store, backups, wait } = scheduled(fakeKeys({ [PASSPHRASE_KEY]: PASSPHRASE }));
  const mine = await backups.create('a passphrase of my own');
  for (let day = 0; day < 4; day++) {
    await backups.tick();
    await backups.tick();
    wait(24);
  }
  const { backups: kept, problem } = await backups.list();
  expect(problem).toBeUndefined();
  expect(kept.map((one) => [one.scheduled, one.encrypted])).toEqual([
    [true, true],
    [true, true],
    [false, true],
  ]);
  expect(kept.at(-1)?.name).toBe(mine.name);
  const { rows } = await store.audit.search({ type: ['backup.created'], limit: 10 });
  expect(rows.map(({ actor }) => actor)).toEqual(['fastband', 'fastband', 'fastband', 'fastband', 'person']);
  expect(readdirSync(join(home, 'backups')).sort()).toEqual(kept.map(({ name }) => name).sort());
  expect(await backups.verify(kept[0]?.name ?? '', undefined)).toMatchObject({
    files: expect.any(Number),
    encrypted: true,
  });
});

test.each<[string, ReturnType<typeof fakeKeys>, string]>([
  ['no passphrase in the keychain', fakeKeys({}), 'no_passphrase'],
  ['a passphrase that is too short', fakeKeys({ [PASSPHRASE_KEY]: 'short' }), 'short_passphrase'],
])('with %s none is made, and the list says why', async (_, keys, problem) => {
  const { backups } = scheduled(keys);
  await backups.tick();
  expect(await backups.list()).toMatchObject({ backups: [], problem });
});

test('a schedule that is off makes none and misses no passphrase', async () => {
  const { backups } = scheduled(fakeKeys({}), { everyHours: 0, keep: 2 });
  await backups.tick();
  const { backups: made, problem } = await backups.list();
  expect([made, problem]).toEqual([[], undefined]);
});

test('a failure is told until one succeeds', async () => {
  const { home, backups } = scheduled(fakeKeys({ [PASSPHRASE_KEY]: PASSPHRASE }));
  mkdirSync(join(home, 'journal', 'aa', 'aa'.padEnd(64, '0')), { recursive: true });
  await backups.tick();
  expect(await backups.list()).toMatchObject({ backups: [], problem: 'failed' });
  expect(readdirSync(join(home, 'backups'))).toEqual([]);
});

test('beside a running host: made and verified through its channels with progress, cancelled whole, not restored over it', async () => {
  const home = tempHome();
  const app = await composeApp(nodePorts({ home, log: silentLog }), { role: 'host' });
  onTestFinished(() => app.close());
  await app.start({ port: 0 });
  const progress: number[] = [];
  app.subscribe((event) => {
    if (event.type === 'task.progress') progress.push(event.total);
  });
  const creating = app.handle('backups.create', { passphrase: PASSPHRASE, task: 'a' });
  for (let i = 0; i < 50; i++) await app.handle('clients.create', { name: `client ${i}` });
  const made = await creating;
  expect(progress.length).toBeGreaterThan(0);
  expect(await app.handle('backups.verify', { name: made.name, passphrase: PASSPHRASE })).toMatchObject({
    createdAt: expect.any(Number),
  });
  await expect(app.handle('backups.create', { passphrase: 'too short' })).rejects.toMatchObject({
    code: 'invalid_input',
  });
  await expect(app.handle('backups.verify', { name: '../fastband.db' })).rejects.toMatchObject({
    code: 'invalid_input',
  });

  const cancelled = app.handle('backups.create', { passphrase: PASSPHRASE, task: 'b' });
  await app.handle('tasks.cancel', { task: 'b' });
  await expect(cancelled).rejects.toMatchObject({ code: 'cancelled' });
  expect(readdirSync(join(home, 'backups'))).toEqual([made.name]);

  const file = join(home, 'backups', made.name);
  const job = { home, file, passphrase: PASSPHRASE, clock: new FakeClock(), log: silentLog };
  await expect(restoreBackup(job)).rejects.toMatchObject({ code: 'home_in_use' });
  expect(await app.handle('audit.verify', {})).toMatchObject({ ok: true });
  // The passphrase is nowhere in what was written.
  const { rows } = await app.handle('audit.search', { limit: 1000 });
  expect(JSON.stringify(rows)).not.toContain(PASSPHRASE);
  await app.close();
  writeFileSync(join(home, 'settings.json'), '{}');
  expect(await restoreBackup(job)).toMatchObject({ revoked: [] });
}, 120_000);
