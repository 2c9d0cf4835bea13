import { execFileSync } from 'node:child_process';
import { mkdirSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Target } from './attack.ts';
import { Sandbox } from './host.ts';
import { inLanes, Load, TELLS, type Usage, usageOf } from './usage.ts';

// A full disk is in faults.test.ts, clocks that jump in clock.test.ts, memory in attacks-memory.test.ts.

/** What V8, SQLite and the system keep open for themselves comes and goes by so much. */
const MARGIN = 6;

let box: Sandbox;
let target: Target;
let load: Load;

/** A path in a workspace of these tests' own, so that what they do is no change of the one that `harm` looks at. */
const at = (name: string) => join(box.folder, 'work', name);

beforeAll(async () => {
  box = new Sandbox();
  mkdirSync(at('folder'), { recursive: true });
  for (let i = 0; i < 300; i++) writeFileSync(at(`folder/${i}.txt`), `line of ${i}\n`.repeat(200));
  writeFileSync(at('a.txt'), 'hello\n');
  writeFileSync(at('no.db'), 'this is no database, only a file with that name');
  writeFileSync(at('large.bin'), '');
  truncateSync(at('large.bin'), 3 * 1024 ** 3);
  writeFileSync(join(box.folder, 'outside.txt'), 'outside\n');
  symlinkSync(join(box.folder, 'outside.txt'), at('link.txt'));
  mkdirSync(at('broken'));
  execFileSync('git', ['init', '-q', at('broken')]);
  writeFileSync(at('broken/.git/HEAD'), 'ref: refs/heads/\0');
  target = await Target.start(box);
  load = new Load(target);
  await target.host.api('workspaces.add', { root: at('.') });
  for (const match of [
    { kind: 'exec', argv: ['sleep', '...'] },
    { kind: 'query', databases: ['**'], access: 'read' },
  ])
    await target.host.api('rules.add', { effect: 'allow', match });
  // What is kept for the next time is there from now on: threads, the processes of SQLite, the log's reader and index.
  const question = { database: at('no.db'), sql: 'SELECT 1' };
  await target.host.api('audit.search', { text: 'anything', limit: 1 });
  await inLanes(4, 8, () => load.call('query_database', question));
  expect(await target.harm()).toEqual([]);
});
afterAll(async () => {
  load?.close();
  await box?.close();
});

const usage = () => usageOf(target.host.ready.pid);

/** What there is more of than before, once it has come to rest. */
async function left(before: Usage): Promise<string[]> {
  const found = () => {
    const now = usage();
    return [
      ...(['files', 'connections', 'threads'] as const)
        .filter((what) => now[what] > before[what] + MARGIN)
        .map((what) => `${what}: ${before[what]} before, ${now[what]} now`),
      ...now.children.map((line) => `a program is left: ${line}`),
    ];
  };
  // Not looked at once more when it was at rest: a process that is kept at hand may begin at any moment.
  let now = found();
  for (let i = 0; i < 100 && now.length > 0; i++) {
    await sleep(100);
    now = found();
  }
  return now;
}

/** Connections that are opened and written to, and then cut. */
async function cut(count: number, port: number, bytes: (i: number) => string, ms: number): Promise<void> {
  const sockets: Socket[] = [];
  await inLanes(20, count, async (i) => {
    const socket = connect(port, '127.0.0.1');
    sockets.push(socket);
    socket.on('error', () => {});
    await new Promise((resolve) => socket.once('connect', resolve).once('close', resolve));
    socket.write(bytes(i));
  });
  await sleep(ms);
  for (const socket of sockets) socket.destroy();
}

const head = (port: number, first: string, headers: readonly string[], length: number) =>
  [first, `Host: 127.0.0.1:${port}`, ...headers, `Content-Length: ${length}`, '', ''].join('\r\n');

/** The beginning of a request that would write a file. */
function half(i: number): string {
  const { body, headers } = target.writeCall(at(`never-${i}.txt`));
  const all = head(target.mcpPort, 'POST /mcp HTTP/1.1', headers, body.length) + body;
  return all.slice(0, Math.floor((all.length * (i % 10)) / 10));
}

const initialize = {
  jsonrpc: '2.0',
  id: 1,
  method: 'initialize',
  params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'load', version: '1' } },
};

interface Attack {
  readonly name: string;
  readonly run: () => Promise<unknown>;
}

