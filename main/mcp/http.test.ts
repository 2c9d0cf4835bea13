import { randomBytes } from 'node:crypto';
import { request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import {
  Client as ModernClient,
  StreamableHTTPClientTransport as ModernTransport,
} from '@modelcontextprotocol/client';
import { Client as OldClient } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport as OldTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { ToolListChangedNotificationSchema } from '@modelcontextprotocol/sdk/types.js';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Effect } from '../../contract/effects.ts';
import type { Client } from '../../contract/entities.ts';
import { Bench, fakeTool, realClock, silentLog } from '../core/testing.ts';
import { ToolRegistry } from '../tools/registry.ts';
import { MAX_BODY_BYTES } from './body.ts';
import { McpHttp, type Patience } from './http.ts';
import { McpServerFactory } from './server.ts';

const read: Effect = { kind: 'read', workspace: 'shop', path: 'a.ts' };
const write: Effect = { kind: 'write', workspace: 'shop', path: 'a.ts', op: 'modify' };
const client = (id: string): Client => ({ id, name: `client ${id}`, createdAt: 0, toolsOff: [] });

let bench: Bench;
let http: McpHttp;
let server: (patience?: Patience) => McpHttp;
let url: URL;
let tokens: Map<string, Client>;
let off: Set<string>;
let failures: string[];
let perMinute: number;
let aborted: number;
let closers: (() => Promise<unknown>)[];

beforeEach(async () => {
  aborted = 0;
  const tools = [
    fakeTool('look', [read], (plan) => {
      const { input } = plan.data as { input: { text?: string } };
      return {
        output: { ok: true },
        content: [{ type: 'text', text: `saw ${input.text}` }],
        summary: 'looked',
      };
    }),
    fakeTool('change', [write]),
    fakeTool('slow', [read], (_, context) => {
      context.progress('first', 1, 2);
      return new Promise((_resolve, reject) =>
        context.signal.addEventListener('abort', () => {
          aborted++;
          reject(context.signal.reason);
        }),
      );
    }),
  ];
  bench = new Bench(tools, realClock);
  off = new Set();
  const registry = new ToolRegistry(tools, () => off);
  tokens = new Map([
    ['token-one', client('k1')],
    ['token-two', client('k2')],
  ]);
  failures = [];
  perMinute = 0;
  closers = [];
  server = (patience) =>
    new McpHttp({
      factory: new McpServerFactory({
        registry,
        dispatcher: bench.dispatcher,
        resources: [],
        clientToolsOff: () => new Set<string>(),
        version: '0',
        clock: realClock,
      }),
      authenticate: (token) => tokens.get(token),
      onAuthFailure: (what) => failures.push(what),
      callsPerMinute: () => perMinute,
      random: (bytes) => randomBytes(bytes),
      clock: realClock,
      log: silentLog,
      ...(patience === undefined ? {} : { patience }),
    });
  http = server();
  url = new URL(await http.listen(0));
});

afterEach(async () => {
  await Promise.all(closers.map((close) => close()));
  await http.close();
});

async function modern(token = 'token-one', options: ConstructorParameters<typeof ModernClient>[1] = {}) {
  const one = new ModernClient(
    { name: 'test', version: '1' },
    { versionNegotiation: { mode: { pin: '2026-07-28' } }, ...options },
  );
  await one.connect(
    new ModernTransport(url, { requestInit: { headers: { Authorization: `Bearer ${token}` } } }),
  );
  closers.push(() => one.close());
  return one;
}

async function old(token = 'token-one') {
  const one = new OldClient({ name: 'test', version: '1' });
  const transport = new OldTransport(url, { requestInit: { headers: { Authorization: `Bearer ${token}` } } });
  await one.connect(transport as Parameters<OldClient['connect']>[0]);
  closers.push(() => one.close());
  return { client: one, transport };
}

interface Answer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  text: string;
}

