import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { NO_CHANGES, NO_QUESTIONS } from '../main/tools/databases/sql-testing.ts';
import { Target } from './attack.ts';
import { Sandbox } from './host.ts';

let box: Sandbox;
let target: Target;

beforeAll(async () => {
  box = new Sandbox();
  const shop = new DatabaseSync(join(box.workspace, 'shop.db'));
  shop.exec(`CREATE TABLE items (id INTEGER PRIMARY KEY, name TEXT, cents INTEGER);
    CREATE VIEW cheap AS SELECT * FROM items WHERE cents < 100;
    CREATE TRIGGER through INSTEAD OF UPDATE ON cheap BEGIN UPDATE items SET cents = new.cents; END;
    INSERT INTO items (name, cents) VALUES ('pen', 90), ('book', 1200), ('lamp', 4500)`);
  shop.close();
  // Whoever made this one had more in mind than its rows.
  const evil = new DatabaseSync(join(box.workspace, 'evil.db'));
  evil.exec(`CREATE TABLE items (name TEXT);
    INSERT INTO items VALUES ('x');
    CREATE VIEW loads AS SELECT load_extension('/tmp/evil.so') AS x;
    CREATE VIEW reads AS SELECT readfile('/etc/passwd') AS x;
    CREATE TRIGGER calls AFTER INSERT ON items BEGIN SELECT load_extension(new.name); END`);
  evil.close();
  target = await Target.start(box);
  await target.host.api('settings.update', {
    approvals: { timeoutSeconds: 1 },
    databases: { timeoutSeconds: 1 },
  });
  // Nobody is asked, also not for a change: what stands between a statement and a file is the guard alone.
  await target.host.api('rules.add', { effect: 'allow', match: { kind: 'query', databases: ['**'] } });
});
afterAll(() => box?.close());

async function ask(sql: string, more: Record<string, unknown> = {}) {
  const { isError, _meta, structuredContent, content } = await target.client.callTool({
    name: 'query_database',
    arguments: { database: 'shop.db', sql, ...more },
  });
  const text = JSON.stringify([content, structuredContent]);
  target.heard.push(text);
  const rows = (structuredContent as { rows?: unknown[][] } | undefined)?.rows;
  return { code: isError === true ? _meta?.['fastband/code'] : 'answered', rows, text };
}

const REFUSED = /^(?:query_refused|invalid_input)$/;

describe('through the running host, a question is not', () => {
  it('asked in vain: one that is a question is answered', async () => {
    expect((await ask('SELECT count(*) FROM items')).rows).toEqual([[3]]);
  });

  it.each(NO_QUESTIONS)('%s [DB-1 DB-2]', async (_, sql) => {
    for (const name of ['query_database', 'explain_query']) {
      const { isError, _meta, content } = await target.client.callTool({
        name,
        arguments: { database: 'shop.db', sql },
      });
      const text = JSON.stringify(content);
      target.heard.push(text);
      expect([name, text, isError, _meta?.['fastband/code']]).toEqual([
        name,
        text,
        true,
        expect.stringMatching(REFUSED),
      ]);
    }
    // The workspace is the same, to the byte: nothing was changed, made or left beside.
    expect(await target.harm()).toEqual([]);
  });
});

describe('through the running host, a change is not', () => {
  it.each(NO_CHANGES)('%s [DB-2]', async (_, sql) => {
    expect((await ask(sql, { write: true })).code).toMatch(REFUSED);
    expect(await target.harm()).toEqual([]);
  });
});

describe('through the running host, what a database itself says', () => {
  it.each([
    ['a view that loads an extension', 'SELECT * FROM loads', {}],
    ['a view that reads a file', 'SELECT * FROM reads', {}],
    ['a trigger that loads an extension', "INSERT INTO items VALUES ('/tmp/evil.so')", { write: true }],
  ])('%s, calls nothing', async (_, sql, more) => {
    const { code, text } = await ask(sql, { database: 'evil.db', ...more });
    expect(code).not.toBe('answered');
    expect(text).not.toContain('root:');
    expect(await target.harm()).toEqual([]);
  });

  it('a name that is a statement, is a name [DB-4]', async () => {
    const name = "x'; DELETE FROM items; --";
    expect((await ask('SELECT ? AS x', { params: [name] })).rows).toEqual([[name]]);
    const sampled = await target.client.callTool({
      name: 'sample_table',
      arguments: { database: 'shop.db', table: 'items"; DELETE FROM items; --' },
    });
    expect(sampled.isError).toBe(true);
    expect(await target.harm()).toEqual([]);
  });
});

/** A column of a million rows. */
const MANY = 'WITH RECURSIVE a (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM a LIMIT 1000000)';

describe('through the running host, no question holds up the host', () => {
  it.each([
    ['rows without end, counted', `${MANY.replace(' LIMIT 1000000', '')} SELECT count(*) FROM a`],
    ['rows without end, passed over', `${MANY.replace(' LIMIT 1000000', '')} SELECT x FROM a WHERE x < 0`],
    ['a million rows by a million', `${MANY} SELECT count(*) FROM a p, a q`],
  ])('%s [DB-3]', async (_, sql) => {
    const began = performance.now();
    const answers = await Promise.all([ask(sql), target.harm()]);
    expect([answers[0].code, answers[1]]).toEqual([expect.stringMatching(/^(?:timeout|limit_reached)$/), []]);
    expect(performance.now() - began).toBeLessThan(20_000);
  });

  it.each([
    ['a pattern that is tried in every way', `SELECT '${'a'.repeat(40_000)}' LIKE '${'%a'.repeat(200)}%b'`],
    ['a text of a gigabyte', 'SELECT hex(zeroblob(500000000))'],
    ['a text that doubles', `${MANY} SELECT group_concat(hex(zeroblob(100000)), '') FROM a`],
    ['all rows, sorted', `${MANY} SELECT hex(zeroblob(1000)) AS y FROM a ORDER BY random()`],
  ])('%s [DB-3]', async (_, sql) => {
    const { code, text } = await ask(sql);
    // Where it is answered, it is cut.
    expect(text.length).toBeLessThan(3 * 1024 * 1024);
    expect(code).toMatch(/^(?:answered|timeout|limit_reached|invalid_input)$/);
    expect(await target.harm()).toEqual([]);
  });

  it('rows without end are given page by page [DB-3]', async () => {
    const { rows } = await ask(`${MANY.replace(' LIMIT 1000000', '')} SELECT x FROM a`, { limit: 5 });
    expect(rows).toEqual([[1], [2], [3], [4], [5]]);
  });
});

it('Fastband’s own database is none of a client’s, and is as it was [DB-6]', async () => {
  for (const database of [join(box.home, 'fastband.db'), '../home/fastband.db'])
    expect((await ask('SELECT * FROM clients', { database })).code).toMatch(/refused|outside|protected/);
  expect(readdirSync(box.workspace).sort()).toEqual(['evil.db', 'shop.db']);
  expect(readFileSync(join(box.workspace, 'shop.db')).includes('lamp')).toBe(true);
});
