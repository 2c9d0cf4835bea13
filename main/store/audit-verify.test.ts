import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { auditHash, ROW_TEXT } from './audit-row.ts';
import { connect, type Db } from './database.ts';
import { KEY_FILE, SEARCH_FILE } from './home.ts';
import { entry, openTestStore, rawDatabase } from './testing.ts';

const FREE = [
  'audit_no_update',
  'audit_no_delete',
  'audit_no_replace',
  'audit_checkpoint_grows',
  'audit_checkpoint_stays',
  'audit_checkpoint_no_replace',
];

/** What an attacker with the file can do: everything. */
function unlocked(home: string): Db {
  const db = rawDatabase(home);
  for (const name of FREE) db.exec(`DROP TRIGGER ${name}`);
  return db;
}

function pagesHolding(db: Db, word: string): number {
  const bytes = db.serialize();
  return Array.from({ length: bytes.length / 4096 }, (_, page) =>
    bytes.subarray(page * 4096, (page + 1) * 4096),
  ).filter((page) => page.includes(word)).length;
}

/** Gives every row from one on the hash that it should have: what a careful forger does. */
function rechain(db: Db, from: number): void {
  const rows = db
    .prepare(`SELECT seq, ${ROW_TEXT} FROM audit WHERE seq >= ? ORDER BY seq`)
    .raw()
    .all(from) as [number, string][];
  let prev = String(
    db
      .prepare('SELECT lower(hex(hash)) FROM audit WHERE seq = ?')
      .pluck()
      .get(from - 1),
  );
  for (const [seq, text] of rows) {
    prev = auditHash(prev, text);
    db.prepare('UPDATE audit SET hash = unhex(?) WHERE seq = ?').run(prev, seq);
  }
}