const attacks: readonly Attack[] = [
  {
    name: '500 files read [CALL-7]',
    run: () => inLanes(16, 500, (i) => load.call('read_file', { path: at(`folder/${i % 300}.txt`) })),
  },
  {
    name: '500 files that may not be read: missing, led out of the workspace, folders, too large [FS-1]',
    run: () =>
      inLanes(16, 500, async (i) => {
        const path = at(['none.txt', 'link.txt', 'folder', 'large.bin', '../outside.txt'][i % 5] ?? '');
        const { text } = await load.call('read_file', { path });
        expect(text).toContain('"isError":true');
      }),
  },
  {
    name: '100 edits that do not fit, and writes of what is no text [CALL-7]',
    run: () =>
      inLanes(16, 100, async (i) => {
        const edits = [{ old: `none ${i}`, new: 'x' }];
        const { text } = await (i % 2 === 0
          ? load.call('edit_file', { path: at('a.txt'), edits })
          : load.call('write_file', { path: at('folder'), content: 'x' }));
        expect(text).toContain('"isError":true');
      }),
  },
  {
    name: '200 calls given up half-way [CALL-7]',
    run: () => load.givenUp(200, 'list_directory', () => ({ path: at('.'), depth: 10 }), 400),
  },
  {
    name: '40 writes over a file of 3 GB, which has to be read for it, given up half-way [CALL-7]',
    run: () => load.givenUp(40, 'write_file', () => ({ path: at('large.bin'), content: 'x' }), 300),
  },
  {
    name: '50 searches given up half-way [CALL-7 CMD-4]',
    run: () => load.givenUp(50, 'search_files', (i) => ({ path: at('.'), pattern: `none ${i}` }), 400),
  },
  {
    name: '10 searches of one line without end, given up half-way [CALL-7 CMD-4]',
    run: () => load.givenUp(10, 'search_files', () => ({ path: at('large.bin'), pattern: '^' }), 600),
  },
  {
    name: '30 commands given up half-way [CALL-7 CMD-4]',
    run: () => load.givenUp(30, 'run_command', () => ({ command: ['sleep', '60'], cwd: at('.') }), 600),
  },
  {
    name: '20 questions to what is no database [DB-2]',
    run: () =>
      inLanes(8, 20, async (i) => {
        const { text } = await load.call('query_database', { database: at('no.db'), sql: `SELECT ${i}` });
        expect(text).toContain('query_refused');
      }),
  },
  {
    name: '20 questions to a database without end, given up half-way [DB-3]',
    run: () => {
      const sql = 'WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c) SELECT max(n) FROM c';
      execFileSync(process.execPath, [
        '-e',
        `new (require('node:sqlite').DatabaseSync)(${JSON.stringify(at('a.db'))}).exec('CREATE TABLE IF NOT EXISTS t (n)')`,
      ]);
      return load.givenUp(20, 'query_database', () => ({ database: at('a.db'), sql }), 500);
    },
  },
  {
    name: '20 calls of git in a repository that is broken [GIT-1]',
    run: () =>
      inLanes(8, 20, async (i) => {
        const tool = ['git_status', 'git_log', 'git_diff', 'git_branches'][i % 4] ?? '';
        const revision = tool === 'git_log' ? { revision: 'main' } : {};
        const { text } = await load.call(tool, { path: at('broken'), ...revision });
        // What it says when it was started: a call with a wrong argument never comes so far.
        expect(text).toMatch(
          /git refused: |There is no commit main|"branch":"\(unknown\)"|"patch":""|"branches":/,
        );
      }),
  },
  {
    name: '200 requests cut off in the middle [CALL-7]',
    run: () => cut(200, target.mcpPort, half, 100),
  },
  {
    name: '200 requests of the panel cut off in the middle [CALL-7]',
    run: () =>
      cut(
        200,
        target.panelPort,
        (i) => {
          const bearer = `Authorization: Bearer ${target.host.ready.panelToken}`;
          const first = `POST /api/${i % 2 === 0 ? 'audit.search' : 'audit.export'} HTTP/1.1`;
          const type = 'Content-Type: application/json';
          return `${head(target.panelPort, first, [bearer, type], i % 3 === 0 ? 900 : 16)}{"format":"csv"}`;
        },
        100,
      ),
  },
  {
    name: '100 streams of events opened at the panel and dropped [ACC-13]',
    run: async () => {
      const bearer = `Authorization: Bearer ${target.host.ready.panelToken}`;
      for (let round = 0; round < 2; round++)
        await cut(
          50,
          target.panelPort,
          () => head(target.panelPort, 'GET /api/events HTTP/1.1', [bearer], 0),
          100,
        );
    },
  },
  {
    name: '100 streams that listen for changes, opened and dropped [ACC-13]',
    run: async () => {
      const given = new AbortController();
      const listen = () =>
        load.rpc(
          'subscriptions/listen',
          { notifications: { toolsListChanged: true } },
          { signal: given.signal },
        );
      const open = Array.from({ length: 50 }, listen);
      await sleep(300);
      given.abort();
      await Promise.all(open);
    },
  },
  {
    name: '100 sessions opened and never closed, each with a stream [ACC-13]',
    run: async () => {
      const given = new AbortController();
      const streams: Promise<unknown>[] = [];
      await inLanes(8, 100, async () => {
        const response = await fetch(target.host.ready.mcp, {
          method: 'POST',
          headers: {
            authorization: `Bearer ${target.token}`,
            'content-type': 'application/json',
            accept: 'application/json, text/event-stream',
            connection: 'close',
          },
          body: JSON.stringify(initialize),
        });
        await response.text();
        const session = response.headers.get('mcp-session-id') ?? '';
        expect(session).not.toBe('');
        const headers = { 'mcp-session-id': session, 'mcp-protocol-version': '2025-11-25' };
        streams.push(load.send('', headers, { method: 'GET', signal: given.signal }));
      });
      await sleep(300);
      given.abort();
      await Promise.all(streams);
    },
  },
];

