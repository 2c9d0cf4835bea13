import { createHash, randomBytes } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { openSettings } from '../config/settings.ts';
import { BlobStore } from '../core/blobs.ts';
import { FakeClock, silentLog } from '../core/testing.ts';
import { lockHome } from '../store/lock.ts';
import { MIGRATIONS } from '../store/migrations.ts';
import { openStore } from '../store/open.ts';
import { entry, openTestStore, rawDatabase, tempHome } from '../store/testing.ts';
import { makeBackup } from './make.ts';
import { backupName, listBackups, tidy } from './names.ts';
import { restoreBackup } from './restore.ts';
import { inDraft, runExamine } from './work.ts';

const PASSPHRASE = 'correct horse battery';
const OLD_FILE = Buffer.from('what a file was before a call changed it');

/** A home with something of everything in it. */
async function home() {
  const opened = openTestStore();
  const { store } = opened;
  for (let i = 1; i <= 20; i++) store.audit.append(entry(i));
  const { client, token } = store.clients.create('Claude Code');
  openSettings({ home: opened.home, log: silentLog }).update({ limits: { callSeconds: 77 } });
  const blob = await new BlobStore(join(opened.home, 'journal'), randomBytes).put(OLD_FILE);
  const deps = {
    home: opened.home,
    audit: store.audit,
    clock: opened.clock,
    random: randomBytes,
    workFactor: 10,
  };
  return { ...opened, client, token, blob, deps };
}

const check = (of: string, file: string, passphrase?: string) =>
  inDraft(join(of, 'backups'), (staging) =>
    runExamine({ file, staging, ...(passphrase === undefined ? {} : { passphrase }) }),
  );

const restoring = (to: string, file: string, passphrase?: string) =>
  restoreBackup({
    home: to,
    file,
    clock: new FakeClock(),
    log: silentLog,
    ...(passphrase === undefined ? {} : { passphrase }),
  });

/** Every file below a folder with what is in it. */
function contents(folder: string): Record<string, string> {
  return Object.fromEntries(
    readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((one) => one.isFile() && !/-(?:wal|shm)$|host\.lock$/.test(one.name))
      .map((one) => {
        const path = join(one.parentPath, one.name);
        return [path.slice(folder.length), createHash('sha256').update(readFileSync(path)).digest('hex')];
      }),
  );
}