function raw(options: {
  method?: string;
  path?: string;
  headers?: Record<string, string>;
  body?: string | Buffer;
}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const { method = 'POST', path = '/mcp', headers = {}, body } = options;
    const req = httpRequest(
      {
        host: '127.0.0.1',
        port: url.port,
        method,
        path,
        headers: { 'content-type': 'application/json', authorization: 'Bearer token-one', ...headers },
        agent: false,
      },
      (res) => {
        let text = '';
        res.setEncoding('utf8');
        res.on('data', (chunk: string) => (text += chunk));
        res.on('end', () => resolve({ status: res.statusCode ?? 0, headers: res.headers, text }));
      },
    );
    req.on('error', reject);
    req.end(body);
  });
}

const rpc = (method: string, params: object = {}, id: number | string = 1) =>
  JSON.stringify({ jsonrpc: '2.0', id, method, params });

/** What any client begins with. */
const hello = (headers: Record<string, string>) =>
  raw({
    headers: { accept: 'application/json, text/event-stream', ...headers },
    body: rpc('initialize', {
      protocolVersion: '2025-11-25',
      capabilities: {},
      clientInfo: { name: 'test', version: '1' },
    }),
  });

describe('every request [ACC-2]', () => {
  it.each([
    ['no token', { authorization: '' }, 401],
    ['another scheme', { authorization: 'Basic dG9rZW4tb25l' }, 401],
    ['an unknown token', { authorization: 'Bearer token-three' }, 401],
    ['a token in the wrong case', { authorization: 'Bearer TOKEN-ONE' }, 401],
    ['a foreign Host', { host: 'evil.example' }, 403],
    ['a Host that rebinds', { host: '127.0.0.1.evil.example' }, 403],
    ['a Host with credentials', { host: '127.0.0.1@evil.example' }, 403],
    ['a foreign Origin', { origin: 'https://evil.example' }, 403],
    ['an opaque Origin', { origin: 'null' }, 403],
    ['a twin of our Origin', { origin: 'http://127.0.0.1.evil.example' }, 403],
    ["another port's Origin", { origin: 'http://localhost:3000' }, 403],
    ['an Origin without our port', { origin: 'http://127.0.0.1' }, 403],
    ["another port's Host", { host: 'localhost:3000' }, 403],
    ['a Host without our port', { host: '127.0.0.1' }, 403],
    ['another media type', { 'content-type': 'text/plain' }, 415],
    ['a form', { 'content-type': 'application/x-www-form-urlencoded' }, 415],
  ] as [string, Record<string, string>, number][])(
    'with %s is refused [ACC-2]',
    async (_, headers, status) => {
      const answer = await raw({ headers, body: rpc('tools/list') });
      expect(answer.status).toBe(status);
      expect(JSON.parse(answer.text)).toMatchObject({
        jsonrpc: '2.0',
        id: null,
        error: { code: expect.any(Number) },
      });
      expect(answer.text).not.toContain('evil');
    },
  );

  it.each(['/', '/mcp/', '/mcp?x=1', '//mcp', '/MCP', '/mcp/../mcp'])('at %s is not found', async (path) => {
    expect((await raw({ path, body: rpc('tools/list') })).status).toBe(404);
  });

  it('gets no CORS header, not even for a preflight [ACC-3]', async () => {
    for (const answer of [
      await raw({
        method: 'OPTIONS',
        headers: { origin: 'http://localhost:3000', 'access-control-request-method': 'POST' },
      }),
      await raw({ headers: { origin: 'http://localhost:3000' }, body: rpc('tools/list') }),
    ]) {
      expect(Object.keys(answer.headers).filter((name) => name.startsWith('access-control'))).toEqual([]);
    }
  });

  it('is served to a page of its own address, by each of its names [ACC-2]', async () => {
    for (const name of ['127.0.0.1', 'localhost', '[::1]']) {
      const host = `${name}:${url.port}`;
      const answer = await hello({ host, origin: `http://${host}` });
      expect([name, answer.status]).toEqual([name, 200]);
    }
  });

  it('with a wrong token is told to wait after ten of them, and one with the right token passes [ACC-10]', async () => {
    const guess = (authorization: string) => hello({ authorization });
    const statuses: number[] = [];
    for (let i = 0; i < 12; i++) statuses.push((await guess(`Bearer token-${i + 100}`)).status);
    expect(statuses).toEqual([...Array<number>(10).fill(401), 429, 429]);
    expect(Number((await guess('Bearer token-three')).headers['retry-after'])).toBeGreaterThan(50);
    // Clients ask without a token first, to learn that they need one.
    expect((await guess('')).status).toBe(401);
    expect((await guess('Bearer token-two')).status).toBe(200);
  });

  it('is counted when its token is not known [ACC-11]', async () => {
    await raw({ headers: { authorization: '' }, body: '' });
    await raw({ headers: { authorization: 'Bearer no' }, body: '' });
    expect(failures).toEqual(['a request without a token', 'a request with an unknown or revoked token']);
  });

  it.each([
    ['declared', { 'content-length': String(MAX_BODY_BYTES + 1) }, Buffer.alloc(MAX_BODY_BYTES + 1, 32)],
    ['found while reading', { 'transfer-encoding': 'chunked' }, Buffer.alloc(MAX_BODY_BYTES + 1, 32)],
  ])('over 4 MiB is refused, size %s [ACC-13]', async (_, headers, body) => {
    const answer = await raw({ headers, body }).catch((error: NodeJS.ErrnoException) => error.code);
    // The refusal may come before the whole body has been sent; the sender then sees the closed connection.
    expect(['EPIPE', 'ECONNRESET', 413]).toContain(typeof answer === 'object' ? answer.status : answer);
  });

  it.each([
    ['no JSON', '{"jsonrpc":'],
    ['nothing', ''],
    ['bad UTF-8', Buffer.from([0x22, 0xff, 0x22])],
    ['deep nesting', `${'['.repeat(100)}${']'.repeat(100)}`],
    ['deep nesting behind a string', `{"a":"]]]]","b":${'{"b":'.repeat(80)}1${'}'.repeat(80)}}`],
  ])('with %s as its body is a parse error', async (_, body) => {
    const answer = await raw({ body });
    expect(answer.status).toBe(400);
    expect(JSON.parse(answer.text)).toMatchObject({ error: { code: -32700 }, id: null });
  });

  it('over the rate is told when to come back, and another client is not [ACC-13]', async () => {
    perMinute = 3;
    const statuses = [];
    for (let i = 0; i < 5; i++) statuses.push((await raw({ body: rpc('ping') })).status);
    expect(statuses.slice(3)).toEqual([429, 429]);
    const limited = await raw({ body: rpc('ping') });
    expect(Number(limited.headers['retry-after'])).toBeGreaterThanOrEqual(1);
    expect(
      (await raw({ body: rpc('ping'), headers: { authorization: 'Bearer token-two' } })).status,
    ).not.toBe(429);
  });

  it('of many messages is counted as many [ACC-13]', async () => {
    const { transport } = await old('token-one');
    const headers = {
      'mcp-session-id': transport.sessionId ?? '',
      accept: 'application/json, text/event-stream',
    };
    perMinute = 30;
    const batch = (size: number) =>
      raw({ headers, body: `[${Array.from({ length: size }, (_, i) => rpc('tools/list', {}, i)).join()}]` });
    const [all, more] = [await batch(25), await batch(25)];
    expect([all.status, more.status]).toEqual([200, 429]);
    expect(all.text.match(/"id":/g)).toHaveLength(25);
  });

  it('beyond those that may be under way is refused, and another client’s is not [ACC-13]', async () => {
    const { transport } = await old('token-one');
    const headers = {
      'mcp-session-id': transport.sessionId ?? '',
      accept: 'application/json, text/event-stream',
    };
    const call = (id: number) => rpc('tools/call', { name: 'slow', arguments: {} }, id);
    const batch = (at: number) => `[${Array.from({ length: 100 }, (_, i) => call(at + i)).join()}]`;
    const held = Array.from({ length: 6 }, (_, i) => {
      const req = httpRequest({
        ...{ host: '127.0.0.1', port: url.port, method: 'POST', path: '/mcp', agent: false },
        headers: { 'content-type': 'application/json', authorization: 'Bearer token-one', ...headers },
      });
      req.on('error', () => {});
      const status = new Promise((resolve) => req.on('response', (res) => resolve(res.statusCode)));
      req.end(batch(1000 * i));
      return { req, status };
    });
    expect(
      await Promise.race(
        held.map(async ({ status }) => ((await status) === 429 ? 429 : new Promise(() => {}))),
      ),
    ).toBe(429);
    expect(bench.dispatcher.activeCalls).toBeLessThanOrEqual(32);
    expect(
      (await raw({ body: rpc('ping'), headers: { authorization: 'Bearer token-two' } })).status,
    ).not.toBe(429);
    for (const { req } of held) req.destroy();
    await expect
      .poll(async () => (await raw({ headers, body: rpc('tools/list') })).status, { timeout: 10_000 })
      .toBe(200);
  });

  it('that never ends its headers does not hold up others [ACC-13]', async () => {
    const slow = connect(Number(url.port), '127.0.0.1');
    slow.write(`POST /mcp HTTP/1.1\r\nHost: 127.0.0.1:${url.port}\r\n`);
    const one = await modern();
    expect((await one.listTools()).tools).toHaveLength(3);
    slow.destroy();
  });

  it.each([
    ['its headers', ''],
    ['its body', 'Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{'],
  ])('that never ends %s is refused in time [ACC-13]', async (_, more) => {
    await http.close();
    http = server({ headers: 300, whole: 600 });
    url = new URL(await http.listen(0));
    const slow = connect(Number(url.port), '127.0.0.1');
    slow.setEncoding('utf8').on('error', () => {});
    let answer = '';
    slow.on('data', (chunk: string) => (answer += chunk));
    slow.write(`POST /mcp HTTP/1.1\r\nHost: ${url.host}\r\nAuthorization: Bearer token-one\r\n${more}`);
    await expect.poll(() => slow.closed, { timeout: 10_000 }).toBe(true);
    expect(answer).toMatch(/^HTTP\/1.1 408 /);
  });

  it('that names no session of its own is refused', async () => {
    expect((await raw({ body: rpc('tools/list') })).status).toBe(400);
    expect((await raw({ body: rpc('tools/list'), headers: { 'mcp-session-id': 'made-up' } })).status).toBe(
      404,
    );
    expect((await raw({ method: 'GET', headers: { accept: 'text/event-stream' } })).status).toBe(400);
  });
});

