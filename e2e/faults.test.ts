import { execFileSync, spawnSync } from 'node:child_process';
import {
  appendFileSync,
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
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { basename, join } from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FaultStage } from './fault-stage.ts';
import { contentFor } from './ledger.ts';
import { decisions } from './permissions.ts';

// The faults of this machine. Those of what Fastband works with are in faults-around.test.ts, a kill at any moment in
// torture.test.ts, a clock that is set back in main/clock-back.test.ts and main/headless/panel-session.test.ts.

let stage: FaultStage;
let undo: (() => void)[];

beforeEach(() => {
  stage = new FaultStage();
  undo = [];
});
afterEach(async () => {
  for (const one of undo.toReversed()) one();
  await stage.close();
});

const isRoot = process.getuid?.() === 0;
const canMount = isRoot && spawnSync('unshare', ['--mount', 'true']).status === 0;

/** A disk of its own, which ext4 can be told to have found broken. */
const canBreak = canMount && spawnSync('which', ['mkfs.ext4', 'e2fsck', 'losetup']).status === 0;

function mount(...args: string[]): void {
  execFileSync('mount', args);
  undo.push(() => void spawnSync('umount', ['--lazy', stage.box.home]));
}

describe('the disk', () => {
  it.skipIf(!canMount)(
    'is full: calls are refused, nothing is done unrecorded, and it goes on by itself (mounts a small disk: as root) [FLT-2 LOG-1]',
    async () => {
      const { home, workspace } = stage.box;
      mkdirSync(home);
      mount('-t', 'tmpfs', '-o', 'size=8m,mode=0700', 'tmpfs', home);
      await stage.begin();
      const filler = join(home, 'filler');
      const fill = () => {
        for (const size of [65_536, 4096, 512])
          for (;;) {
            try {
              appendFileSync(filler, Buffer.alloc(size));
            } catch (error) {
              expect(error).toMatchObject({ code: 'ENOSPC' });
              break;
            }
          }
      };
      let code: unknown;
      for (let i = 0; code === undefined && i < 500; i++) {
        fill();
        const read = await stage.call('read_file', { path: 'base.txt' });
        if (read.isError === true) code = read._meta?.['fastband/code'];
        else stage.ledger.calls.add(String(read._meta?.['fastband/callId']));
      }
      expect(code).toBe('audit_unavailable');
      const write = await stage.call('write_file', { path: 'free/full.txt', content: 'x' });
      expect(write).toMatchObject({ isError: true, _meta: { 'fastband/code': 'audit_unavailable' } });
      expect(existsSync(join(workspace, 'free', 'full.txt'))).toBe(false);
      await expect(
        stage.host.api('rules.add', { effect: 'allow', match: { kind: 'write', paths: ['**'] } }),
      ).rejects.toMatchObject({ code: 'audit_unavailable' });
      await expect(stage.host.api('clients.create', { name: 'Two' })).rejects.toMatchObject({
        code: 'audit_unavailable',
      });
      const { audit, problems } = await stage.host.api('server.status');
      expect([audit, problems.join()]).toEqual(['failing', expect.stringMatching(/Free disk space/)]);
      await expect(stage.host.api('settings.update', { limits: { callSeconds: 9 } })).rejects.toThrow(
        /Free disk space|free space/,
      );
      expect((await stage.host.api('settings.get')).limits.callSeconds).toBe(600);

      // One that starts now starts refusing, or says what to do.
      await stage.host.stop('SIGTERM');
      fill();
      try {
        await stage.again();
        const refused = await stage.call('write_file', { path: 'free/full.txt', content: 'x' });
        expect(refused._meta).toMatchObject({ 'fastband/code': 'audit_unavailable' });
      } catch (error) {
        expect(String(error)).toMatch(/free disk space/i);
        rmSync(filler);
        await stage.again();
      }
      rmSync(filler, { force: true });
      await expect.poll(async () => (await stage.host.api('server.status')).audit).toBe('ok');
      await stage.work();
      await stage.afterwards();
    },
  );

  it.skipIf(!canBreak)(
    'breaks and turns read-only under a running host: nothing is done unrecorded, and it serves again once it is mended (mounts a disk: as root) [FLT-2 LOG-1]',
    async ({ skip }) => {
      const { home, workspace, folder } = stage.box;
      const image = join(folder, 'disk.img');
      mkdirSync(home);
      execFileSync('truncate', ['--size', '32M', image]);
      execFileSync('mkfs.ext4', ['-q', image]);
      const attach = () => mount('-o', 'loop,errors=remount-ro', image, home);
      attach();
      const [device = ''] = execFileSync('findmnt', ['-no', 'SOURCE', home], { encoding: 'utf8' }).split(
        '\n',
      );
      const trigger = `/sys/fs/ext4/${basename(device)}/trigger_fs_error`;
      if (!existsSync(trigger)) return skip('ext4 takes no errors here');
      chmodSync(home, 0o700);
      await stage.begin();
      // What the disk has not taken yet goes with it, as after a power cut.
      execFileSync('sync', ['--file-system', home]);
      writeFileSync(trigger, 'broken');
      for (const [name, input] of [
        ['read_file', { path: 'base.txt' }],
        ['write_file', { path: 'free/broken.txt', content: 'x' }],
        ['run_command', { command: ['true'] }],
      ] as const)
        expect((await stage.call(name, input))._meta).toMatchObject({
          'fastband/code': 'audit_unavailable',
        });
      expect(existsSync(join(workspace, 'free', 'broken.txt'))).toBe(false);
      await expect(
        stage.host.api('rules.add', { effect: 'allow', match: { kind: 'write', paths: ['**'] } }),
      ).rejects.toMatchObject({ code: 'audit_unavailable' });
      expect((await stage.host.api('server.status')).audit).toBe('failing');

      await stage.host.stop('SIGTERM');
      execFileSync('umount', [home]);
      // It says 1: errors were found, and mended.
      expect(spawnSync('e2fsck', ['-fy', image]).status).toBe(1);
      attach();
      await stage.again();
      await stage.work();
      await stage.afterwards();
    },
  );

  it.skipIf(isRoot && !canMount)(
    'is read-only: the host does not start and says what to do [FLT-2]',
    async () => {
      const { home } = stage.box;
      await stage.begin();
      await stage.host.stop('SIGTERM');
      if (isRoot) {
        mount('--bind', home, home);
        execFileSync('mount', ['-o', 'remount,bind,ro', home]);
      } else {
        for (const name of readdirSync(home)) chmodSync(join(home, name), 0o400);
        chmodSync(home, 0o500);
      }
      const { code, stderr } = await stage.refusedStart();
      expect([code, stderr]).toEqual([1, expect.stringMatching(/permissions/)]);
      if (isRoot) execFileSync('umount', [home]);
      else {
        chmodSync(home, 0o700);
        for (const name of readdirSync(home)) chmodSync(join(home, name), 0o600);
      }
      await stage.afterwards();
    },
  );
});