describe.skipIf(!TELLS)('nothing of the host’s is used up by', () => {
  it.each(attacks.map((one) => [one.name, one] as const))('%s', async (_name, { run }) => {
    const before = usage();
    await run();
    load.close();
    expect(await left(before)).toEqual([]);
    await expect.poll(async () => (await target.host.api('server.status')).activeCalls).toBe(0);
    expect(await target.harm()).toEqual([]);
  });
});

describe.skipIf(!TELLS)('a client that asks for much at once', () => {
  it('has few programs run at a time, and another client is served meanwhile [ACC-13 CALL-7]', async () => {
    const other = await box.connect(target.host, await box.addClient('Neighbour'));
    const before = usage();
    let most = 0;
    const given = new AbortController();
    const watch = setInterval(() => {
      most = Math.max(most, usage().children.length);
    }, 20);
    const calls = Array.from({ length: 200 }, (_, i) =>
      load.call(
        ...([
          ['run_command', { command: ['sleep', '60'], cwd: at('.') }],
          ['search_files', { path: at('large.bin'), pattern: `none ${i}` }],
          ['git_status', { path: at('broken') }],
        ][i % 3] as [string, Record<string, unknown>]),
        { signal: given.signal },
      ),
    );
    await sleep(500);
    const began = performance.now();
    const read = await other.callTool({ name: 'read_file', arguments: { path: at('a.txt') } });
    expect([read.isError ?? false, performance.now() - began < 2000]).toEqual([false, true]);
    given.abort();
    await Promise.all(calls);
    clearInterval(watch);
    load.close();
    expect(most).toBeGreaterThan(0);
    expect(most).toBeLessThanOrEqual(32);
    expect(await left(before)).toEqual([]);
    expect(await target.harm()).toEqual([]);
  });

  it('leaves 20 questions to a person and no more, however often it asks and goes away [CALL-6]', async () => {
    await target.host.api('rules.add', { effect: 'ask', match: { kind: 'exec', argv: ['printf', '...'] } });
    const before = usage();
    const asked = (i: number) => ({ command: ['printf', `question ${i}`], cwd: at('.') });
    let round = 0;
    const again = async () => {
      await load.givenUp(20, 'run_command', (i) => asked(round * 20 + i), 200);
      round++;
      return target.host.api('approvals.list', { status: 'waiting' });
    };
    // On a busy machine, not every call comes to ask before it is given up.
    while (round < 40 && (await again()).length < 20);
    for (let more = 0; more < 3; more++) await again();
    const waiting = await again();
    expect(waiting).toHaveLength(20);
    const { text } = await load.call('run_command', asked(1000));
    expect(text).toContain('too_many_approvals');
    load.close();
    expect(await left(before)).toEqual([]);
    for (const { id } of waiting) await target.host.api('approvals.decide', { id, decision: 'deny' });
    expect(await target.harm()).toEqual([]);
  });

  it('is refused beyond what may be under way, and another is not [ACC-13]', async () => {
    const flood = new Load(target, 2000);
    const other = await box.connect(target.host, await box.addClient('Bystander'));
    const given = new AbortController();
    const statuses: number[] = [];
    const calls = Array.from({ length: 700 }, async () => {
      const path = { path: at('large.bin'), pattern: 'none' };
      const { status } = await flood.call('search_files', path, { signal: given.signal });
      statuses.push(status);
    });
    await expect.poll(() => statuses.length, { timeout: 10_000 }).toBeGreaterThanOrEqual(100);
    expect(new Set(statuses)).toEqual(new Set([429]));
    const read = await other.callTool({ name: 'read_file', arguments: { path: at('a.txt') } });
    expect(read.isError ?? false).toBe(false);
    given.abort();
    await Promise.all(calls);
    flood.close();
    expect(await target.harm()).toEqual([]);
  });

  it('cannot make itself known by itself, under any path [ACC-4]', async () => {
    const clients = (await target.host.api('clients.list')).length;
    const origin = new URL(target.host.ready.mcp).origin;
    for (const path of [
      'register',
      'mcp/register',
      'oauth/register',
      '.well-known/oauth-authorization-server',
    ])
      for (const method of ['GET', 'POST'])
        for (let i = 0; i < 20; i++) {
          const body = method === 'POST' ? JSON.stringify({ client_name: `Client ${i}` }) : '';
          const { status } = await load.send(body, {}, { url: `${origin}/${path}`, method });
          expect(status).toBe(404);
        }
    expect((await target.host.api('clients.list')).length).toBe(clients);
    load.close();
  });
});

