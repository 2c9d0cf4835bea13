import { execFile, spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { createServer, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Client } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { Client as OldClient } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport as OldStdio } from '@modelcontextprotocol/sdk/client/stdio.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type App, composeApp } from '../main/app.ts';
import { silentLog } from '../main/core/testing.ts';
import { nodePorts } from '../main/node-ports.ts';
import { FIXTURE_RESOURCES, FIXTURE_TOOLS } from './conformance-fixtures.ts';
import { BIN, type Host, Sandbox } from './host.ts';

const run = promisify(execFile);
const PEERS = join(import.meta.dirname, 'peers', 'node_modules');

let box: Sandbox;
let host: Host;
let token: string;

beforeAll(async () => {
  box = new Sandbox();
  writeFileSync(join(box.workspace, 'a.txt'), 'hello\n');
  host = await box.serve();
  token = await box.addClient('Peers');
});
afterAll(() => box.close());

const bridge = () => ({
  command: process.execPath,
  args: [BIN, 'stdio', '--home', box.home],
  env: { PATH: process.env.PATH ?? '', FASTBAND_TOKEN: token },
});

describe('the stdio bridge', () => {
  it('serves a client of the current protocol', async () => {
    const client = new Client(
      { name: 'v2', version: '1' },
      { versionNegotiation: { mode: { pin: '2026-07-28' } } },
    );
    await client.connect(new StdioClientTransport(bridge()));
    expect((await client.listTools()).tools.length).toBeGreaterThan(20);
    expect((await client.callTool({ name: 'read_file', arguments: { path: 'a.txt' } })).content).toEqual([
      { type: 'text', text: 'hello\n' },
    ]);
    await client.close();
  });

  it('serves a client of 2025-11-25, and tells it when tools change', async () => {
    const client = new OldClient({ name: 'v1', version: '1' });
    let heard = 0;
    client.fallbackNotificationHandler = async ({ method }) => {
      if (method === 'notifications/tools/list_changed') heard++;
    };
    await client.connect(new OldStdio(bridge()));
    const before = (await client.listTools()).tools.length;
    expect((await client.callTool({ name: 'read_file', arguments: { path: 'a.txt' } })).content).toEqual([
      { type: 'text', text: 'hello\n' },
    ]);
    await host.api('tools.setEnabled', { name: 'get_version', enabled: false });
    await expect.poll(() => heard).toBeGreaterThan(0);
    expect((await client.listTools()).tools.length).toBe(before - 1);
    await host.api('tools.setEnabled', { name: 'get_version', enabled: true });
    await client.close();
  });

  it('is shown as connected for as long as its client listens', async () => {
    const connected = async () =>
      (await host.api('clients.list')).filter((one) => one.connected).map(({ name }) => name);
    const modern = new Client(
      { name: 'v2', version: '1' },
      {
        versionNegotiation: { mode: { pin: '2026-07-28' } },
        listChanged: { tools: { onChanged: () => {} } },
      },
    );
    const old = new OldClient({ name: 'v1', version: '1' });
    for (const [client, transport] of [
      [modern, new StdioClientTransport(bridge())],
      [old, new OldStdio(bridge())],
    ] as const) {
      await expect.poll(connected).toEqual([]);
      await client.connect(transport as never);
      await expect.poll(connected).toEqual(['Peers']);
      await client.close();
    }
    await expect.poll(connected).toEqual([]);
  });

  it('waits with its client for a person', async () => {
    const client = new OldClient({ name: 'v1', version: '1' });
    await client.connect(new OldStdio(bridge()));
    const call = client.callTool({ name: 'write_file', arguments: { path: 'b.txt', content: 'b' } });
    await host.allow();
    expect((await call).isError).toBeFalsy();
    await client.close();
  });

  it.each([
    [
      'no host',
      () => ({ home: join(box.folder, 'nobody'), env: { FASTBAND_TOKEN: token } }),
      /fastband serve/,
    ],
    ['no token', () => ({ home: box.home, env: {} }), /FASTBAND_TOKEN/],
    ['a wrong token', () => ({ home: box.home, env: { FASTBAND_TOKEN: `fb_${'x'.repeat(43)}` } }), /token/i],
  ] as [string, () => { home: string; env: Record<string, string> }, RegExp][])(
    'says plainly that there is %s, on stderr alone',
    async (_, where, says) => {
      const { home, env } = where();
      const child = spawn(process.execPath, [BIN, 'stdio', '--home', home], {
        env: { PATH: process.env.PATH, ...env },
      });
      let stdout = '';
      let stderr = '';
      child.stdout.on('data', (text: Buffer) => (stdout += String(text)));
      child.stderr.on('data', (text: Buffer) => (stderr += String(text)));
      child.stdin.write(
        `${JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'initialize', params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 't', version: '1' } } })}\n`,
      );
      const code = await new Promise((resolve) => child.on('close', resolve));
      expect(code).toBe(1);
      expect(stderr).toMatch(says);
      for (const line of stdout.split('\n').filter(Boolean))
        expect(JSON.parse(line)).toMatchObject({ jsonrpc: '2.0' });
    },
  );
});

