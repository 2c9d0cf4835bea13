import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { realClock } from '../../core/testing.ts';
import type { Tool } from '../../core/tool.ts';
import { createNet } from '../../guard/net.ts';
import { testAuthority } from '../../guard/net-testing.ts';
import { forkNode } from '../../node-ports.ts';
import { fakeKeys } from '../../vault/testing.ts';
import type { ToolFamily, ToolServices } from '../services.ts';
import { ToolBench } from '../testing.ts';
import { databaseTools } from './family.ts';
import { POSTGRES_BIN, TestPostgres } from './postgres-testing.ts';

const PASSWORD = 'shop-password-4711';

const refused = (code: string, words: RegExp) => ({ code, message: expect.stringMatching(words) as string });

describe.skipIf(POSTGRES_BIN === undefined)('PostgreSQL', () => {
  let server: TestPostgres;
  let bench: ToolBench;
  let family: Required<ToolFamily>;
  let keys: ReturnType<typeof fakeKeys>;
  const authority = testAuthority();

  beforeAll(async () => {
    const certificate = authority.issue(['localhost']);
    server = await TestPostgres.start(['ssl=on'], {
      'server.crt': certificate.cert,
      'server.key': certificate.key,
    });
    await server.sql(`
      CREATE ROLE shop LOGIN PASSWORD '${PASSWORD}';
      CREATE ROLE files LOGIN PASSWORD '${PASSWORD}'; GRANT pg_read_server_files TO files;
      CREATE ROLE reaching LOGIN PASSWORD '${PASSWORD}'`);
    await server.sql('CREATE DATABASE other');
    await server.sql('CREATE EXTENSION dblink', 'other').catch(() => {});
    await server.sql(`
      CREATE TABLE items (id integer PRIMARY KEY, name text NOT NULL, price numeric(10,2) DEFAULT 0, note jsonb, big bigint,
        photo bytea, fresh boolean, at timestamptz, weight float8);
      CREATE INDEX items_name ON items (name, lower(name));
      CREATE TABLE orders (id integer PRIMARY KEY, item integer REFERENCES items (id));
      CREATE VIEW cheap AS SELECT * FROM items WHERE price < 1;
      CREATE SCHEMA archive; CREATE TABLE archive.years (year integer);
      CREATE TABLE hidden (secret text);
      INSERT INTO items VALUES
        (1, 'pen', 0.90, '{"a": [1]}', 9007199254740993, '\\x00ff', true, '2026-01-02T03:04:05Z', 'NaN'),
        (2, 'book', 12, NULL, 7, decode(repeat('ab', 100), 'hex'), false, NULL, 1.5);
      CREATE SEQUENCE numbers;
      CREATE FUNCTION sells(what integer) RETURNS integer LANGUAGE sql AS 'DELETE FROM orders WHERE item = what; SELECT 1';
      GRANT USAGE ON SCHEMA archive TO shop;
      GRANT SELECT ON ALL TABLES IN SCHEMA archive TO shop;
      GRANT SELECT, INSERT, UPDATE, DELETE ON items, orders, cheap TO shop;
      GRANT ALL ON SEQUENCE numbers TO shop;
      INSERT INTO orders VALUES (1, 1);
      ANALYZE items`);
  }, 60_000);
  afterAll(() => server?.stop());

  beforeEach(async () => {
    bench = await ToolBench.create();
    const at = { hosts: [`127.0.0.1:${server.port}`] };
    keys = fakeKeys({
      'secret:shop': { value: server.url('shop', PASSWORD), ...at },
      'secret:admin': { value: server.url('admin', 'admin-password'), ...at },
      'secret:files': { value: server.url('files', PASSWORD), ...at },
      'secret:reaching': { value: server.url('reaching', PASSWORD, 'other'), ...at },
      'secret:wrong': { value: server.url('shop', 'not-the-password-0815'), ...at },
      'secret:elsewhere': { value: 'postgres://shop:x@127.0.0.1:1/postgres', ...at },
      'secret:files-of-ours': {
        value: server.url('shop', PASSWORD, 'postgres', '?sslrootcert=/etc/passwd'),
        ...at,
      },
      'secret:text': { value: 'this is no URL', ...at },
      'secret:must': {
        value: `postgres://shop:${PASSWORD}@localhost:${server.port}/postgres?sslmode=require`,
        hosts: [`localhost:${server.port}`],
      },
      'secret:nowhere': 'postgres://shop:x@127.0.0.1/postgres',
      'secret:public': { value: 'x', hosts: ['db.example.com:5432'] },
      'secret:api': { value: 'x', hosts: ['api.example.com'] },
      'secret:two': { value: 'x', hosts: ['a.example.com:5432', 'b.example.com:5432'] },
    });
    family = make([`127.0.0.1:${server.port}`, `localhost:${server.port}`]);
  });
  afterEach(async () => {
    await family.close();
    await bench.remove();
  });

  function make(allowedHosts: readonly string[]): Required<ToolFamily> {
    const net = createNet({ allowedHosts: () => allowedHosts });
    const services = { ports: { clock: realClock, fork: forkNode }, net, keys } as unknown as ToolServices;
    return databaseTools(services) as Required<ToolFamily>;
  }
  function tool(name: string): Tool {
    const found = family.tools.find((one) => one.name === name);
    if (found === undefined) throw new Error(`no tool ${name}`);
    return found;
  }
  const call = (name: string, input: unknown) => bench.call(tool(name), input);
  const query = (sql: string, more: object = {}) =>
    call('query_database', { database: 'pg:shop', sql, ...more });
  const rows = async (sql: string, more: object = {}) =>
    ((await query(sql, more)).output as { rows: unknown[][] }).rows;
  const running = async () =>
    (
      await server.sql(
        "SELECT pid FROM pg_stat_activity WHERE usename = 'shop' AND state <> 'idle' AND backend_type = 'client backend'",
      )
    ).length;

  test('a question is planned as asking, going there and using the secret, which nobody has read yet [KEY-4]', async () => {
    const plan = await bench.plan(tool('query_database'), { database: 'pg:shop', sql: 'SELECT 1' });
    expect(plan.effects).toEqual([
      { kind: 'query', database: 'pg:shop', access: 'read' },
      {
        kind: 'net',
        method: 'CONNECT',
        host: '127.0.0.1',
        port: server.port,
        url: `postgres://127.0.0.1:${server.port}/`,
      },
      { kind: 'secret', provider: 'secret:shop' },
    ]);
    expect(keys.used).toEqual([]);
    await query('SELECT 1');
    expect(keys.used).toEqual([{ id: 'secret:shop', by: 'Claude Code' }]);
  });

  test('values come as what they are, long ones shortened, exact ones as text', async () => {
    const { output } = await query('SELECT * FROM items ORDER BY id');
    expect(output).toEqual({
      columns: [
        { name: 'id', type: 'integer' },
        { name: 'name', type: 'text' },
        { name: 'price', type: 'numeric' },
        { name: 'note', type: 'jsonb' },
        { name: 'big', type: 'bigint' },
        { name: 'photo', type: 'bytea' },
        { name: 'fresh', type: 'boolean' },
        { name: 'at', type: 'timestamp with time zone' },
        { name: 'weight', type: 'double precision' },
      ],
      rows: [
        [
          1,
          'pen',
          '0.90',
          { a: [1] },
          '9007199254740993',
          '<blob 2 bytes: 00ff>',
          true,
          expect.stringMatching(/^2026-01-02 /),
          'NaN',
        ],
        [2, 'book', '12.00', null, 7, `<blob 100 bytes: ${'ab'.repeat(16)}…>`, false, null, 1.5],
      ],
      more: false,
      shortened: 1,
    });
  });

  test('values are bound, never put into the text [DB-4]', async () => {
    expect(await rows('SELECT name FROM items WHERE name = $1', { params: ["pen' OR 'a' = 'a"] })).toEqual(
      [],
    );
    expect(await rows('SELECT name FROM items WHERE id = $1', { params: [2] })).toEqual([['book']]);
  });

  test('pages follow one another, and say whether there are more', async () => {
    const sql = 'SELECT i FROM generate_series(1, 1000) AS i';
    const page = async (offset: number, limit: number) =>
      (await query(sql, { offset, limit })).output as { rows: unknown[][]; more: boolean };
    expect(await page(0, 2)).toMatchObject({ rows: [[1], [2]], more: true });
    expect((await page(500, 450)).rows).toHaveLength(450);
    expect(await page(998, 2)).toMatchObject({ rows: [[999], [1000]], more: false });
    expect(await page(2000, 2)).toMatchObject({ rows: [], more: false });
    bench.set({ databases: { maxBytes: 4096 } });
    const { rows: cut, more } = await page(0, 999);
    expect(JSON.stringify(cut).length).toBeLessThan(4200);
    expect(cut.length).toBeLessThan(1000);
    expect(more).toBe(true);
  });

  test('is described: columns, keys, indexes, estimated rows, and only what the role may read', async () => {
    const { tables } = (await call('describe_database', { database: 'pg:shop' })).output as {
      tables: { name: string }[];
    };
    expect(tables.map(({ name }) => name)).toEqual(['cheap', 'items', 'orders', 'archive.years']);
    expect(tables[1]).toMatchObject({
      type: 'table',
      rows: 2,
      estimated: true,
      indexes: [
        { name: 'items_name', unique: false, columns: ['name', 'lower(name)'] },
        { name: 'items_pkey', unique: true, columns: ['id'] },
      ],
    });
    expect((tables[1] as unknown as { columns: unknown[] }).columns.slice(0, 3)).toEqual([
      { name: 'id', type: 'integer', notNull: true, primaryKey: 1 },
      { name: 'name', type: 'text', notNull: true },
      { name: 'price', type: 'numeric(10,2)', default: '0' },
    ]);
    expect(tables[2]).toMatchObject({ foreignKeys: [{ columns: ['item'], to: 'items(id)' }] });
    const one = await call('describe_database', { database: 'pg:shop', table: 'archive.years' });
    expect(one.output).toMatchObject({ tables: [{ name: 'archive.years' }] });
  });

  test('tells rows of tables that the server never looked at, up to a limit, and of no locked one', async () => {
    const rows = async () => {
      const { tables } = (await call('describe_database', { database: 'pg:shop' })).output as {
        tables: { name: string; rows?: number; more?: boolean; estimated?: boolean }[];
      };
      return Object.fromEntries(
        tables.map(({ name, rows: n, more, estimated }) => [name, [n, more, estimated]]),
      );
    };
    await server.sql('INSERT INTO archive.years SELECT generate_series(1, 10001)');
    expect(await rows()).toMatchObject({
      items: [2, undefined, true],
      orders: [expect.any(Number), undefined, undefined],
      'archive.years': [10_000, true, undefined],
      cheap: [undefined, undefined, undefined],
    });
    const locked = server.sql('BEGIN; LOCK TABLE archive.years; SELECT pg_sleep(4); COMMIT');
    await expect
      .poll(async () => server.sql("SELECT 1 FROM pg_locks WHERE mode = 'AccessExclusiveLock' AND granted"))
      .not.toEqual([]);
    expect(await rows()).toMatchObject({
      items: [2, undefined, true],
      'archive.years': [undefined, undefined, undefined],
    });
    await locked;
  });

  test('tells of one table', async () => {
    const one = await call('describe_database', { database: 'pg:shop', table: 'archive.years' });
    expect(one.output).toMatchObject({ tables: [{ name: 'archive.years' }] });
  });

  test('is sampled, explained and listed', async () => {
    const sample = await call('sample_table', { database: 'pg:shop', table: 'items', limit: 1 });
    expect((sample.output as { rows: unknown[][] }).rows.map(([id, name]) => [id, name])).toEqual([
      [1, 'pen'],
    ]);
    expect(
      (await call('sample_table', { database: 'pg:shop', table: 'archive.years' })).output,
    ).toMatchObject({
      columns: [{ name: 'year', type: 'integer' }],
    });
    const { plan } = (await call('explain_query', { database: 'pg:shop', sql: 'SELECT * FROM items' }))
      .output as {
      plan: string[];
    };
    expect(plan[0]).toMatch(/^Seq Scan on items/);
    const bound = await call('explain_query', {
      database: 'pg:shop',
      sql: 'SELECT * FROM items WHERE name = $1',
      params: ['pen'],
    });
    expect(JSON.stringify(bound.output)).toContain("name = 'pen'");
    const { servers } = (await call('list_databases', {})).output as { servers: string[] };
    expect(servers).toEqual(expect.arrayContaining(['pg:shop', 'pg:admin', 'pg:public']));
    for (const not of ['pg:api', 'pg:two', 'pg:nowhere']) expect(servers).not.toContain(not);
  });

  describe('a change', () => {
    test('is made when it is asked for as one, and says that it cannot be undone', async () => {
      const input = {
        database: 'pg:shop',
        sql: 'INSERT INTO orders VALUES ($1, 2)',
        params: [7],
        write: true,
      };
      const plan = await bench.plan(tool('query_database'), input);
      expect(plan.effects[0]).toEqual({ kind: 'query', database: 'pg:shop', access: 'write' });
      expect((await plan.preview?.())?.warnings).toEqual([{ code: 'serverChange', about: [] }]);
      expect((await call('query_database', input)).output).toMatchObject({ changes: 1 });
      expect(
        (await query('DELETE FROM orders WHERE id = 7 RETURNING item', { write: true })).output,
      ).toMatchObject({ changes: 1, rows: [[2]] });
    });

    test('that fails leaves nothing behind', async () => {
      await expect(
        query('INSERT INTO orders VALUES (8, 1), (9, 404)', { write: true }),
      ).rejects.toMatchObject(refused('invalid_input', /foreign key/));
      expect(await rows('SELECT count(*)::int FROM orders WHERE id > 7')).toEqual([[0]]);
    });

    test.each([
      ['a table', 'CREATE TABLE mine (x int)'],
      ['a setting', 'SET statement_timeout = 0'],
      ['a block of code', 'DO $$ BEGIN DELETE FROM orders; END $$'],
      ['the end of the transaction', 'COMMIT'],
      ['a program', "COPY items TO PROGRAM 'id'"],
      ['a file', "COPY items TO '/tmp/stolen'"],
      ['two statements', 'DELETE FROM orders; DELETE FROM items'],
      ['maintenance', 'VACUUM items'],
      ['what others are told', "NOTIFY x, 'y'"],
      ['rights', 'GRANT ALL ON items TO PUBLIC'],
      ['explaining that runs', 'ANALYZE DELETE FROM orders'],
    ])('is refused where it is %s', async (_name, sql) => {
      await expect(query(sql, { write: true })).rejects.toMatchObject({ code: 'query_refused' });
      expect(await rows('SELECT count(*)::int FROM orders')).toEqual([[1]]);
    });
  });

  describe('a question can change nothing [DB-7]', () => {
    test.each([
      ['a deletion', 'DELETE FROM orders'],
      ['a deletion within WITH', 'WITH gone AS (DELETE FROM orders RETURNING *) SELECT * FROM gone'],
      ['a function that deletes', 'SELECT sells(1)'],
      ['a table made from it', 'SELECT * INTO mine FROM items'],
      ['a lock', 'SELECT * FROM orders FOR UPDATE'],
      ['a number from a sequence', "SELECT nextval('numbers')"],
      ['two statements', 'SELECT 1; DELETE FROM orders'],
      ['the end of the transaction first', 'SELECT 1; COMMIT; DELETE FROM orders'],
      ['an explanation that runs', 'EXPLAIN ANALYZE DELETE FROM orders'],
      ['a block of code', 'DO $$ BEGIN DELETE FROM orders; END $$'],
      ['a copy to a program', "COPY items TO PROGRAM 'id'"],
      ['a prepared statement', 'PREPARE x AS DELETE FROM orders'],
      ['a setting', 'SET default_transaction_read_only = off'],
      ['the mode of the transaction', "SELECT set_config('transaction_read_only', 'off', false)"],
      ['a call', 'CALL whatever()'],
      ['nothing', ' -- nothing'],
      ['a temporary table', 'CREATE TEMP TABLE mine AS SELECT 1'],
    ])('%s', async (_name, sql) => {
      const before = await server.sql(
        'SELECT (SELECT count(*) FROM orders), (SELECT last_value FROM numbers)',
      );
      await expect(query(sql)).rejects.toMatchObject({
        code: expect.stringMatching(/^(?:query_refused|invalid_input)$/),
      });
      expect(
        await server.sql('SELECT (SELECT count(*) FROM orders), (SELECT last_value FROM numbers)'),
      ).toEqual(before);
    });

    test('what a function did that the server lets pass is taken back', async () => {
      await query("SELECT pg_notify('x', 'y'), lo_creat(-1)").catch(() => {});
      expect(await server.sql('SELECT count(*)::int AS n FROM pg_largeobject_metadata')).toEqual([{ n: 0 }]);
    });

    test('a setting that one call made is not there in the next', async () => {
      await query("SELECT set_config('application_name', 'mine', false)");
      expect(await rows("SELECT current_setting('application_name')")).toEqual([['fastband']]);
    });
  });

  describe('a connection that reaches out of the database is refused [DB-8]', () => {
    test.each([
      ['of a superuser', 'pg:admin', /rights of admin/],
      ['that may read the server’s files', 'pg:files', /rights of pg_read_server_files/],
    ])('one %s', async (_name, database, words) => {
      for (const write of [false, true])
        await expect(call('query_database', { database, sql: 'SELECT 1', write })).rejects.toMatchObject(
          refused('query_refused', words),
        );
    });

    test('one that may connect from there', async ({ skip }) => {
      const found = await server.sql("SELECT 1 FROM pg_extension WHERE extname = 'dblink'", 'other');
      if (found.length === 0) skip('dblink is not installed here');
      await expect(
        call('query_database', { database: 'pg:reaching', sql: 'SELECT 1' }),
      ).rejects.toMatchObject(refused('query_refused', /extension dblink/));
    });
  });

  describe('a query that is stopped is stopped on the server too [DB-3]', () => {
    test.each([
      ['that sleeps', 'SELECT pg_sleep(60)'],
      [
        'that counts for ever',
        'WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n',
      ],
    ])('one %s, when it is cancelled', async (_name, sql) => {
      const asked = query(sql);
      asked.catch(() => {});
      await expect.poll(running, { timeout: 5000 }).toBe(1);
      bench.controller.abort(new Error('cancelled by the test'));
      await expect(asked).rejects.toThrow('cancelled by the test');
      await expect.poll(running, { timeout: 2000 }).toBe(0);
    });

    test('one that takes too long', async () => {
      bench.set({ databases: { timeoutSeconds: 1 } });
      await expect(
        query("SELECT set_config('statement_timeout', '0', false), pg_sleep(60)"),
      ).rejects.toMatchObject({ code: 'timeout' });
      await expect.poll(running, { timeout: 3000 }).toBe(0);
    });

    test('one whose answer is too large to be held', async () => {
      await expect(query("SELECT repeat('x', 300000000)")).rejects.toMatchObject({ code: 'limit_reached' });
      await expect.poll(running, { timeout: 3000 }).toBe(0);
    });
  });

  describe('the connection', () => {
    test.each([
      ['to a secret that is not there', 'pg:none', 'key_missing', /no secret none/],
      ['by a name that is none', 'pg:../x', 'invalid_input', /pg: and the name/],
      ['with a secret that may go nowhere', 'pg:nowhere', 'url_refused', /its one host/],
      ['with a secret that is for a web page', 'pg:api', 'url_refused', /its one host/],
      ['with a secret that may go to two places', 'pg:two', 'url_refused', /its one host/],
      ['with a secret that leads elsewhere', 'pg:elsewhere', 'url_refused', /another server/],
      ['with a secret that is no URL', 'pg:text', 'invalid_input', /is no URL/],
      ['that would read our files', 'pg:files-of-ours', 'invalid_input', /not taken/],
      ['with a wrong password', 'pg:wrong', 'fetch_failed', /does not let us in/],
      ['with a certificate of nobody’s', 'pg:must', 'fetch_failed', /certificate that cannot be trusted/],
    ])('%s is refused, and its error tells no secret [KEY-5]', async (_name, database, code, words) => {
      const error: unknown = await call('query_database', { database, sql: 'SELECT 1' }).catch(
        (one: unknown) => one,
      );
      expect(error).toMatchObject(refused(code, words));
      expect(JSON.stringify(error) + String(error)).not.toMatch(/4711|0815|no URL at all/);
    });

    test('to this machine needs a person’s leave, as any other [NET-2]', async () => {
      family = make([]);
      await expect(query('SELECT 1')).rejects.toMatchObject(
        refused('url_refused', /not on the public internet.*settings: Web/),
      );
      expect(keys.used).toEqual([]);
    });

    test('is encrypted, with a certificate that is checked by name [DB-9]', async () => {
      const usual = getCACertificates('default');
      setDefaultCACertificates([...usual, authority.ca]);
      try {
        const sql = 'SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()';
        const asked = await call('query_database', { database: 'pg:must', sql });
        expect(asked.output).toMatchObject({ rows: [[true]] });
        const slow = call('query_database', { database: 'pg:must', sql: 'SELECT pg_sleep(60)' });
        slow.catch(() => {});
        await expect.poll(running, { timeout: 5000 }).toBe(1);
        bench.controller.abort(new Error('cancelled by the test'));
        await expect(slow).rejects.toThrow('cancelled');
        await expect.poll(running, { timeout: 2000 }).toBe(0);
      } finally {
        setDefaultCACertificates(usual);
      }
    });
  });
});