interface CallOptions {
  signal?: AbortSignal;
  onprogress?: (progress: { message?: string | undefined }) => void;
}

/** Both SDK lines behind one shape: their `callTool` take the same options at different places. */
async function eitherClient(era: string, token?: string) {
  if (era === '2026-07-28') {
    const one = await modern(token);
    return {
      listTools: () => one.listTools(),
      instructions: () => one.getInstructions(),
      callTool: (name: string, input: object, options?: CallOptions) =>
        one.callTool({ name, arguments: { ...input } }, options),
    };
  }
  const { client: one } = await old(token);
  return {
    listTools: () => one.listTools(),
    instructions: () => one.getInstructions(),
    callTool: (name: string, input: object, options?: CallOptions) =>
      one.callTool({ name, arguments: { ...input } }, undefined, options),
  };
}

describe.each(['2026-07-28', '2025-11-25'])('a client of %s', (era) => {
  const connectClient = (token?: string) => eitherClient(era, token);

  it('lists tools with hints that follow from their risk', async () => {
    const one = await connectClient();
    const { tools } = await one.listTools();
    expect(tools.map((tool) => [tool.name, tool.annotations?.readOnlyHint])).toEqual([
      ['look', true],
      ['change', false],
      ['slow', true],
    ]);
    expect(tools[0]?.outputSchema).toMatchObject({ type: 'object' });
    expect(one.instructions()).toContain('wait for a person');
  });

  it('calls a tool and gets text and structure', async () => {
    const one = await connectClient();
    const result = await one.callTool('look', { text: 'it' });
    expect(result).toMatchObject({
      content: [{ type: 'text', text: 'saw it' }],
      structuredContent: { ok: true },
    });
  });

  it('reads of an error without a stack, and of an unknown tool as an error of the protocol [CALL-5]', async () => {
    const one = await connectClient();
    const result = await one.callTool('look', { text: 1 });
    expect(result).toMatchObject({ isError: true, _meta: { 'fastband/code': 'invalid_input' } });
    expect(JSON.stringify(result)).not.toMatch(/node_modules|\.ts:/);
    await expect(one.callTool('nope', {})).rejects.toMatchObject({ code: -32602 });
  });

  it('waits for a person, with progress, and runs what was allowed', async () => {
    const one = await connectClient();
    const told: string[] = [];
    const call = one.callTool('change', {}, { onprogress: (progress) => told.push(progress.message ?? '') });
    await expect.poll(() => bench.approvals.waiting).toBe(1);
    await expect.poll(() => told.length).toBeGreaterThan(0);
    const [approval] = bench.approvals.list('waiting', 1);
    bench.approvals.decide({ id: approval?.id ?? '', decision: 'allow', scope: 'once' });
    expect(await call).toMatchObject({ structuredContent: { ok: true } });
    expect(told[0]).toContain('client k1 wants to change a.ts');
  });

  it('cancels a call that runs', async () => {
    const one = await connectClient();
    const controller = new AbortController();
    const call = one.callTool('slow', {}, { signal: controller.signal }).catch(() => 'gone');
    await expect.poll(() => bench.dispatcher.activeCalls).toBe(1);
    controller.abort();
    expect(await call).toBe('gone');
    await expect.poll(() => aborted).toBe(1);
  });

  it('that is revoked loses what it has open [ACC-5]', async () => {
    const one = await connectClient();
    const call = one.callTool('slow', {});
    await expect.poll(() => bench.dispatcher.activeCalls).toBe(1);
    tokens.delete('token-one');
    bench.revoked.add('k1');
    bench.dispatcher.policyChanged();
    http.disconnect('k1');
    expect(await call).toMatchObject({ isError: true, _meta: { 'fastband/code': 'client_revoked' } });
    await expect.poll(() => aborted).toBe(1);
    await expect(one.listTools()).rejects.toThrow();
  });

  it('never sees the replies of another client that uses the same ids [ACC-12]', async () => {
    const [one, two] = [await connectClient('token-one'), await connectClient('token-two')];
    const calls = Array.from({ length: 20 }, async (_, i) => {
      const [a, b] = await Promise.all([
        one.callTool('look', { text: `one ${i}` }),
        two.callTool('look', { text: `two ${i}` }),
      ]);
      expect(a.content).toEqual([{ type: 'text', text: `saw one ${i}` }]);
      expect(b.content).toEqual([{ type: 'text', text: `saw two ${i}` }]);
    });
    await Promise.all(calls);
  });
});

