import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { Client } from '@modelcontextprotocol/client';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { POSTGRES_BIN, TestPostgres } from '../main/tools/databases/postgres-testing.ts';
import { openBrowser, openPanel } from './browser.ts';
import { CHROMIUM } from './chromium.ts';
import { type Host, Sandbox } from './host.ts';
import { HAS_KEYCHAIN } from './keychain.ts';

let box: Sandbox;
let host: Host;
let client: Client;

beforeEach(async () => {
  box = new Sandbox();
  const db = new DatabaseSync(join(box.workspace, 'shop.db'));
  db.exec(
    "CREATE TABLE items (id INTEGER PRIMARY KEY, name TEXT); INSERT INTO items (name) VALUES ('pen'), ('book')",
  );
  db.close();
  host = await box.serve();
  client = await box.connect(host, await box.addClient('Claude Code'));
});
afterEach(() => box.close());

const query = (sql: string, more: object = {}) =>
  client.callTool({ name: 'query_database', arguments: { database: 'shop.db', sql, ...more } });

it('a question is asked for once, then free for this database; a change asks again, and can be undone', async () => {
  const first = query('SELECT name FROM items ORDER BY id');
  const waiting = await host.waiting();
  expect(waiting.title).toBe('Claude Code wants to query the database shop.db in shop, and 1 more');
  expect(JSON.stringify(waiting.previews)).toContain('SELECT name FROM items');
  await host.api('approvals.decide', { id: waiting.id, decision: 'allow', scope: 'hour' });
  expect((await first).structuredContent).toMatchObject({ rows: [['pen'], ['book']] });
  expect((await query('SELECT count(*) FROM items')).structuredContent).toMatchObject({ rows: [[2]] });

  const change = query('DELETE FROM items WHERE id = ?', { params: [1], write: true });
  const asked = await host.waiting();
  expect(asked.effects.map(({ kind }) => kind)).toEqual(['write', 'query']);
  await host.api('approvals.decide', { id: asked.id, decision: 'allow', scope: 'once' });
  const { structuredContent, _meta } = await change;
  expect(structuredContent).toMatchObject({ changes: 1 });
  expect((await query('SELECT count(*) FROM items')).structuredContent).toMatchObject({ rows: [[1]] });

  await host.api('journal.undo', { callId: String(_meta?.['fastband/callId']) });
  expect((await query('SELECT count(*) FROM items')).structuredContent).toMatchObject({ rows: [[2]] });
});

it.skipIf(!existsSync(CHROMIUM))(
  'a person who tries a question sees its rows as a table, also of a long answer',
  async () => {
    const browser = await openBrowser();
    try {
      const page = await openPanel(browser, host);
      await page.goto(new URL('#/tools?tool=query_database', page.url()).href);
      await page.getByRole('tab', { name: 'Try' }).click();
      await page.getByRole('textbox', { name: /^database/ }).fill('shop.db');
      await page
        .getByRole('textbox', { name: /^sql/ })
        .fill(
          'WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 90) SELECT i, hex(zeroblob(300)) AS wide, hex(zeroblob(301)), hex(zeroblob(302)), NULL AS none FROM n',
        );
      await page.getByRole('button', { name: 'Run' }).click();
      const { id } = await host.waiting();
      await host.api('approvals.decide', { id, decision: 'allow' });
      await page.getByRole('columnheader', { name: 'wide' }).waitFor();
      await expect.poll(() => page.getByRole('row').count()).toBe(1 + 90);
      await page.getByText('NULL').first().waitFor();
    } finally {
      await browser.close();
    }
  },
);

it('the value of no row is in the log [DB-5]', async () => {
  const asked = query("SELECT name || '-as-a-value' FROM items");
  await host.api('approvals.decide', { id: (await host.waiting()).id, decision: 'allow', scope: 'once' });
  expect(JSON.stringify((await asked).structuredContent)).toContain('pen-as-a-value');
  expect(JSON.stringify(await host.api('audit.search', { limit: 50 }))).not.toContain('pen-as-a-value');
});

it('Fastband’s own database is none of a client’s, in a workspace that holds it [DB-6 FS-3]', async () => {
  await host.api('workspaces.add', { root: box.folder, name: 'all' });
  const { _meta } = await client.callTool({
    name: 'query_database',
    arguments: { database: 'all/home/fastband.db', sql: 'SELECT * FROM clients' },
  });
  expect(_meta).toMatchObject({ 'fastband/code': 'path_refused' });
  const listed = await client.callTool({ name: 'list_databases', arguments: {} });
  expect(JSON.stringify(listed.structuredContent)).not.toContain('fastband.db');
});

it.skipIf(!HAS_KEYCHAIN || POSTGRES_BIN === undefined)(
  'a server’s database is asked through a secret, which its client and the log never see [DB-5 KEY-4]',
  async () => {
    const server = await TestPostgres.start();
    try {
      await server.sql("CREATE ROLE shop LOGIN PASSWORD 'pass-of-the-shop'; CREATE TABLE items (name text)");
      await server.sql("INSERT INTO items VALUES ('pen-as-a-value'); GRANT SELECT ON items TO shop");
      const other = new Sandbox();
      try {
        const env = await other.keychain();
        const at = await other.serve(undefined, env);
        await at.api('settings.update', { web: { allowedHosts: [`127.0.0.1:${server.port}`] } });
        const key = await at.api('keys.set', {
          id: 'secret:shop',
          value: server.url('shop', 'pass-of-the-shop'),
        });
        expect(key.hosts).toEqual([`127.0.0.1:${server.port}`]);
        const agent = await other.connect(at, await other.addClient('Claude Code'));
        const ask = () =>
          agent.callTool({
            name: 'query_database',
            arguments: { database: 'pg:shop', sql: 'SELECT * FROM items' },
          });
        const asked = ask();
        const waiting = await at.waiting();
        expect(waiting.effects.map(({ kind }) => kind)).toEqual(['query', 'net', 'secret']);
        await at.api('approvals.decide', { id: waiting.id, decision: 'allow', scope: 'hour' });
        expect((await asked).structuredContent).toMatchObject({ rows: [['pen-as-a-value']] });
        expect((await ask()).structuredContent).toMatchObject({ rows: [['pen-as-a-value']] });
        const seen = JSON.stringify([waiting, await at.api('audit.search', { limit: 50 }), await asked]);
        expect(seen).not.toContain('pass-of-the-shop');
        expect(JSON.stringify(await at.api('audit.search', { limit: 50 }))).not.toContain('pen-as-a-value');
      } finally {
        await other.close();
      }
    } finally {
      await server.stop();
    }
  },
  60_000,
);