describe('a backup holds everything and comes back [BAK-1]', () => {
  test('made while rows are written, restored elsewhere: the log verifies, policy, settings and kept files are there', async () => {
    const { store, deps, blob, home: from } = await home();
    let writing = true;
    let written = 0;
    const writer = (async () => {
      while (writing) {
        store.audit.append(entry(1000 + written++));
        await new Promise((resolve) => setImmediate(resolve));
      }
    })();
    const made = await makeBackup(deps, { passphrase: PASSPHRASE });
    writing = false;
    await writer;
    expect(written).toBeGreaterThan(10);
    const file = join(from, 'backups', made.name);
    if (process.platform !== 'win32') {
      expect(statSync(file).mode & 0o777).toBe(0o600);
      expect(statSync(join(from, 'backups')).mode & 0o777).toBe(0o700);
    }
    expect(readFileSync(file).includes('Claude Code')).toBe(false);
    expect(readdirSync(join(from, 'backups'))).toEqual([made.name]);
    expect(store.audit.get((await store.audit.verify()).lastSeq ?? 0)).toMatchObject({
      type: 'backup.created',
    });

    const to = tempHome();
    const restored = await restoring(to, file, PASSPHRASE);
    expect(restored.auditRows).toBeGreaterThanOrEqual(20);
    const again = openStore({ home: to, clock: new FakeClock(), log: silentLog });
    try {
      const verified = await again.audit.verify();
      expect(verified).toMatchObject({ ok: true, rows: restored.auditRows + 2 });
      // Below the row of the client, which is not known here.
      expect(again.audit.get((verified.lastSeq ?? 0) - 1)).toMatchObject({
        type: 'backup.restored',
        actor: 'person',
      });
      expect(again.clients.list().map(({ name }) => name)).toEqual(['Claude Code']);
    } finally {
      again.close();
    }
    expect(openSettings({ home: to, log: silentLog }).current.limits.callSeconds).toBe(77);
    expect(await new BlobStore(join(to, 'journal'), randomBytes).read(blob)).toEqual(OLD_FILE);
  });

  test('over a home: that one is kept aside whole, its backups stay, who was revoked since stays revoked [BAK-4]', async () => {
    const { store, deps, client, home: at } = await home();
    const made = await makeBackup(deps, { passphrase: undefined });
    expect(made).toMatchObject({ encrypted: false });
    store.clients.revoke(client.id);
    store.audit.append(entry(99, { summary: 'after the backup' }));
    store.close();
    const { aside, revoked } = await restoring(at, join(at, 'backups', made.name));
    expect(revoked).toEqual(['Claude Code']);
    expect((await listBackups(join(at, 'backups'))).map(({ name }) => name)).toEqual([made.name]);
    const now = openTestStore(at).store;
    expect(now.clients.list()[0]?.revokedAt).toBeDefined();
    expect(
      (await now.audit.search({ text: 'after', limit: 10 })).rows.filter(
        (row) => row.type === 'call.finished',
      ),
    ).toEqual([]);
    expect(await now.audit.verify()).toMatchObject({ ok: true });
    const old = openTestStore(aside).store;
    const verified = await old.audit.verify();
    expect(verified.ok).toBe(true);
    expect(old.audit.get(verified.lastSeq ?? 0)).toMatchObject({ type: 'backup.restored' });
  });

  test('after one that was killed when it had moved the home away: no empty home is begun, and it can be done again', async () => {
    const { store, deps, home: at } = await home();
    const made = await makeBackup(deps, { passphrase: undefined });
    store.close();
    const aside = `${at}.before-restore-1970-01-01-abcd`;
    renameSync(at, aside);
    expect(() => openStore({ home: at, clock: new FakeClock(), log: silentLog })).toThrow(aside);
    expect(() => lockHome(at)).toThrow('was cut off');
    expect(existsSync(at)).toBe(false);
    await restoring(at, join(aside, 'backups', made.name));
    expect(await openTestStore(at).store.audit.verify()).toMatchObject({ ok: true });
  });

  const UNKNOWN: readonly [string, (at: string) => void][] = [
    ['is destroyed', (at) => writeFileSync(join(at, 'fastband.db'), 'not a database at all')],
    ['is emptied', (at) => writeFileSync(join(at, 'fastband.db'), '')],
    ['is gone', (at) => rmSync(join(at, 'fastband.db'))],
    ['is gone with its whole home', (at) => renameSync(at, `${at}-elsewhere`)],
    [
      'has a client that cannot be read',
      (at) => {
        const db = rawDatabase(at);
        db.pragma('ignore_check_constraints = ON');
        db.exec("UPDATE clients SET tools_off = 'x'");
      },
    ],
    ['no longer has the client', (at) => rawDatabase(at).exec('DELETE FROM clients')],
    [
      'is another one, newly begun',
      (at) => {
        renameSync(at, `${at}-elsewhere`);
        openTestStore(at).store.close();
      },
    ],
  ];
  test.each(UNKNOWN)(
    'over a home whose database %s: a token revoked since stays shut out [BAK-4]',
    async (_, spoil) => {
      const { store, deps, token, client, home: at } = await home();
      const made = await makeBackup(deps, { passphrase: undefined });
      const file = join(at, '..', made.name);
      renameSync(join(at, 'backups', made.name), file);
      store.clients.revoke(client.id);
      store.close();
      spoil(at);
      expect(await restoring(at, file)).toMatchObject({ revoked: [], unsure: ['Claude Code'] });
      const now = openTestStore(at).store;
      expect(now.clients.byToken(token)).toBeUndefined();
      expect(await now.audit.verify()).toMatchObject({ ok: true });
    },
  );

  test('a client that the present database knows as active comes back, and an unknown one on a person’s word [BAK-4]', async () => {
    const { store, deps, token, home: at } = await home();
    const made = await makeBackup(deps, { passphrase: undefined });
    const file = join(at, 'backups', made.name);
    store.close();
    const job = { file, clock: new FakeClock(), log: silentLog };
    const to = tempHome();
    expect(await restoreBackup({ ...job, home: to, keepClients: true })).toMatchObject({ unsure: [] });
    expect(openTestStore(to).store.clients.byToken(token)).toBeDefined();
    expect(await restoring(at, file)).toMatchObject({ revoked: [], unsure: [] });
    expect(openTestStore(at).store.clients.byToken(token)).toBeDefined();
  });

  test('that word lets nobody in who is known to be revoked [BAK-4]', async () => {
    const { store, deps, token, client, home: at } = await home();
    const made = await makeBackup(deps, { passphrase: undefined });
    store.clients.revoke(client.id);
    store.close();
    const file = join(at, 'backups', made.name);
    const job = { home: at, file, keepClients: true, clock: new FakeClock(), log: silentLog };
    expect(await restoreBackup(job)).toMatchObject({ revoked: ['Claude Code'], unsure: [] });
    expect(openTestStore(at).store.clients.byToken(token)).toBeUndefined();
  });
});