describe('a change of the tools', () => {
  /** Told until heard: when a stream is open on the other side is the client's business. */
  let heard = 0;
  const tellAgain = () => {
    http.toolsChanged();
    return heard;
  };
  beforeEach(() => {
    heard = 0;
  });

  it('reaches a client of 2026-07-28 that listens', async () => {
    const one = await modern('token-one', {
      listChanged: { tools: { debounceMs: 0, onChanged: () => void heard++ } },
    });
    expect((await one.listTools()).tools).toHaveLength(3);
    off.add('change');
    await expect.poll(() => tellAgain(), { timeout: 3000, interval: 100 }).toBeGreaterThan(0);
    expect((await one.listTools()).tools.map((tool) => tool.name)).toEqual(['look', 'slow']);
  });

  it('reaches a client of 2025-11-25', async () => {
    const { client: one } = await old();
    one.setNotificationHandler(ToolListChangedNotificationSchema, () => void heard++);
    off.add('change');
    await expect.poll(() => tellAgain(), { timeout: 3000, interval: 100 }).toBeGreaterThan(0);
    expect((await one.listTools()).tools.map((tool) => tool.name)).toEqual(['look', 'slow']);
  });
});

describe('a client is connected', () => {
  const connected = () => http.isConnected('k1');

  it('of 2026-07-28 while it listens, of 2025-11-25 while its stream is open, and no other for it', async () => {
    expect(connected()).toBe(false);
    const listening = await modern('token-one', { listChanged: { tools: { onChanged: () => {} } } });
    await expect.poll(connected).toBe(true);
    expect(http.isConnected('k2')).toBe(false);
    await listening.close();
    await expect.poll(connected).toBe(false);
    const { client: one } = await old();
    await expect.poll(connected).toBe(true);
    await one.close();
    await expect.poll(connected).toBe(false);
  });

  it('while a call is under way, and not after it', async () => {
    const one = await modern();
    await one.listTools();
    await expect.poll(connected).toBe(false);
    const stop = new AbortController();
    const waits = one.callTool({ name: 'slow', arguments: {} }, { signal: stop.signal }).catch(() => {});
    await expect.poll(connected).toBe(true);
    stop.abort();
    await waits;
    await expect.poll(connected).toBe(false);
  });
});