describe('verify names the first bad row [LOG-3]', () => {
  test('an empty log and a good one are good', async () => {
    const { store } = openTestStore();
    expect(await store.audit.verify()).toEqual({
      ok: true,
      rows: 0,
      firstSeq: null,
      lastSeq: null,
      lastHash: null,
      bad: null,
    });
    const last = [1, 2, 3].map((number) => store.audit.append(entry(number))).at(-1);
    expect(await store.audit.verify()).toEqual({
      ok: true,
      rows: 3,
      firstSeq: 1,
      lastSeq: 3,
      lastHash: last?.hash,
      bad: null,
    });
  });

  test.each<[string, string, number, RegExp]>([
    ...[
      'at = at + 1',
      "type = 'undo'",
      "call_id = 'c_9'",
      'call_id = NULL',
      "actor = 'person'",
      "client_id = 'k_9'",
      'client_id = NULL',
      "tool = 'x'",
      "kinds = ''",
      "kinds = 'read,write'",
      "decision = 'ask'",
      'decision = NULL',
      "outcome = 'error'",
      'duration_us = duration_us + 1',
      'duration_us = NULL',
      "summary = summary || ' '",
      "detail = '{}'",
      'hash = zeroblob(32)',
    ].map((set): [string, string, number, RegExp] => [
      `edited: ${set}`,
      `UPDATE audit SET ${set} WHERE seq = 4`,
      4,
      /changed/,
    ]),
    ['a row removed', 'DELETE FROM audit WHERE seq = 4', 4, /missing/],
    ['several rows removed', 'DELETE FROM audit WHERE seq IN (6, 7, 8)', 6, /missing/],
    ['the first row removed', 'DELETE FROM audit WHERE seq = 1', 1, /missing/],
    [
      'a row removed and the rest moved up',
      'DELETE FROM audit WHERE seq = 4; UPDATE audit SET seq = -seq WHERE seq > 4; UPDATE audit SET seq = -seq - 1 WHERE seq < 0',
      4,
      /moved/,
    ],
    [
      'two rows swapped',
      'UPDATE audit SET seq = -4 WHERE seq = 4; UPDATE audit SET seq = 4 WHERE seq = 5; UPDATE audit SET seq = 5 WHERE seq = -4',
      4,
      /moved/,
    ],
    [
      'two rows’ contents swapped',
      'UPDATE audit SET summary = (SELECT group_concat(b.summary) FROM audit b WHERE b.seq = 11 - audit.seq) WHERE seq IN (5, 6)',
      5,
      /changed/,
    ],
    [
      'a row put in between',
      'UPDATE audit SET seq = -seq WHERE seq > 4; UPDATE audit SET seq = 1 - seq WHERE seq < 0; INSERT INTO audit SELECT 5, at, type, call_id, actor, client_id, tool, kinds, decision, outcome, duration_us, summary, detail, hash FROM audit WHERE seq = 4',
      5,
      /put in/,
    ],
    [
      'a row copied to the end',
      'INSERT INTO audit SELECT 11, at, type, call_id, actor, client_id, tool, kinds, decision, outcome, duration_us, summary, detail, hash FROM audit WHERE seq = 10',
      11,
      /put in/,
    ],
    ['rows emptied from one on', "UPDATE audit SET summary = '' WHERE seq >= 9", 9, /changed/],
    [
      'text moved to the next column',
      'UPDATE audit SET client_id = substr(actor, 3) || client_id, actor = substr(actor, 1, 2) WHERE seq = 2',
      2,
      /changed/,
    ],
    [
      'a checkpoint put in to hide a removal',
      'INSERT INTO audit_checkpoint SELECT 1, 4, 0, 4, hash, zeroblob(32) FROM audit WHERE seq = 4; DELETE FROM audit WHERE seq <= 4',
      4,
      /forged/,
    ],
  ])('%s', async (_, sql, seq, problem) => {
    const { home, store } = openTestStore();
    for (let i = 1; i <= 10; i++) store.audit.append(entry(i));
    const sqlRows = unlocked(home);
    sqlRows.pragma('ignore_check_constraints = ON');
    sqlRows.exec(sql);
    const result = await store.audit.verify();
    expect(result).toMatchObject({ ok: false, bad: { seq, problem: expect.stringMatching(problem) } });
  });

  test('a row edited and its hash made to fit: the next row does not', async () => {
    const { home, store } = openTestStore();
    for (let i = 1; i <= 10; i++) store.audit.append(entry(i));
    const db = unlocked(home);
    const text = db
      .prepare(`UPDATE audit SET summary = 'nothing' WHERE seq = 4 RETURNING ${ROW_TEXT}`)
      .pluck()
      .get() as string;
    const prev = store.audit.get(3)?.hash ?? '';
    db.prepare('UPDATE audit SET hash = unhex(?) WHERE seq = 4').run(auditHash(prev, text));
    expect((await store.audit.verify()).bad?.seq).toBe(5);
  });

  test('a tail cut off, also where all of it went', async () => {
    const { home, store } = openTestStore();
    for (let i = 1; i <= 10; i++) store.audit.append(entry(i));
    const db = unlocked(home);
    db.exec('DELETE FROM audit WHERE seq > 7');
    expect((await store.audit.verify()).bad).toMatchObject({
      seq: 8,
      problem: expect.stringContaining('8 to 10 are missing'),
    });
    db.exec('DELETE FROM audit');
    expect((await store.audit.verify()).bad?.seq).toBe(1);
  });

  test("a chain made anew from a row on, SQLite's count included, shows in lastSeq and lastHash alone", async () => {
    const { home, store } = openTestStore();
    for (let i = 1; i <= 10; i++) store.audit.append(entry(i));
    const kept = await store.audit.verify();
    const db = unlocked(home);
    db.exec("UPDATE audit SET summary = 'nothing' WHERE seq = 4");
    rechain(db, 4);
    const forged = await store.audit.verify();
    expect(forged).toMatchObject({ ok: true, lastSeq: 10 });
    expect(forged.lastHash).not.toBe(kept.lastHash);
    db.exec("DELETE FROM audit WHERE seq > 7; UPDATE sqlite_sequence SET seq = 7 WHERE name = 'audit'");
    expect(await store.audit.verify()).toMatchObject({ ok: true, lastSeq: 7 });
  });

  test('across the stretches of several threads', async () => {
    const { home, store } = openTestStore();
    store.transaction(() => {
      for (let i = 1; i <= 120_000; i++)
        store.audit.append({ type: 'undo', actor: 'person', summary: `row ${i}` });
    });
    expect(await store.audit.verify()).toMatchObject({ ok: true, rows: 120_000 });
    const db = unlocked(home);
    // The last of a stretch, the first of the next, and one far behind: the first one counts.
    const middle = 60_000;
    for (const seq of [119_000, middle + 1, middle]) {
      db.prepare("UPDATE audit SET summary = 'x' WHERE seq = ?").run(seq);
      expect((await store.audit.verify()).bad?.seq).toBe(seq);
    }
    db.prepare('DELETE FROM audit WHERE seq = ?').run(middle);
    expect((await store.audit.verify()).bad).toMatchObject({
      seq: middle,
      problem: expect.stringContaining('missing'),
    });
  }, 60_000);
});