describe('what is refused changes nothing [BAK-3]', () => {
  const CASES: readonly [string, (bytes: Buffer) => Buffer, RegExp][] = [
    ['cut off in the middle', (b) => b.subarray(0, b.length >> 1), /damaged or was cut off|ends too early/],
    ['cut off by one byte', (b) => b.subarray(0, -1), /damaged or was cut off|ends too early|is damaged/],
    ['one bit turned in the middle', (b) => flip(b, b.length >> 1), /damaged/],
    ['one bit turned at the end', (b) => flip(b, b.length - 1), /damaged/],
    ['something added at the end', (b) => Buffer.concat([b, Buffer.from('x')]), /damaged|more in it/],
    ['empty', () => Buffer.alloc(0), /ends too early/],
  ];
  for (const kind of ['encrypted', 'plain'] as const) {
    test.each(CASES)(`${kind}: %s`, async (_, change, problem) => {
      const { store, deps, home: at } = await home();
      const passphrase = kind === 'encrypted' ? PASSPHRASE : undefined;
      const made = await makeBackup(deps, { passphrase });
      const file = join(at, 'backups', made.name);
      writeFileSync(file, change(readFileSync(file)));
      store.close();
      const before = contents(at);
      await expect(restoring(at, file, passphrase)).rejects.toMatchObject({
        code: 'backup_invalid',
        message: expect.stringMatching(problem),
      });
      expect(contents(at)).toEqual(before);
      // Nothing is left beside it either.
      expect(readdirSync(join(at, '..'))).toEqual(['home']);
    });
  }

  test('a wrong passphrase, and none', async () => {
    const { deps, home: at } = await home();
    const made = await makeBackup(deps, { passphrase: PASSPHRASE });
    const file = join(at, 'backups', made.name);
    await expect(check(at, file, 'wrong horse battery')).rejects.toMatchObject({
      code: 'backup_invalid',
      message: expect.stringContaining('passphrase is wrong'),
    });
    await expect(check(at, file)).rejects.toMatchObject({ code: 'key_missing' });
  });

  test('over a home that a host runs with [BAK-4]', async () => {
    const { deps, home: at } = await home();
    const made = await makeBackup(deps, { passphrase: undefined });
    const unlock = lockHome(at);
    try {
      await expect(restoring(at, join(at, 'backups', made.name))).rejects.toMatchObject({
        code: 'home_in_use',
      });
    } finally {
      unlock();
    }
    expect(readdirSync(join(at, '..'))).toEqual(['home']);
  });

  test.each<[string, (at: string) => void, string, RegExp]>([
    [
      'a newer database',
      (at) => rawDatabase(at).pragma(`user_version = ${MIGRATIONS.length + 1}`),
      'conflict',
      /newer/,
    ],
    [
      'an audit row edited',
      (at) =>
        rawDatabase(at).exec("DROP TRIGGER audit_no_update; UPDATE audit SET summary = 'x' WHERE seq = 4"),
      'backup_invalid',
      /did not make/,
    ],
    [
      'an audit row edited, its trigger put back',
      (at) => {
        const db = rawDatabase(at);
        const sql = String(
          db.prepare("SELECT sql FROM sqlite_schema WHERE name = 'audit_no_update'").pluck().get(),
        );
        db.exec(`DROP TRIGGER audit_no_update; UPDATE audit SET summary = 'x' WHERE seq = 4; ${sql}`);
      },
      'backup_invalid',
      /does not verify/,
    ],
    [
      'a trigger that adds rules by itself',
      (at) =>
        rawDatabase(at).exec(
          "CREATE TRIGGER evil AFTER INSERT ON clients BEGIN INSERT INTO rules VALUES ('x', 1, '{}'); END",
        ),
      'backup_invalid',
      /did not make/,
    ],
    [
      'a grant of a client that is not there',
      (at) => {
        const db = rawDatabase(at);
        db.pragma('foreign_keys = OFF');
        db.exec("INSERT INTO grants VALUES ('g', 'nobody', 1, NULL, '{}')");
      },
      'backup_invalid',
      /refer to others/,
    ],
    [
      'settings of no kind',
      (at) => writeFileSync(join(at, 'settings.json'), '{"x":1}'),
      'backup_invalid',
      /settings/,
    ],
  ])('from a home with %s', async (_, tamper, code, problem) => {
    const { deps, home: at } = await home();
    tamper(at);
    // The row that says so may no longer be written there; the file is what counts.
    const made = await makeBackup(
      { ...deps, audit: { append: () => ({}) as never } },
      { passphrase: undefined },
    );
    await expect(check(at, join(at, 'backups', made.name))).rejects.toMatchObject({
      code,
      message: expect.stringMatching(problem),
    });
  });

  const HASH = createHash('sha256').update('x').digest('hex');
  const one = (name: string, more: object = {}) => ({ name, bytes: 1, sha256: HASH, ...more });
  test.each<[string, string, string]>([
    ['a path up', list([one('fastband.db'), one('../evil')]), 'backup_invalid'],
    ['an absolute path', list([one('fastband.db'), one('/tmp/evil')]), 'backup_invalid'],
    ['a path up in a blob', list([one('fastband.db'), one(`journal/../${HASH}`)]), 'backup_invalid'],
    [
      'a file that Fastband would run or read',
      list([one('fastband.db'), one('host.json')]),
      'backup_invalid',
    ],
    [
      'a blob under another name',
      list([one('fastband.db'), one(`journal/${'0'.repeat(64)}`)]),
      'backup_invalid',
    ],
    ['a file twice', list([one('fastband.db'), one('fastband.db')]), 'backup_invalid'],
    ['no database', list([one('settings.json')]), 'backup_invalid'],
    ['a size below nothing', list([one('fastband.db', { bytes: -1 })]), 'backup_invalid'],
    ['more than is there', list([one('fastband.db', { bytes: 2 ** 50 })]), 'backup_invalid'],
    ['no list', 'fastband-backup 1\nxx\n', 'backup_invalid'],
    ['a line without end', 'fastband-backup 1', 'backup_invalid'],
    ['another program’s file', `PK\u0003\u0004${'x'.repeat(1000)}\n`, 'backup_invalid'],
    ['a format of the future', 'fastband-backup 2\n{}\n', 'conflict'],
  ])('a hostile archive: %s', async (_, archive, code) => {
    const at = tempHome();
    mkdirSync(at, { recursive: true });
    const file = join(at, '..', 'archive');
    writeFileSync(file, `${archive}xxx`);
    await expect(restoring(join(at, '..', 'target'), file)).rejects.toMatchObject({ code });
    expect(readdirSync(join(at, '..')).sort()).toEqual(['archive', 'home']);
  });
});

