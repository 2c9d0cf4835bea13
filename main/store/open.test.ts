import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { FakeClock, silentLog } from '../core/testing.ts';
import { DATABASE_FILE } from './home.ts';
import { MIGRATIONS } from './migrations.ts';
import { openStore } from './open.ts';
import { entry, openTestStore, rawDatabase, tempHome } from './testing.ts';

const mode = (path: string) => statSync(path).mode & 0o777;

describe('the home folder is this user’s alone [FS-9]', () => {
  test('a new one and everything in it', async () => {
    const { home, store } = openTestStore();
    store.audit.append(entry(1));
    await store.audit.search({ text: 'file', limit: 1 });
    await store.audit.retire(Number.MAX_SAFE_INTEGER);
    expect(mode(home)).toBe(0o700);
    const files = readdirSync(home);
    expect(files).toEqual(
      expect.arrayContaining([
        DATABASE_FILE,
        `${DATABASE_FILE}-wal`,
        `${DATABASE_FILE}-shm`,
        'audit-search.db',
        'audit.key',
      ]),
    );
    for (const file of files) expect([file, mode(join(home, file))]).toEqual([file, 0o600]);
  });

  test('one that was open to others is closed, its database too', () => {
    const home = tempHome();
    mkdirSync(home, { recursive: true });
    chmodSync(home, 0o755);
    openStore({ home, clock: new FakeClock(), log: silentLog }).close();
    chmodSync(home, 0o755);
    chmodSync(join(home, DATABASE_FILE), 0o644);
    openTestStore(home);
    expect(mode(home)).toBe(0o700);
    expect(mode(join(home, DATABASE_FILE))).toBe(0o600);
  });

  test('a file in its place is refused with what to do', () => {
    const home = tempHome();
    writeFileSync(home, '');
    expect(() => openTestStore(home)).toThrow(
      expect.objectContaining({ code: 'audit_unavailable', message: expect.stringContaining('--home') }),
    );
  });
});

describe('opening', () => {
  test('a database that a newer Fastband made is refused and not touched', () => {
    const { home, store } = openTestStore();
    store.close();
    const raw = rawDatabase(home);
    raw.pragma(`user_version = ${MIGRATIONS.length + 1}`);
    expect(() => openTestStore(home)).toThrow(expect.objectContaining({ code: 'conflict' }));
    expect(raw.pragma('user_version', { simple: true })).toBe(MIGRATIONS.length + 1);
  });

  test('a damaged database is refused, not replaced', () => {
    const home = tempHome();
    mkdirSync(home, { recursive: true });
    writeFileSync(join(home, DATABASE_FILE), 'x'.repeat(8192));
    expect(() => openTestStore(home)).toThrow(
      expect.objectContaining({
        code: 'audit_unavailable',
        message: expect.stringMatching(/is damaged.*fastband backup restore/),
      }),
    );
    expect(statSync(join(home, DATABASE_FILE)).size).toBe(8192);
  });

  test.each([
    ['emptied', 'with rows not yet in it', []],
    ['removed', 'with rows not yet in it', []],
    ['emptied', 'after a search', ['audit-search.db']],
    ['removed', 'after retention', ['audit.key']],
    ['removed', 'after a host', ['host.lock', 'settings.json']],
  ] as const)('a database that was %s %s is never begun anew [POL-7 FLT-3]', (how, _when, signs) => {
    const { home, store, db } = openTestStore();
    store.rules.add({ effect: 'deny', match: { kind: 'read', paths: ['**'] } });
    if (signs.length > 0) {
      db.pragma('wal_checkpoint(TRUNCATE)');
      store.close();
      for (const sign of signs) writeFileSync(join(home, sign), '');
    }
    const file = join(home, DATABASE_FILE);
    if (how === 'emptied') truncateSync(file, 0);
    else rmSync(file);
    const refusal = {
      code: 'audit_unavailable',
      message: expect.stringMatching(/gone or empty.*backup restore/),
    };
    expect(() => openStore({ home, clock: new FakeClock(), log: silentLog })).toThrow(
      expect.objectContaining(refusal),
    );
    if (how === 'removed') expect(existsSync(file)).toBe(false);
  });

  test.each([[[]], [['settings.json']], [['host.lock']]])(
    'a home that only holds %j is a new one',
    (names) => {
      const home = tempHome();
      mkdirSync(home, { recursive: true });
      for (const name of [DATABASE_FILE, ...names]) writeFileSync(join(home, name), '');
      expect(openTestStore(home).store.rules.list()).toEqual([]);
    },
  );

  test('damage that shows while it runs: nothing more is written, and it is said what helps [FLT-3]', async () => {
    const { home, store, db } = openTestStore();
    store.transaction(() => {
      for (let i = 0; i < 2000; i++) store.audit.append(entry(i));
    });
    db.pragma('wal_checkpoint(TRUNCATE)');
    store.close();
    const file = join(home, DATABASE_FILE);
    const bytes = readFileSync(file);
    bytes.fill(0x5a, bytes.length - 4096 * 3);
    writeFileSync(file, bytes);
    const { store: damaged } = openTestStore(home);
    const damage = {
      code: 'audit_unavailable',
      message: expect.stringMatching(/is damaged.*backup restore/),
    };
    expect(() => damaged.audit.append(entry(1))).toThrow(expect.objectContaining(damage));
    expect(damaged.audit.healthy()).toBe(false);
    expect(damaged.audit.problem).toMatch(/is damaged.*backup restore/);
    await expect(damaged.audit.verify()).rejects.toMatchObject({ code: 'audit_unavailable' });
  });

  test('read-only: shows what is there, writes nothing, makes nothing', () => {
    const { home, store } = openTestStore();
    store.workspaces.add({ name: 'shop', root: '/srv/shop', readOnly: false });
    const { store: reader } = openTestStore(home, { readOnly: true });
    expect(reader.workspaces.list().map((one) => one.name)).toEqual(['shop']);
    expect(() => reader.audit.append(entry(1))).toThrow(
      expect.objectContaining({ code: 'audit_unavailable' }),
    );
    expect(reader.audit.healthy()).toBe(false);
    const nowhere = tempHome();
    expect(() => openTestStore(nowhere, { readOnly: true })).toThrow(
      expect.objectContaining({ code: 'audit_unavailable' }),
    );
    expect(existsSync(nowhere)).toBe(false);
  });
});

