import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { Client } from '@modelcontextprotocol/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CHROMIUM } from './chromium.ts';
import { type Host, Sandbox } from './host.ts';

/** Each of a client's own, in everything that it asks for and is answered. */
const MARKS = ['amber', 'birch', 'cedar', 'dahlia'].map((name) => `mark-of-${name}`);
const ROUNDS = 3;
const FILLING = 'Some words that every page has, so that it is long enough to be read in parts. '.repeat(40);

let box: Sandbox;
let site: Server;
let host: Host;
let clients: { readonly client: Client; readonly mark: string }[];
let origin: string;

beforeAll(async () => {
  // A page says what it was asked for, and what it was given before: a cookie of somebody else's would show.
  site = createServer((request, response) => {
    const mark = new URL(request.url ?? '/', 'http://x').pathname.slice(1);
    response.writeHead(200, { 'content-type': 'text/html; charset=utf-8', 'set-cookie': `seen=${mark}` });
    response.end(
      `<!doctype html><title>${mark}</title><article><h1>${mark}</h1><p>cookie: ${request.headers.cookie ?? 'none'}</p><p>${FILLING}</p><p>end of ${mark}</p></article>`,
    );
  });
  await new Promise<void>((resolve) => site.listen(0, '127.0.0.1', resolve));
  origin = `http://localhost:${(site.address() as AddressInfo).port}`;
  box = new Sandbox();
  host = await box.serve();
  await host.api('settings.update', {
    web: { allowedHosts: [new URL(origin).host], respectRobots: false },
    limits: { callsPerMinute: 0 },
  });
  for (const match of [
    { kind: 'write', paths: ['**'] },
    { kind: 'exec', argv: ['printf', '...'] },
    { kind: 'net', hosts: ['localhost'] },
    { kind: 'query', databases: ['**'], access: 'read' },
  ])
    await host.api('rules.add', { effect: 'allow', match });
  clients = [];
  for (const mark of MARKS) {
    const folder = join(box.workspace, mark);
    mkdirSync(folder);
    writeFileSync(join(folder, 'a.txt'), `of ${mark}\n`);
    const database = new DatabaseSync(join(folder, 'a.db'));
    database.exec(`CREATE TABLE t (mark TEXT); INSERT INTO t VALUES ('${mark}')`);
    database.close();
    clients.push({ mark, client: await box.connect(host, await box.addClient(`Client ${mark}`)) });
  }
});
afterAll(async () => {
  await box?.close();
  site?.closeAllConnections();
  site?.close();
});

type Call = (mark: string, round: number) => { name: string; arguments: Record<string, unknown> };

/** What each client asks for; the answer says its mark, and nobody else's. */
const ASKED: readonly [name: string, call: Call, inBrowser?: true][] = [
  ['reads a file', (mark) => ({ name: 'read_file', arguments: { path: `${mark}/a.txt` } })],
  [
    'searches its folder',
    (mark) => ({ name: 'search_files', arguments: { pattern: 'of mark', path: mark } }),
  ],
  [
    'writes a file',
    (mark, round) => ({
      name: 'write_file',
      arguments: { path: `${mark}/w${round}.txt`, content: `${mark} in round ${round}\n` },
    }),
  ],
  ['runs a command', (mark) => ({ name: 'run_command', arguments: { command: ['printf', '%s', mark] } })],
  [
    'asks a database',
    (mark) => ({
      name: 'query_database',
      arguments: { database: `${mark}/a.db`, sql: 'SELECT mark FROM t' },
    }),
  ],
  ['fetches a page', (mark) => ({ name: 'fetch_url', arguments: { url: `${origin}/${mark}` } })],
  [
    'reads on in a page',
    (mark) => ({ name: 'fetch_url', arguments: { url: `${origin}/${mark}`, offset: 2000 } }),
  ],
  ['asks over HTTP', (mark) => ({ name: 'http_request', arguments: { url: `${origin}/${mark}` } })],
  ['looks at a page', (mark) => ({ name: 'page_snapshot', arguments: { url: `${origin}/${mark}` } }), true],
  ['pictures a page', (mark) => ({ name: 'screenshot', arguments: { url: `${origin}/${mark}` } }), true],
  [
    'keeps a page by a name that others use too',
    (mark) => ({
      name: 'use_page',
      arguments: { url: `${origin}/${mark}`, session: 'shop', steps: [{ do: 'hover', on: 'h1' }] },
    }),
    true,
  ],
  [
    'goes on with the page that it kept',
    () => ({ name: 'query_page', arguments: { session: 'shop', selector: 'h1' } }),
    true,
  ],
];

describe('what one client is answered holds nothing of another’s, all at once', () => {
  it.each(ASKED.map(([name, call, inBrowser = false]) => ({ name, call, inBrowser })))(
    '$name [ACC-12 WEB-7]',
    async ({ call, inBrowser }) => {
      if (inBrowser && !existsSync(CHROMIUM)) return;
      const answers = await Promise.all(
        clients.map(async ({ client, mark }) => {
          const texts: string[] = [];
          for (let round = 0; round < (inBrowser ? 2 : ROUNDS); round++) {
            const { isError, content, structuredContent } = await client.callTool(call(mark, round));
            texts.push(JSON.stringify([isError ?? false, content, structuredContent]));
          }
          return { mark, texts };
        }),
      );
      for (const { mark, texts } of answers)
        for (const text of texts)
          expect([text.slice(0, 400), MARKS.filter((one) => text.includes(one))]).toEqual([
            expect.stringMatching(/^\[false/),
            [mark],
          ]);
    },
  );

  it('and each row of the log says who it was [ACC-12]', async () => {
    const { rows } = await host.api('audit.search', { limit: 500 });
    const calls = rows.filter(({ type, actor }) => type === 'call.finished' && actor.startsWith('Client '));
    expect(calls.length).toBeGreaterThan(MARKS.length * ROUNDS * 6);
    for (const { actor, summary, detail } of calls) {
      const others = MARKS.filter((mark) => !actor.endsWith(mark));
      expect([actor, others.filter((mark) => JSON.stringify([summary, detail]).includes(mark))]).toEqual([
        actor,
        [],
      ]);
    }
  });
});