describe('retention [LOG-5]', () => {
  /** Ten rows, one a second, of which the first six are retired. */
  async function retired() {
    let now = 0;
    const clock = { now: () => (now += 1000), monotonic: () => 0, after: () => () => {} };
    const opened = openTestStore(undefined, { clock });
    for (let i = 1; i <= 10; i++) opened.store.audit.append(entry(i));
    const result = await opened.store.audit.retire(7000);
    return { ...opened, result };
  }

  test('removes what is older, says so, and the rest verifies', async () => {
    const { store, result } = await retired();
    expect(result).toEqual({ rows: 6, upTo: 6 });
    expect(store.audit.get(6)).toBeUndefined();
    expect(store.audit.get(11)).toMatchObject({ type: 'audit.retired', detail: { upTo: 6, rows: 6 } });
    expect(await store.audit.verify()).toMatchObject({ ok: true, rows: 5, firstSeq: 7, lastSeq: 11 });
    const { rows } = await store.audit.search({ limit: 100 });
    expect(rows.map((row) => row.seq)).toEqual([11, 10, 9, 8, 7]);
    // Each row still tells the hash that it follows, the first one the checkpoint's.
    expect(rows.at(-1)?.prev).toMatch(/^[1-9a-f]/);
    expect(store.audit.get(7)).toEqual(rows.at(-1));
    expect((await store.audit.search({ text: 'file-3', limit: 10 })).rows).toEqual([]);
  });

  test('again and again, over more rows than one step', async () => {
    let now = 0;
    const { store } = openTestStore(undefined, {
      clock: { now: () => ++now, monotonic: () => 0, after: () => () => {} },
    });
    store.transaction(() => {
      for (let i = 1; i <= 3000; i++) store.audit.append(entry(i));
    });
    expect(await store.audit.retire(1201)).toEqual({ rows: 1200, upTo: 1200 });
    expect(await store.audit.retire(1201)).toEqual({ rows: 0, upTo: null });
    expect(await store.audit.retire(2901)).toMatchObject({ upTo: 2900 });
    expect(await store.audit.verify()).toMatchObject({ ok: true, firstSeq: 2901 });
    expect(store.audit.append(entry(1)).seq).toBe(3003);
  });

  test('while the log is being shortened it verifies all the same', async () => {
    let now = 0;
    const clock = { now: () => ++now, monotonic: () => 0, after: () => () => {} };
    const { store } = openTestStore(undefined, { clock });
    store.transaction(() => {
      for (let i = 1; i <= 60_000; i++)
        store.audit.append({ type: 'undo', actor: 'person', summary: `row ${i}` });
    });
    let going = true;
    const retiring = store.audit.retire(59_000).finally(() => {
      going = false;
    });
    // Retention takes a turn of the event loop for each step, so these begin at different ones of its 118.
    const verifying: ReturnType<typeof store.audit.verify>[] = [];
    for (let turn = 1; going; turn++) {
      await new Promise((resolve) => setImmediate(resolve));
      if (turn % 30 === 0) verifying.push(store.audit.verify());
    }
    await retiring;
    const results = await Promise.all(verifying);
    for (const result of results) expect(result).toMatchObject({ ok: true, bad: null });
    const firsts = results.map((result) => result.firstSeq);
    // It was really in between, at least once.
    expect(firsts.some((first) => first !== null && first > 1 && first < 59_000)).toBe(true);
    expect(await store.audit.verify()).toMatchObject({ ok: true, firstSeq: 59_000, rows: 1002 });
  }, 60_000);

  test('a young row keeps everything after it, whatever the clock said later', async () => {
    const times = [10, 50, 20, 30];
    const { store } = openTestStore(undefined, {
      clock: { now: () => times.shift() ?? 99, monotonic: () => 0, after: () => () => {} },
    });
    for (let i = 1; i <= 4; i++) store.audit.append(entry(i));
    expect(await store.audit.retire(40)).toEqual({ rows: 1, upTo: 1 });
  });

  test('all rows may go but the one that says so', async () => {
    const { store } = openTestStore();
    store.audit.append(entry(1));
    expect(await store.audit.retire(Number.MAX_SAFE_INTEGER)).toEqual({ rows: 1, upTo: 1 });
    expect(await store.audit.verify()).toMatchObject({ ok: true, rows: 1, firstSeq: 2 });
  });

  test('the words of removed rows do not stay in the files', async () => {
    const clock = { now: () => 5, monotonic: () => 0, after: () => () => {} };
    const { home, store, db } = openTestStore(undefined, { clock });
    for (let i = 0; i < 300; i++) store.audit.append(entry(i, { summary: `sesame ${i}` }));
    await store.audit.search({ text: 'sesame', limit: 1 });
    await store.audit.retire(6);
    db.pragma('wal_checkpoint(TRUNCATE)');
    // In one page, which the remaining row shares, SQLite leaves what it moved aside until other rows come there.
    expect(pagesHolding(db, 'sesame')).toBeLessThanOrEqual(1);
    const index = connect(join(home, SEARCH_FILE), 'write');
    index.pragma('wal_checkpoint(TRUNCATE)');
    expect(pagesHolding(index, 'esame')).toBe(0);
    index.close();
  });

  test.each<[string, string]>([
    ['its end moved', 'UPDATE audit_checkpoint SET up_to = up_to + 1; DELETE FROM audit WHERE seq = 7'],
    [
      'its end moved with the hash',
      'UPDATE audit_checkpoint SET up_to = 7, hash = (SELECT hash FROM audit WHERE seq = 7); DELETE FROM audit WHERE seq = 7',
    ],
    ['its count', 'UPDATE audit_checkpoint SET rows = 5'],
    ['its time', 'UPDATE audit_checkpoint SET at = at + 1'],
    ['its hash', 'UPDATE audit_checkpoint SET hash = zeroblob(32)'],
    ['its MAC', 'UPDATE audit_checkpoint SET mac = zeroblob(32)'],
    ['a MAC of another length', "UPDATE audit_checkpoint SET mac = x'00'"],
  ])('a forged checkpoint is found, and retention goes no further over it: %s', async (_, sql) => {
    const { home, store } = await retired();
    unlocked(home).exec(sql);
    expect(await store.audit.verify()).toMatchObject({
      ok: false,
      bad: { problem: expect.stringContaining('forged') },
    });
    const before = store.audit.get(8);
    await expect(store.audit.retire(9000)).rejects.toMatchObject({ code: 'conflict' });
    expect(store.audit.get(8)).toEqual(before);
  });

  test.each<[string, (home: string, db: Db) => void, number]>([
    ['the checkpoint removed', (_, db) => db.exec('DELETE FROM audit_checkpoint'), 1],
    [
      'a retired row put back',
      (_, db) =>
        db.exec(
          'INSERT INTO audit SELECT 3, at, type, call_id, actor, client_id, tool, kinds, decision, outcome, duration_us, summary, detail, hash FROM audit WHERE seq = 8',
        ),
      3,
    ],
    ['the key replaced', (home) => writeFileSync(join(home, KEY_FILE), Buffer.alloc(32)), 6],
    ['the key lost', (home) => rmSync(join(home, KEY_FILE)), 6],
  ])('%s', async (_, tamper, seq) => {
    const { home, store } = await retired();
    tamper(home, unlocked(home));
    expect(await store.audit.verify()).toMatchObject({ ok: false, bad: { seq } });
  });

  test('rows that do not verify stay: removing them would remove the evidence', async () => {
    const { home, store } = openTestStore(undefined, {
      clock: { now: () => 5, monotonic: () => 0, after: () => () => {} },
    });
    for (let i = 1; i <= 10; i++) store.audit.append(entry(i));
    rawDatabase(home).exec("DROP TRIGGER audit_no_update; UPDATE audit SET summary = 'x' WHERE seq = 4");
    await expect(store.audit.retire(6)).rejects.toMatchObject({
      code: 'conflict',
      message: expect.stringContaining('Row 4'),
    });
    expect(store.audit.get(1)).toBeDefined();
    expect(await store.audit.verify()).toMatchObject({ bad: { seq: 4 } });
  });
});