describe('transactions', () => {
  test('a change and its audit row commit together or not at all [LOG-7]', () => {
    const { store } = openTestStore();
    const version = store.version();
    expect(() =>
      store.transaction(() => {
        store.workspaces.add({ name: 'shop', root: '/srv/shop', readOnly: false });
        store.audit.append(entry(1));
        throw new Error('no');
      }),
    ).toThrow('no');
    expect(store.workspaces.list()).toEqual([]);
    expect(store.audit.get(1)).toBeUndefined();
    // Whoever read inside the transaction remembers what is not there.
    expect(store.version()).toBeGreaterThan(version);
  });

  test('one inside another is undone with it', () => {
    const { store } = openTestStore();
    expect(() =>
      store.transaction(() => {
        store.transaction(() => store.audit.append(entry(1)));
        throw new Error('no');
      }),
    ).toThrow('no');
    expect(store.audit.append(entry(2)).seq).toBe(1);
  });

  test('an async function is refused: it would write after the commit', () => {
    const { store } = openTestStore();
    expect(() => store.transaction(async () => store.audit.append(entry(1)))).toThrow(TypeError);
    expect(store.audit.get(1)).toBeUndefined();
  });
});

describe('version()', () => {
  test('grows with every change of policy, here and in another process’s connection, and not with our own audit rows', () => {
    const { home, store } = openTestStore();
    const { store: other } = openTestStore(home);
    let last = store.version();
    const grows = (change: () => unknown) => {
      change();
      const now = store.version();
      expect(now).toBeGreaterThan(last);
      last = now;
    };
    grows(() => store.clients.create('Cursor'));
    grows(() => store.toolSwitches.set('read_file', false));
    grows(() => other.toolSwitches.set('read_file', true));
    grows(() => other.rules.add({ effect: 'deny', match: { kind: 'read', paths: ['**'] } }));
    store.audit.append(entry(1));
    store.audit.append(entry(2));
    expect(store.version()).toBe(last);
  });
});
