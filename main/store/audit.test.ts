import { describe, expect, test } from 'vitest';
import { AuditRow } from '../../contract/audit.ts';
import { EFFECT_KINDS, type EffectKind } from '../../contract/effects.ts';
import { kindsOf, kindsText } from './audit-row.ts';
import { type Db, openDatabase } from './database.ts';
import { entry, openTestStore, rawDatabase, tempHome } from './testing.ts';

describe('append', () => {
  test('numbers and chains rows, and reads them back as it told them', () => {
    const { store, clock } = openTestStore();
    const one = store.audit.append(entry(1));
    const two = store.audit.append({
      type: 'server.started',
      actor: 'fastband',
      summary: 'The server started.',
    });
    expect(one).toMatchObject({ seq: 1, at: clock.now(), prev: '0'.repeat(64) });
    expect(two).toMatchObject({
      seq: 2,
      prev: one.hash,
      callId: null,
      tool: null,
      kinds: [],
      durationMs: null,
      detail: {},
    });
    for (const row of [one, two]) {
      expect(AuditRow.parse(row)).toEqual(row);
      expect(store.audit.get(row.seq)).toEqual(row);
    }
    expect(store.audit.get(3)).toBeUndefined();
  });

  test('two connections never follow the same row', async () => {
    const { home, store } = openTestStore();
    const { store: other } = openTestStore(home);
    for (let i = 0; i < 20; i++) (i % 3 === 0 ? other : store).audit.append(entry(i));
    expect(await store.audit.verify()).toMatchObject({ ok: true, rows: 20, lastSeq: 20 });
  });

  test.each([
    ['half a surrogate pair', '\ud83d broken'],
    ['a zero character', 'a\0b'],
    ['emoji, right-to-left and accents', '👩‍👩‍👧 \u202eevil é e\u0301'],
    ['what would be a separator', '3:abc,,-,'],
    ['nothing', ''],
  ])('a row verifies whatever its text holds: %s', async (_, text) => {
    const { store } = openTestStore();
    const row = store.audit.append(
      entry(1, { actor: text, tool: text, callId: text, summary: text, detail: { [text]: text } }),
    );
    expect(store.audit.get(1)).toEqual({ ...row, detail: expect.anything() });
    expect(await store.audit.verify()).toMatchObject({ ok: true });
  });

  test('a text moved from one column to the next makes another hash', () => {
    const hashes = [
      entry(1, { actor: 'ab', clientId: 'c' }),
      entry(1, { actor: 'a', clientId: 'bc' }),
      entry(1, { actor: 'a', clientId: '2:bc' }),
    ].map((one) => openTestStore().store.audit.append(one).hash);
    expect(new Set(hashes).size).toBe(3);
  });

  test('kinds are stored once each in the order of the contract', () => {
    expect(kindsOf(kindsText([...EFFECT_KINDS].reverse()))).toEqual([...EFFECT_KINDS]);
    expect(kindsText(['write', 'read', 'write'] as EffectKind[])).toBe('read,write');
  });
});

describe('append-only [LOG-2]', () => {
  test.each([
    'UPDATE audit SET summary = 1',
    'UPDATE audit SET seq = 9 WHERE seq = 1',
    'DELETE FROM audit',
    'DELETE FROM audit WHERE seq = 1',
    'INSERT OR REPLACE INTO audit SELECT * FROM audit WHERE seq = 2',
    'REPLACE INTO audit SELECT * FROM audit WHERE seq = 1',
    'UPDATE OR REPLACE audit SET seq = 2 WHERE seq = 1',
    'INSERT INTO audit_checkpoint VALUES (1, 2, 0, 0, zeroblob(32), zeroblob(32)); DELETE FROM audit_checkpoint',
  ])('%s', (sql) => {
    const { home, store } = openTestStore();
    const rows = [1, 2].map((number) => store.audit.append(entry(number)));
    expect(() => rawDatabase(home).exec(sql)).toThrow('append-only');
    expect([1, 2].map((seq) => store.audit.get(seq))).toEqual(rows);
  });
});

describe('when the database cannot be written [LOG-1]', () => {
  test('a full disk: nothing is acknowledged, the host knows, and it goes on once there is room', async () => {
    const { store, db } = openTestStore();
    store.audit.append(entry(1));
    const free = fill(db);
    const big = entry(2, { detail: { text: 'x'.repeat(100_000) } });
    expect(() => store.audit.append(big)).toThrow(expect.objectContaining({ code: 'audit_unavailable' }));
    expect(store.audit.get(2)).toBeUndefined();
    free();
    expect(store.audit.append(entry(2)).seq).toBe(2);
    expect(store.audit.healthy()).toBe(true);
    expect(await store.audit.verify()).toMatchObject({ ok: true, rows: 2 });
  });

  test('locked by someone else: refused after a while, healthy again without a call', () => {
    const { home, store, db } = openTestStore();
    store.audit.append(entry(1));
    db.pragma('busy_timeout = 200');
    const raw = rawDatabase(home);
    raw.exec('BEGIN IMMEDIATE');
    const started = performance.now();
    expect(() => store.audit.append(entry(2))).toThrow(
      expect.objectContaining({ code: 'audit_unavailable' }),
    );
    expect(performance.now() - started).toBeGreaterThan(190);
    // Asking does not wait: the thread that answers calls asks several times a second.
    const asked = performance.now();
    expect(store.audit.healthy()).toBe(false);
    expect(performance.now() - asked).toBeLessThan(190);
    raw.exec('COMMIT');
    expect(store.audit.healthy()).toBe(true);
  });

  test('a change of policy whose row cannot be written is not made either [LOG-7]', () => {
    const { store, db } = openTestStore();
    const free = fill(db);
    expect(() =>
      store.transaction(() => {
        store.toolSwitches.set('run_command', false);
        store.audit.append(entry(1, { detail: { text: 'x'.repeat(100_000) } }));
      }),
    ).toThrow(expect.objectContaining({ code: 'audit_unavailable' }));
    free();
    expect(store.toolSwitches.disabled().size).toBe(0);
    expect(store.audit.append(entry(1)).seq).toBe(1);
  });

  test('after close nothing is acknowledged', () => {
    const { store } = openTestStore();
    store.close();
    expect(() => store.audit.append(entry(1))).toThrow(
      expect.objectContaining({ code: 'audit_unavailable' }),
    );
    expect(store.audit.healthy()).toBe(false);
  });

  test('a value that is no JSON is a defect, not a full disk', () => {
    const { store } = openTestStore();
    expect(() => store.audit.append(entry(1, { detail: { big: 1n } }))).toThrow(TypeError);
    expect(store.audit.healthy()).toBe(true);
    expect(store.audit.append(entry(1)).seq).toBe(1);
  });

  test('a home that is gone is said so at once', () => {
    expect(() => openDatabase(tempHome(), { readOnly: true })).toThrow(
      expect.objectContaining({ code: 'audit_unavailable' }),
    );
  });
});

/** Fills the disk as far as one connection is concerned, by SQLite's own page limit: it says SQLITE_FULL, as a disk does. */
function fill(db: Db): () => void {
  db.pragma(`max_page_count = ${Number(db.pragma('page_count', { simple: true }))}`);
  return () => void db.pragma('max_page_count = 1000000000');
}