/** The database of a host that is stopped, with everything in the one file. */
function settle(file: string): void {
  const db = new Database(file);
  db.pragma('journal_mode = DELETE');
  db.pragma('journal_mode = WAL');
  db.close();
}

function overwrite(file: string, from: number, to: number): void {
  const bytes = readFileSync(file);
  bytes.fill(0x5a, Math.max(0, from), to);
  writeFileSync(file, bytes);
}

const GONE = /is gone or empty.*fastband backup restore/;
const DAMAGED = /is damaged.*fastband backup restore/;
const SETTINGS = /settings file .* cannot be used.*Mend it/;

describe('a home that was damaged while no host ran: the start is refused with what to do, and nothing is replaced', () => {
  it.each([
    ['the database is gone', 'fastband.db', rmSync, GONE],
    ['the database is empty', 'fastband.db', (file: string) => truncateSync(file, 0), GONE],
    [
      'the database is cut in the middle',
      'fastband.db',
      (file: string) => truncateSync(file, Math.floor(statSync(file).size / 2)),
      DAMAGED,
    ],
    [
      'the database lost its last page',
      'fastband.db',
      (file: string) => truncateSync(file, statSync(file).size - 4096),
      DAMAGED,
    ],
    [
      'the database is its first page alone',
      'fastband.db',
      (file: string) => truncateSync(file, 4096),
      DAMAGED,
    ],
    [
      'the database has another file’s beginning',
      'fastband.db',
      (file: string) => overwrite(file, 0, 100),
      DAMAGED,
    ],
    ['the settings are empty', 'settings.json', (file: string) => truncateSync(file, 0), SETTINGS],
    ['the settings are cut', 'settings.json', (file: string) => truncateSync(file, 20), SETTINGS],
    [
      'the settings say what there is not',
      'settings.json',
      (file: string) => writeFileSync(file, '{"limits":{"none":1}}'),
      SETTINGS,
    ],
    [
      'the lock is another file',
      'host.lock',
      (file: string) => writeFileSync(file, 'x'.repeat(500)),
      /lock file .* cannot be used.*Remove it/,
    ],
  ] as const)('%s [FLT-3 POL-7]', async (_name, name, damage, words) => {
    await stage.begin();
    await stage.host.stop('SIGTERM');
    settle(join(stage.box.home, 'fastband.db'));
    const putBack = await stage.stopAndCopy();
    const file = join(stage.box.home, name);
    damage(file);
    const left = existsSync(file) ? readFileSync(file) : undefined;
    const { code, stdout, stderr } = await stage.refusedStart();
    expect([code, stdout, stderr]).toEqual([1, '', expect.stringMatching(words)]);
    const doctor = await stage.box.run(['doctor']);
    if (name === 'fastband.db')
      expect([doctor.code, doctor.stdout]).toEqual([1, expect.stringMatching(/backup/)]);
    expect(existsSync(file) ? readFileSync(file) : undefined).toEqual(left);
    putBack();
    await stage.afterwards();
  });
});