describe('retention', () => {
  test('removes the oldest of the schedule’s own, and nothing else', async () => {
    const folder = tempHome();
    mkdirSync(folder, { recursive: true });
    const auto = [1, 2, 3, 4].map((day) =>
      backupName(Date.UTC(2026, 1, day), () => Buffer.from('abc'), { encrypted: true, scheduled: true }),
    );
    const mine = backupName(Date.UTC(2026, 0, 1), () => Buffer.from('abc'), {
      encrypted: true,
      scheduled: false,
    });
    for (const name of [...auto, mine, 'notes.txt', 'fastband-auto-mine.backup'])
      writeFileSync(join(folder, name), '');
    expect(await tidy(folder, 2, Date.now())).toEqual([auto[1], auto[0]]);
    expect(readdirSync(folder).sort()).toEqual(
      [auto[2], auto[3], mine, 'notes.txt', 'fastband-auto-mine.backup'].sort(),
    );
    expect((await listBackups(folder)).map(({ name }) => name)).toEqual([auto[3], auto[2], mine]);
  });
});

function list(files: readonly object[]): string {
  const manifest = { createdAt: 1, version: '0.1.0', schema: MIGRATIONS.length, files };
  return `fastband-backup 1\n${JSON.stringify(manifest)}\n`;
}

function flip(bytes: Buffer, at: number): Buffer {
  const copy = Buffer.from(bytes);
  copy[at] = (copy[at] ?? 0) ^ 1;
  return copy;
}