describe('a session of 2025-11-25', () => {
  it('does not exist for another client [ACC-12]', async () => {
    const { transport } = await old('token-one');
    const headers = {
      'mcp-session-id': transport.sessionId ?? '',
      accept: 'application/json, text/event-stream',
    };
    expect(
      (await raw({ headers: { ...headers, authorization: 'Bearer token-two' }, body: rpc('tools/list') }))
        .status,
    ).toBe(404);
    expect(
      (await raw({ method: 'DELETE', headers: { ...headers, authorization: 'Bearer token-two' } })).status,
    ).toBe(404);
    expect((await raw({ headers, body: rpc('tools/list') })).status).toBe(200);
  });

  it('takes a lost connection as a cancelled call', async () => {
    const { transport } = await old('token-one');
    const lost = httpRequest({
      host: '127.0.0.1',
      port: url.port,
      method: 'POST',
      path: '/mcp',
      agent: false,
      headers: {
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
        authorization: 'Bearer token-one',
        'mcp-session-id': transport.sessionId ?? '',
      },
    });
    lost.on('error', () => {});
    lost.end(rpc('tools/call', { name: 'slow', arguments: {} }, 77));
    await expect.poll(() => bench.dispatcher.activeCalls).toBe(1);
    lost.destroy();
    await expect.poll(() => aborted).toBe(1);
  });

  it('ends with its DELETE', async () => {
    const { transport } = await old('token-one');
    const headers = {
      'mcp-session-id': transport.sessionId ?? '',
      accept: 'application/json, text/event-stream',
    };
    expect((await raw({ method: 'DELETE', headers })).status).toBe(200);
    expect((await raw({ headers, body: rpc('tools/list') })).status).toBe(404);
  });
});