describe('the MCP inspector', () => {
  it('lists and calls tools', async () => {
    const inspect = (...args: string[]) =>
      run(process.execPath, [
        join(PEERS, '.bin', 'mcp-inspector'),
        '--cli',
        host.ready.mcp,
        '--transport',
        'http',
        '--header',
        `Authorization: Bearer ${token}`,
        ...args,
      ]);
    const listed = JSON.parse((await inspect('--method', 'tools/list')).stdout) as {
      tools: { name: string }[];
    };
    expect(listed.tools.map((tool) => tool.name)).toContain('read_file');
    const called = JSON.parse(
      (await inspect('--method', 'tools/call', '--tool-name', 'read_file', '--tool-arg', 'path=a.txt'))
        .stdout,
    ) as { content: unknown };
    expect(called.content).toEqual([{ type: 'text', text: 'hello\n' }]);
  });
});

describe('the conformance suites', () => {
  let app: App;
  let proxy: Server;
  let url: string;

  beforeAll(async () => {
    const home = join(box.folder, 'conformance-home');
    app = await composeApp(nodePorts({ home, log: silentLog }), {
      role: 'host',
      tools: FIXTURE_TOOLS,
      resources: [FIXTURE_RESOURCES],
    });
    await app.handle('workspaces.add', { root: box.workspace });
    await app.handle('settings.update', { limits: { callsPerMinute: 0 } });
    const created = await app.handle('clients.create', { name: 'Conformance' });
    const { port } = new URL((await app.start({ port: 0 })).mcp);
    // The suites know no tokens: this adds one and passes all else through as it came, Host and Origin included, but
    // that it names the server's port there in place of its own.
    proxy = createServer((req, res) => {
      const own = `:${(proxy.address() as AddressInfo).port}`;
      const { host, origin } = req.headers;
      const up = request(
        {
          host: '127.0.0.1',
          port,
          path: req.url,
          method: req.method,
          headers: {
            ...req.headers,
            ...(host === undefined ? {} : { host: host.replace(own, `:${port}`) }),
            ...(origin === undefined ? {} : { origin: origin.replace(own, `:${port}`) }),
            authorization: `Bearer ${created.token}`,
          },
        },
        (answer) => {
          res.writeHead(answer.statusCode ?? 500, answer.headers);
          answer.pipe(res);
        },
      );
      up.on('error', () => res.destroy());
      res.on('close', () => up.destroy());
      req.pipe(up);
    });
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}/mcp`;
  });

  afterAll(async () => {
    proxy.closeAllConnections();
    proxy.close();
    await app.close();
  });

  it.each([
    ['2025-11-25', 'conformance-2025', []],
    ['2026-07-28', 'conformance-2026', ['--spec-version', '2026-07-28']],
  ])('of %s pass in every active scenario but those listed as expected', async (_, peer, args) => {
    const expected = join(import.meta.dirname, `${peer}-expected.yml`);
    const main = join(PEERS, peer, 'dist', 'index.js');
    const result = await run(
      process.execPath,
      [main, 'server', '--url', url, '--expected-failures', expected, ...args],
      { cwd: box.folder, maxBuffer: 64 * 1024 * 1024 },
    ).catch((error: { stdout: string; stderr: string }) => ({ ...error, failed: true }));
    expect('failed' in result ? `${result.stdout}\n${result.stderr}`.slice(-4000) : '').toBe('');
    const [, passed] = /Total: (\d+) passed/.exec(result.stdout) ?? [];
    expect(Number(passed)).toBeGreaterThan(10);
  });
});