describe('a home of which a part was damaged: that part is closed and said to be', () => {
  /** Changes rows behind the host's back, as damage would. */
  const change = (sql: string) => {
    const db = new Database(join(stage.box.home, 'fastband.db'));
    db.exec(sql);
    db.close();
  };

  it.each(['rules', 'grants'])(
    'a row of %s: everything is denied, and it is said [FLT-3 POL-7]',
    async (table) => {
      await stage.begin();
      const path = 'asked/more.txt';
      const call = stage.call('write_file', { path, content: contentFor(path, 1) });
      await stage.host.allow({ scope: 'always' });
      expect((await call).isError).toBeFalsy();
      const putBack = await stage.stopAndCopy();
      change(`UPDATE ${table} SET body = substr(body, 1, 9) WHERE rowid = (SELECT min(rowid) FROM ${table})`);
      await stage.again();
      expect(new Set((await decisions(stage.host)).values())).toEqual(new Set(['deny']));
      for (const [tool, input] of [
        ['read_file', { path: 'base.txt' }],
        ['write_file', { path: 'free/a.txt', content: 'x' }],
      ] as const)
        expect((await stage.call(tool, input)).isError).toBe(true);
      expect((await stage.host.api('server.status')).problems.join()).toMatch(/policy cannot be read/);
      await stage.host.kill();
      putBack();
      await stage.afterwards();
    },
  );

  it('the undo journal: what cannot be put back is not, and calls go on [FLT-3 FS-6]', async () => {
    await stage.begin();
    const path = 'free/0.txt';
    const content = contentFor(path, 7);
    const written = await stage.call('write_file', { path, content });
    expect(written.isError).toBeFalsy();
    const putBack = await stage.stopAndCopy();
    change('UPDATE journal SET body = \'{"absolute"\'');
    const blobs = join(stage.box.home, 'journal');
    for (const name of existsSync(blobs) ? readdirSync(blobs, { recursive: true, encoding: 'utf8' }) : [])
      if (statSync(join(blobs, name)).isFile()) truncateSync(join(blobs, name), 3);
    await stage.again();
    const callId = String(written._meta?.['fastband/callId']);
    await expect(stage.host.api('journal.undo', { callId })).rejects.toMatchObject({
      code: expect.stringMatching(/^(?:conflict|not_found)$/),
    });
    expect(readFileSync(join(stage.box.workspace, path), 'utf8')).toBe(content);
    expect((await stage.call('read_file', { path: 'base.txt' })).isError).toBeFalsy();
    await stage.host.stop('SIGTERM');
    putBack();
    await stage.again();
    await stage.host.api('journal.undo', { callId });
    await stage.afterwards();
  });

  it('the index of the log is made anew [FLT-3]', async () => {
    await stage.begin();
    await stage.host.api('audit.search', { text: 'base', limit: 1 });
    await stage.host.stop('SIGTERM');
    overwrite(join(stage.box.home, 'audit-search.db'), 0, 4096);
    await stage.again();
    const { rows } = await stage.host.api('audit.search', { text: 'base', limit: 1 });
    expect(rows).toHaveLength(1);
    await stage.afterwards();
  });

  it('the settings, while it runs: the last good ones stay in force [FLT-3 POL-7]', async () => {
    await stage.begin();
    await stage.host.api('settings.update', { limits: { callSeconds: 7 } });
    const file = join(stage.box.home, 'settings.json');
    const good = readFileSync(file);
    truncateSync(file, 5);
    await expect
      .poll(async () => (await stage.host.api('server.status')).problems.join(), { timeout: 10_000 })
      .toMatch(/last good settings stay in force/);
    expect((await stage.host.api('settings.get')).limits.callSeconds).toBe(7);
    await stage.work();
    writeFileSync(file, good);
    await expect
      .poll(async () => (await stage.host.api('server.status')).problems, { timeout: 10_000 })
      .toEqual([]);
    await stage.afterwards();
  });
});

describe('what is in use already', () => {
  it('the home: a second host is refused, and the first one serves on [FLT-5]', async () => {
    await stage.begin();
    const { code, stdout, stderr } = await stage.refusedStart();
    expect([code, stdout, stderr]).toEqual([
      1,
      '',
      expect.stringMatching(/home_in_use.*Another Fastband runs with .*Stop it, or use another --home/),
    ]);
    await stage.work();
    await stage.afterwards();
  });

  it.each([
    ['clients', '--port'],
    ['the panel', '--panel-port'],
  ])(
    'the port for %s: the start is refused, names it, and leaves nothing behind [FLT-5]',
    async (_whose, option) => {
      await stage.begin();
      await stage.host.stop('SIGTERM');
      const other = createServer();
      await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
      undo.push(() => void other.close());
      const port = String((other.address() as AddressInfo).port);
      const free = option === '--port' ? '--panel-port' : '--port';
      const { code, stdout, stderr } = await stage.refusedStart([option, port, free, '0']);
      expect([code, stdout, stderr]).toEqual([1, '', expect.stringMatching(`port_in_use.*${port}`)]);
      expect(existsSync(join(stage.box.home, 'host.json'))).toBe(false);
      await stage.afterwards();
    },
  );
});