describe('the port', () => {
  it('that is taken is named', async () => {
    const other = new McpHttp({
      factory: new McpServerFactory({
        registry: new ToolRegistry([], () => off),
        dispatcher: bench.dispatcher,
        resources: [],
        clientToolsOff: () => new Set<string>(),
        version: '0',
        clock: realClock,
      }),
      authenticate: () => undefined,
      onAuthFailure: () => {},
      callsPerMinute: () => 0,
      random: (bytes) => randomBytes(bytes),
      clock: realClock,
      log: silentLog,
    });
    await expect(other.listen(Number(url.port))).rejects.toMatchObject({
      code: 'port_in_use',
      message: expect.stringContaining(url.port),
    });
  });
});

describe('stopping', () => {
  it('ends open streams and calls without waiting for their clients', async () => {
    const one = await modern();
    const call = one.callTool({ name: 'slow', arguments: {} }).then(
      () => 'answered',
      () => 'gone',
    );
    await expect.poll(() => bench.dispatcher.activeCalls).toBe(1);
    const { client: other } = await old();
    const before = performance.now();
    await bench.dispatcher.stop();
    await http.close();
    expect(performance.now() - before).toBeLessThan(2000);
    expect(['gone', 'answered']).toContain(await call);
    await expect(other.listTools()).rejects.toThrow();
  });
});
