import Database from 'better-sqlite3';
import { describe, expect, onTestFinished, test } from 'vitest';
import { MIGRATIONS, migrate, versionOf } from './migrations.ts';

function memory() {
  const db = new Database(':memory:');
  db.pragma('foreign_keys = ON');
  onTestFinished(() => void db.close());
  return db;
}

/** Rows that a database of each version may hold. */
const ROWS: readonly string[] = [
  `INSERT INTO clients VALUES ('k_1', 'Cursor', x'01', 5, NULL, NULL);
   INSERT INTO workspaces VALUES ('shop', '/srv/shop', 0, 5);
   INSERT INTO rules VALUES ('r_1', 5, '{}');
   INSERT INTO grants VALUES ('g_1', 'k_1', 5, NULL, '{}');
   INSERT INTO tools_off VALUES ('run_command')`,
  `INSERT INTO audit (seq, at, type, actor, kinds, summary, detail, hash) VALUES (1, 5, 'undo', 'person', '', 's', '{}', zeroblob(32))`,
  `INSERT INTO journal (call_id, at, client_name, tool, workspace, path, op, bytes, undoable, body)
   VALUES ('c_1', 5, 'Cursor', 'write_file', 'shop', 'a', 'modify', 3, 1, '{}')`,
  `INSERT INTO audit (seq, at, type, actor, kinds, summary, detail, hash)
   VALUES (2, 5, 'call.finished', 'Cursor', '', 's', '{}', zeroblob(32))`,
  `INSERT INTO clients VALUES ('k_2', 'Codex', x'02', 5, NULL, NULL, '["run_command"]')`,
  `INSERT INTO keys (id, label, hosts, added_at) VALUES ('secret:shop', 'Shop', '["api.example.com"]', 5)`,
  `INSERT INTO model_spend VALUES ('2026-11-23', 'k_1', 5, 7)`,
  `INSERT INTO pictures (id, at, call_id, client_id, client_name, tool, url, title, width, height, bytes, type, hash)
   VALUES ('p_1', 5, 'c_1', 'k_1', 'Cursor', 'screenshot', 'https://example.com/', 'A page', 10, 10, 3, 'image/png', 'aa')`,
  `INSERT INTO clients VALUES ('k_3', 'Zed', x'03', 5, NULL, NULL, '[]', 1000, NULL)`,
];

describe('each migration, from the version before it with rows in it', () => {
  test.each(MIGRATIONS.map((_, index) => index + 1))('to %i', (version) => {
    const db = memory();
    for (let before = 1; before < version; before++) {
      migrate(db, MIGRATIONS.slice(0, before));
      db.exec(ROWS[before - 1] ?? '');
    }
    const tables = () =>
      db
        .prepare(
          "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name",
        )
        .pluck()
        .all()
        .map((name) => [name, db.prepare(`SELECT * FROM ${String(name)}`).all()] as const);
    const before = tables();
    migrate(db, MIGRATIONS.slice(0, version));
    expect(versionOf(db)).toBe(version);
    // A column may be new; every value that was there is there.
    const after = new Map(tables());
    for (const [name, rows] of before) expect([name, after.get(name)]).toMatchObject([name, rows]);
    // The new tables work with the old rows in place.
    db.exec(ROWS[version - 1] ?? '');
    expect(db.pragma('foreign_key_check')).toEqual([]);
  });

  test('every version has rows here', () => expect(ROWS).toHaveLength(MIGRATIONS.length));

  test('all tables are STRICT', () => {
    const db = memory();
    migrate(db);
    const loose = db
      .prepare(
        "SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table' AND strict = 0 AND name NOT LIKE 'sqlite_%'",
      )
      .pluck()
      .all();
    expect(loose).toEqual([]);
  });
});

describe('the runner', () => {
  const steps = ['CREATE TABLE a (x)', 'INSERT INTO a VALUES (1); CREATE TABLE b (x)', 'CREATE TABLE c (x)'];

  test('takes each step once, in order', () => {
    const db = memory();
    migrate(db, steps.slice(0, 2));
    migrate(db, steps);
    migrate(db, steps);
    expect(versionOf(db)).toBe(3);
    expect(db.prepare('SELECT count(*) FROM a').pluck().get()).toBe(1);
  });

  test('a step that fails halfway leaves the version and the tables as they were', () => {
    const db = memory();
    expect(() => migrate(db, [steps[0] ?? '', 'CREATE TABLE b (x); INSERT INTO nowhere VALUES (1)'])).toThrow(
      'nowhere',
    );
    expect(versionOf(db)).toBe(1);
    expect(db.prepare("SELECT name FROM sqlite_master WHERE name = 'b'").get()).toBeUndefined();
  });

  test('a newer database is refused', () => {
    const db = memory();
    migrate(db, steps);
    expect(() => migrate(db, steps.slice(0, 2))).toThrow(expect.objectContaining({ code: 'conflict' }));
  });
});
