import { existsSync, readdirSync, statSync } from 'node:fs';
import { link, rename, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { realClock } from '../../core/testing.ts';
import type { Tool } from '../../core/tool.ts';
import { forkNode } from '../../node-ports.ts';
import { fakeKeys } from '../../vault/testing.ts';
import type { ToolFamily, ToolServices } from '../services.ts';
import { refusal, ToolBench } from '../testing.ts';
import { databaseTools } from './family.ts';
import { NO_CHANGES, NO_QUESTIONS } from './sql-testing.ts';

let bench: ToolBench;
let family: Required<ToolFamily>;

beforeEach(async () => {
  bench = await ToolBench.create();
  const services = { ports: { clock: realClock, fork: forkNode }, keys: fakeKeys({}) };
  family = databaseTools(services as unknown as ToolServices) as Required<ToolFamily>;
  make('shop.db', [
    'CREATE TABLE items (id INTEGER PRIMARY KEY, name TEXT NOT NULL, cents INTEGER DEFAULT 0)',
    'CREATE TABLE orders (id INTEGER PRIMARY KEY, item INTEGER REFERENCES items (id))',
    'CREATE INDEX items_name ON items (name)',
    'CREATE VIEW cheap AS SELECT * FROM items WHERE cents < 100',
    "INSERT INTO items (name, cents) VALUES ('pen', 90), ('book', 1200), ('lamp', 4500)",
  ]);
});
afterEach(async () => {
  await family.close();
  await bench.remove();
});

function make(name: string, statements: readonly string[], journal = 'delete'): void {
  const db = new Database(bench.path(name));
  db.pragma(`journal_mode = ${journal}`);
  for (const one of statements) db.exec(one);
  db.close();
}

function tool(name: string): Tool {
  const found = family.tools.find((one) => one.name === name);
  if (found === undefined) throw new Error(`no tool ${name}`);
  return found;
}

const call = (name: string, input: unknown) => bench.call(tool(name), input);
const query = (sql: string, more: object = {}) =>
  call('query_database', { database: 'shop.db', sql, ...more });
async function rows(sql: string, more: object = {}): Promise<unknown> {
  return ((await query(sql, more)).output as { rows: unknown }).rows;
}

describe('a question', () => {
  test('is answered with its columns, values bound, page by page [DB-4]', async () => {
    expect(
      (await query('SELECT name, cents FROM items WHERE cents > ? ORDER BY id', { params: [100] })).output,
    ).toEqual({
      columns: [
        { name: 'name', type: 'TEXT' },
        { name: 'cents', type: 'INTEGER' },
      ],
      rows: [
        ['book', 1200],
        ['lamp', 4500],
      ],
      more: false,
      shortened: 0,
    });
    const page = (offset: number) => query('SELECT id FROM items ORDER BY id', { limit: 2, offset });
    expect((await page(0)).output).toMatchObject({ rows: [[1], [2]], more: true });
    expect((await page(2)).output).toMatchObject({ rows: [[3]], more: false });
  });

  test.each<[string, string, unknown]>([
    ['an integer beyond what JSON can say', 'SELECT 9007199254740993', '9007199254740993'],
    ['a blob', "SELECT x'00ff10'", '<blob 3 bytes: 00ff10>'],
    [
      'a long text',
      "SELECT replace(hex(zeroblob(2000)), '00', 'ab')",
      expect.stringContaining('… (4000 characters)'),
    ],
    ['nothing', 'SELECT NULL', null],
    ['infinity', 'SELECT 9e999', 'Infinity'],
  ])('shows %s', async (_, sql, shown) => {
    expect(await rows(sql)).toEqual([[shown]]);
  });

  test('is answered within the limits of rows and bytes, and says that there are more', async () => {
    const many = 'WITH RECURSIVE a (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM a LIMIT 5000)';
    const count = async (sql: string, more: object) => {
      const { output } = await query(`${many} ${sql}`, more);
      const { rows, more: left } = output as { rows: unknown[][]; more: boolean };
      return { rows: rows.length, left, bytes: JSON.stringify(rows).length };
    };
    expect(await count('SELECT x FROM a', {})).toMatchObject({ rows: 100, left: true });
    bench.set({ databases: { maxRows: 7 } });
    expect(await count('SELECT x FROM a', { limit: 5000 })).toMatchObject({ rows: 7, left: true });
    bench.set({ databases: { maxRows: 10_000, maxBytes: 4096 } });
    const { rows, left, bytes } = await count("SELECT 'abcdefghij' FROM a", { limit: 5000 });
    expect({ some: rows > 100, left, fits: bytes <= 4096 }).toEqual({ some: true, left: true, fits: true });
    // The next page begins where this one was cut.
    expect(await count('SELECT x FROM a', { limit: 5000, offset: 4990 })).toMatchObject({
      rows: 10,
      left: false,
    });
  });

  test('changes no file, also of a database with a write-ahead log, closed or open elsewhere [DB-1]', async () => {
    make('log.db', ['CREATE TABLE a (x)', 'INSERT INTO a VALUES (1)'], 'wal');
    const ask = () => call('query_database', { database: 'log.db', sql: 'SELECT x FROM a' });
    // The bench compares the folder before and after each call.
    expect((await ask()).output).toMatchObject({ rows: [[1]] });
    const open = new Database(bench.path('log.db'));
    open.exec('INSERT INTO a VALUES (2)');
    const plan = await bench.plan(tool('query_database'), { database: 'log.db', sql: 'SELECT x FROM a' });
    const before = [await bench.text('log.db'), await bench.text('log.db-wal'), readdirSync(bench.root)];
    // Every reader leaves its mark in the memory that the programs share, which is a file too; in no other.
    const { output } = await tool('query_database').run(plan, bench.runContext());
    expect(output).toMatchObject({ rows: [[1], [2]] });
    expect([await bench.text('log.db'), await bench.text('log.db-wal'), readdirSync(bench.root)]).toEqual(
      before,
    );
    open.close();
  });

  test.each(NO_QUESTIONS)('is not %s [DB-2]', async (_, sql) => {
    const { code } = await refusal(query(sql));
    expect(['query_refused', 'invalid_input']).toContain(code);
    expect(readdirSync(bench.root)).toEqual(['shop.db']);
    expect(await rows('SELECT count(*) FROM items')).toEqual([[3]]);
  });

  test.each([
    [
      'that never ends',
      'WITH RECURSIVE a (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM a) SELECT count(*) FROM a',
    ],
    [
      'that joins without end',
      'SELECT count(*) FROM (WITH RECURSIVE a (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM a LIMIT 100000) SELECT x FROM a) p, (WITH RECURSIVE a (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM a LIMIT 100000) SELECT x FROM a) q',
    ],
  ])('%s is really stopped, at its time and when it is cancelled [DB-3]', async (_, sql) => {
    bench.set({ databases: { timeoutSeconds: 1 } });
    const children = () => readdirSync('/proc').filter((pid) => /^\d+$/.test(pid) && isSqlite(pid)).length;
    expect((await refusal(query(sql))).code).toBe('timeout');
    await expect.poll(children).toBe(0);
    bench.set({ databases: { timeoutSeconds: 60 } });
    const plan = await bench.plan(tool('query_database'), { database: 'shop.db', sql });
    setTimeout(() => bench.controller.abort(new Error('cancelled by the client')), 300);
    const began = performance.now();
    await expect(bench.run(tool('query_database'), plan)).rejects.toThrow('cancelled by the client');
    expect(performance.now() - began).toBeLessThan(2000);
    await expect.poll(children).toBe(0);
  });

  test('that needs more memory than it may is ended, and the host is not [DB-3]', async () => {
    const sql = `SELECT group_concat(x, '') FROM (WITH RECURSIVE a (n, x) AS (SELECT 1, hex(zeroblob(500000)) UNION ALL SELECT n + 1, x FROM a LIMIT 3000) SELECT x FROM a)`;
    const { code } = await refusal(query(sql));
    expect(['limit_reached', 'invalid_input']).toContain(code);
    expect(await rows('SELECT 1')).toEqual([[1]]);
  });
});

/** Whether a process is one of those that run SQLite for this test. */
function isSqlite(pid: string): boolean {
  try {
    return (
      statSync(`/proc/${pid}`).uid === process.getuid?.() &&
      String(process.getBuiltinModule('node:fs').readFileSync(`/proc/${pid}/cmdline`)).includes(
        'sqlite-process',
      )
    );
  } catch {
    return false;
  }
}

describe('a change', () => {
  test('is made when it is said to be one, and what was there is kept first', async () => {
    const { output } = await query("UPDATE items SET cents = cents + ? WHERE name = 'pen'", {
      params: [5],
      write: true,
    });
    expect(output).toMatchObject({ changes: 1 });
    expect(bench.journal).toMatchObject([{ path: 'shop.db', op: 'modify', done: true }]);
    expect(await rows("SELECT cents FROM items WHERE name = 'pen'")).toEqual([[95]]);
  });

  test('has effects of its own: the file is changed, the database too', async () => {
    const plan = await bench.plan(tool('query_database'), {
      database: 'shop.db',
      sql: 'DELETE FROM items',
      write: true,
    });
    expect(plan.effects).toEqual([
      { kind: 'write', workspace: 'ws', path: 'shop.db', op: 'modify' },
      { kind: 'query', workspace: 'ws', database: 'shop.db', access: 'write' },
    ]);
  });

  test.each(NO_CHANGES)('is not %s', async (_, sql) => {
    // What is no function here is refused as that.
    expect(['query_refused', 'invalid_input']).toContain((await refusal(query(sql, { write: true }))).code);
    expect(await rows('SELECT count(*) FROM items')).toEqual([[3]]);
    expect(readdirSync(bench.root)).toEqual(['shop.db']);
  });

  test('that fails halfway leaves nothing', async () => {
    const sql = "INSERT INTO items (id, name) VALUES (9, 'new'), (1, 'taken')";
    expect((await refusal(query(sql, { write: true }))).code).toBe('invalid_input');
    expect(await rows('SELECT count(*) FROM items')).toEqual([[3]]);
  });

  test('is refused in a workspace that may only be read', async () => {
    const [workspace] = bench.workspaces;
    if (workspace !== undefined) bench.workspaces[0] = { ...workspace, readOnly: true };
    expect((await refusal(query('DELETE FROM items', { write: true }))).code).toBe('read_only');
  });
});

describe('a file', () => {
  test.each([
    ['outside of the workspaces', '../home/x.db', 'outside_workspace'],
    ['that is none', 'none.db', 'not_found'],
    ['that is a folder', '.', 'invalid_input'],
    ['on a server that no secret names', 'pg:shop', 'key_missing'],
  ])('%s is refused', async (_, database, code) => {
    expect((await refusal(call('query_database', { database, sql: 'SELECT 1' }))).code).toBe(code);
  });

  test('that is no database is refused', async () => {
    await writeFile(bench.path('text.db'), 'not a database at all, but long enough to have a header');
    expect((await refusal(call('query_database', { database: 'text.db', sql: 'SELECT 1' }))).code).toBe(
      'query_refused',
    );
  });

  test('that was swapped after it was planned is refused [CALL-2]', async () => {
    const plan = await bench.plan(tool('query_database'), { database: 'shop.db', sql: 'SELECT 1' });
    await rename(bench.path('shop.db'), bench.path('old.db'));
    make('shop.db', ['CREATE TABLE x (y)']);
    expect((await refusal(bench.run(tool('query_database'), plan))).code).toBe('changed_since_plan');
  });

  test('with a log that is a link out of the workspace is refused', async () => {
    make('log.db', ['CREATE TABLE a (x)'], 'wal');
    await writeFile(join(bench.base, 'outside'), 'x');
    await symlink(join(bench.base, 'outside'), bench.path('log.db-wal'));
    expect((await refusal(call('query_database', { database: 'log.db', sql: 'SELECT * FROM a' }))).code).toBe(
      'query_refused',
    );
  });

  test('with a log that has another name elsewhere is refused', async () => {
    make('log.db', ['CREATE TABLE a (x)'], 'wal');
    await writeFile(join(bench.base, 'outside'), 'x');
    await link(join(bench.base, 'outside'), bench.path('log.db-wal'));
    expect((await refusal(call('query_database', { database: 'log.db', sql: 'SELECT * FROM a' }))).code).toBe(
      'query_refused',
    );
  });

  test('whose views and triggers call out of it can be asked, and they cannot', async () => {
    const db = new Database(bench.path('evil.db'));
    db.exec('CREATE TABLE a (x); CREATE TRIGGER t AFTER INSERT ON a BEGIN SELECT load_extension(new.x); END');
    db.exec("CREATE VIEW v AS SELECT load_extension('/tmp/evil.so')");
    db.close();
    expect(
      (await refusal(call('query_database', { database: 'evil.db', sql: 'SELECT * FROM v' }))).code,
    ).not.toBe('allowed');
    expect(
      (
        await refusal(
          call('query_database', { database: 'evil.db', sql: "INSERT INTO a VALUES ('x')", write: true }),
        )
      ).code,
    ).not.toBe('allowed');
    expect((await call('describe_database', { database: 'evil.db' })).output).toMatchObject({
      tables: [{ name: 'a' }, { name: 'v', type: 'view' }],
    });
  });

  test('that is damaged is an error, not an end', async () => {
    const bytes = Buffer.alloc(8192, 0xff);
    bytes.write('SQLite format 3\0', 0, 'latin1');
    await writeFile(bench.path('broken.db'), bytes);
    expect(
      (await refusal(call('query_database', { database: 'broken.db', sql: 'SELECT * FROM sqlite_schema' })))
        .code,
    ).not.toBe('allowed');
    expect(await rows('SELECT 1')).toEqual([[1]]);
  });
});

describe('the tools beside it', () => {
  test('list what are databases, whatever their names', async () => {
    await writeFile(bench.path('text.db'), 'no database');
    expect((await call('list_databases', {})).output).toEqual({
      databases: [{ database: 'shop.db', bytes: statSync(bench.path('shop.db')).size }],
      servers: [],
      more: false,
    });
    bench.hidden.add('ws:shop.db');
    expect((await call('list_databases', {})).output).toEqual({
      databases: [],
      servers: [],
      more: false,
    });
  });

  test('describe tables, keys and indexes', async () => {
    expect((await call('describe_database', { database: 'shop.db' })).output).toMatchObject({
      tables: [
        { name: 'cheap', type: 'view' },
        {
          name: 'items',
          rows: 3,
          columns: [
            { name: 'id', type: 'INTEGER', primaryKey: 1 },
            { name: 'name', type: 'TEXT', notNull: true },
            { name: 'cents', default: '0' },
          ],
          indexes: [{ name: 'items_name', unique: false, columns: ['name'] }],
        },
        { name: 'orders', foreignKeys: [{ columns: ['item'], to: 'items(id)' }] },
      ],
      left: 0,
    });
  });

  test('sample a table, and a name with quotes is a name', async () => {
    expect(
      (await call('sample_table', { database: 'shop.db', table: 'items', limit: 1 })).output,
    ).toMatchObject({
      rows: [[1, 'pen', 90]],
    });
    const evil = 'items"; DROP TABLE items; --';
    expect((await refusal(call('sample_table', { database: 'shop.db', table: evil }))).code).toBe(
      'invalid_input',
    );
    expect(existsSync(bench.path('shop.db'))).toBe(true);
  });

  test('explain a question without asking it', async () => {
    const { output } = await call('explain_query', {
      database: 'shop.db',
      sql: "SELECT * FROM items WHERE name = 'x'",
    });
    expect(output).toMatchObject({ plan: [expect.stringContaining('items_name')] });
    const bound = { database: 'shop.db', sql: 'SELECT * FROM items WHERE name = ? AND id > ?' };
    expect((await call('explain_query', { ...bound, params: ['x', 1] })).output).toMatchObject({
      plan: [expect.stringContaining('items_name')],
    });
    expect((await refusal(call('explain_query', { ...bound, params: ['x'] }))).message).toContain(
      'Too few parameter values',
    );
    expect(
      (await refusal(call('explain_query', { database: 'shop.db', sql: 'DELETE FROM items' }))).code,
    ).toBe('query_refused');
  });
});