describe.skipIf(!TELLS)('a host that may open 256 files', () => {
  const FILES = 256;
  let small: Sandbox;
  let held: Target;
  let sockets: Socket[];

  beforeAll(async () => {
    small = new Sandbox();
    held = await Target.start(small, FILES);
    writeFileSync(join(small.workspace, 'a.txt'), 'hello\n');
    await held.harm();
    sockets = [];
  });
  afterAll(async () => {
    for (const socket of sockets) socket.destroy();
    await small?.close();
  });

  it('answers a good client and the person while 800 connections are held open, and is well afterwards [ACC-13]', async () => {
    const before = usageOf(held.host.ready.pid);
    for (let i = 0; i < 800; i++) {
      const port = i % 2 === 0 ? held.mcpPort : held.panelPort;
      const socket = connect(port, '127.0.0.1');
      socket.on('error', () => {});
      if (i % 4 < 2) socket.write(`POST /mcp HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nX-A: `);
      sockets.push(socket);
      if (i % 100 === 99) expect(await held.harm()).toEqual([]);
    }
    const fresh = await small.connect(held.host, await small.addClient('Newcomer'));
    const read = await fresh.callTool({ name: 'read_file', arguments: { path: 'a.txt' } });
    expect(read.isError ?? false).toBe(false);
    expect(usageOf(held.host.ready.pid).connections).toBeLessThan(FILES / 2);
    for (const socket of sockets.splice(0)) socket.destroy();
    const after = () => usageOf(held.host.ready.pid).connections;
    await expect.poll(after, { timeout: 10_000 }).toBeLessThanOrEqual(before.connections + MARGIN);
    expect(await held.harm()).toEqual([]);
  });

  it('answers or refuses each of 300 calls at once that each need files and programs [ACC-13 FLT-2]', async () => {
    execFileSync('git', ['init', '-q', small.workspace]);
    for (const match of [
      { kind: 'exec', argv: ['sleep', '...'] },
      { kind: 'query', databases: ['**'], access: 'read' },
    ])
      await held.host.api('rules.add', { effect: 'allow', match });
    await held.harm();
    const flood = new Load(held, 40);
    const answers = await Promise.all(
      Array.from({ length: 300 }, (_, i) => {
        const [tool, args] = [
          ['read_file', { path: 'a.txt' }],
          ['search_files', { pattern: `none ${i}` }],
          ['git_status', {}],
          ['run_command', { command: ['sleep', '0.2'] }],
          ['query_database', { database: 'a.txt', sql: 'SELECT 1' }],
        ][i % 5] as [string, Record<string, unknown>];
        return flood.call(tool, args);
      }),
    );
    flood.close();
    const kinds = new Map<string, number>();
    for (const { status, text } of answers) {
      const code = /"fastband\/code":"(\w+)"/.exec(text)?.[1] ?? (text.includes('"content"') ? 'ok' : text);
      kinds.set(`${status} ${code}`, (kinds.get(`${status} ${code}`) ?? 0) + 1);
    }
    // Or it is told to wait.
    expect([...kinds.keys()].filter((kind) => !/^200 \w+$|^429 .*Wait for their answers/.test(kind))).toEqual(
      [],
    );
    expect(kinds.get('200 ok')).toBeGreaterThan(50);
    expect(kinds.get('200 query_refused')).toBeGreaterThan(0);
    expect(kinds.get('200 invalid_input')).toBeUndefined();
    expect(await held.harm()).toEqual([]);
  });
});
