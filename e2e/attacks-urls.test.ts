import { existsSync, readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import {
  type AddressInfo,
  createServer as createRawServer,
  type Server as RawServer,
  type Socket,
} from 'node:net';
import { hostname } from 'node:os';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { REFUSED_URLS } from '../main/guard/url-testing.ts';
import { Target } from './attack.ts';
import { CHROMIUM } from './chromium.ts';
import { Sandbox } from './host.ts';

let box: Sandbox;
let target: Target;
/** What a person opened. */
let site: Server;
/** What nobody opened: it counts who comes. */
let closed: RawServer;
/** Never comes to an end, in the way that `raw` says. */
let endlessServer: RawServer;
let raw = { begins: '', goesOn: '', ms: 1 };
const open = new Set<Socket>();
let opened = '';
let endless = '';
let closedPort = 0;
let came = 0;
const bomb = gzipSync(Buffer.alloc(100 * 1024 * 1024));

const listen = (server: Server | RawServer) =>
  new Promise<number>((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
  });

beforeAll(async () => {
  site = createServer((request, response) => {
    const url = new URL(request.url ?? '', 'http://site');
    if (url.pathname === '/to')
      response.writeHead(302, { location: url.searchParams.get('where') ?? '' }).end();
    else if (url.pathname === '/loop') response.writeHead(302, { location: '/loop' }).end();
    else if (url.pathname === '/bomb')
      response.writeHead(200, { 'content-type': 'text/plain', 'content-encoding': 'gzip' }).end(bomb);
    else response.writeHead(200, { 'content-type': 'text/html' }).end('<p>the site');
  });
  closed = createRawServer((socket) => {
    came++;
    socket.on('error', () => {}).end('HTTP/1.1 200 OK\r\n\r\ncanary');
  });
  endlessServer = createRawServer((socket) => {
    const { begins, goesOn, ms } = raw;
    open.add(socket);
    const timer = setInterval(() => socket.writableNeedDrain || socket.write(goesOn), ms);
    socket
      .on('error', () => {})
      .on('close', () => {
        clearInterval(timer);
        open.delete(socket);
      });
    // Read, or its end would not be seen.
    socket.resume().write(begins);
  });
  const port = await listen(site);
  const endlessPort = await listen(endlessServer);
  endless = `http://127.0.0.1:${endlessPort}/`;
  opened = `http://127.0.0.1:${port}`;
  closedPort = await listen(closed);
  box = new Sandbox();
  target = await Target.start(box);
  await target.host.api('settings.update', {
    approvals: { timeoutSeconds: 1 },
    web: {
      allowedHosts: [`127.0.0.1:${port}`, `127.0.0.1:${endlessPort}`],
      respectRobots: false,
      timeoutSeconds: 2,
    },
  });
  // Rules let these be reached: it is the guard alone that does not.
  const hosts = ['127.0.0.1', 'localhost', '::1', '0.0.0.0', '169.254.169.254', 'ip6-localhost', hostname()];
  await target.host.api('rules.add', { effect: 'allow', match: { kind: 'net', hosts } });
});
afterAll(async () => {
  await box?.close();
  site?.closeAllConnections();
  for (const server of [site, closed, endlessServer]) server?.close();
});

beforeEach(() => {
  came = 0;
});

async function call(name: string, args: Record<string, unknown>) {
  const { isError, _meta, content } = await target.client.callTool({ name, arguments: args });
  const text = JSON.stringify(content);
  target.heard.push(text);
  return { code: isError === true ? _meta?.['fastband/code'] : 'answered', text };
}

/** Every tool that is given an address, with one. */
const TOOLS: readonly (readonly [string, (url: string) => Record<string, unknown>])[] = [
  ['fetch_url', (url) => ({ url })],
  ['http_request', (url) => ({ url, method: 'POST', body: 'x' })],
  ['screenshot', (url) => ({ url })],
  ['page_snapshot', (url) => ({ url })],
  ['page_console', (url) => ({ url })],
  ['query_page', (url) => ({ url, selector: 'p' })],
  ['page_pdf', (url) => ({ url, to: 'a.pdf' })],
  ['use_page', (url) => ({ url: opened, steps: [{ do: 'goto', value: url }] })],
];
/** The same, to the port where somebody listens, as far as it names none. */
const atClosed = (url: string) => url.replace(/^(http:\/\/[^/?#@ ]+)\/$/, `$1:${closedPort}/`);

describe('through the running host, no tool reaches', () => {
  it('nothing: what a person opened is reached', async () => {
    for (const [name, args] of TOOLS.slice(0, 2))
      expect([name, await call(name, args(opened))]).toEqual([
        name,
        expect.objectContaining({ code: 'answered', text: expect.stringContaining('the site') }),
      ]);
    // The rules would not keep anybody from where somebody listens.
    const { rows } = await target.host.api('audit.search', { type: ['call.finished'], limit: 2 });
    expect(rows.map(({ outcome }) => outcome)).toEqual(['ok', 'ok']);
    expect(came).toBe(0);
  });

  it.each(REFUSED_URLS)('%s: %s [NET-1 NET-2]', async (_, url) => {
    for (const one of new Set([url, atClosed(url)]))
      for (const [name, args] of TOOLS)
        expect([name, one, (await call(name, args(one))).code]).toEqual([name, one, 'url_refused']);
    expect(came).toBe(0);
  });

  // What the machine itself calls so is found, and refused by its address; elsewhere there is no such name.
  it.each(['ip6-localhost', hostname()])('this machine by the name %s [NET-3]', async (host) => {
    for (const [name, args] of TOOLS.slice(0, 2)) {
      const { code } = await call(name, args(`http://${host}:${closedPort}/`));
      expect(['url_refused', 'fetch_failed'], `${name} ${code}`).toContain(code);
    }
    expect(came).toBe(0);
  });

  it('and that did no harm', async () => {
    expect(await target.harm()).toEqual([]);
  });
});

/** Of these a header can hold, and no reader takes them for a place on the same host. */
const REDIRECTS = REFUSED_URLS.filter(([, url]) =>
  /^(?!https?:)[a-z-]+:[!-~]+$|^https?:\/\/[!-~]+$/.test(url),
);

describe('a redirect from what a person opened leads nowhere else', () => {
  it.each(REDIRECTS)('%s: %s [NET-4]', async (_, url) => {
    for (const one of new Set([url, atClosed(url)])) {
      const from = `${opened}/to?where=${encodeURIComponent(one)}`;
      const page = await call('fetch_url', { url: from });
      expect(['url_refused', 'fetch_failed'], `${one} ${page.text}`).toContain(page.code);
      const { code, text } = await call('http_request', { url: from });
      expect([code, text]).toEqual(['answered', expect.stringContaining('302')]);
    }
    expect(came).toBe(0);
  });

  it('around and around [NET-4]', async () => {
    expect((await call('fetch_url', { url: `${opened}/loop` })).code).toBe('fetch_failed');
  });

  it.skipIf(!existsSync(CHROMIUM))('in the browser [WEB-1 NET-4]', async () => {
    for (const url of ['http://127.0.0.1/', 'http://[::1]/', 'http://0.0.0.0/', 'http://localhost/']) {
      const from = `${opened}/to?where=${encodeURIComponent(atClosed(url))}`;
      expect([url, (await call('page_snapshot', { url: from })).code]).toEqual([url, 'url_refused']);
    }
    for (const url of ['http://169.254.169.254/', 'file:///etc/passwd', 'data:text/html,x']) {
      const { code, text } = await call('page_snapshot', {
        url: `${opened}/to?where=${encodeURIComponent(url)}`,
      });
      expect(['url_refused', 'fetch_failed'], `${url} ${text}`).toContain(code);
    }
    expect(came).toBe(0);
    expect(await target.harm()).toEqual([]);
  });
});

const OK = 'HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n';
/** How an answer begins, and what then comes again and again, so many milliseconds apart. */
const ENDLESS: readonly (readonly [
  what: string,
  begins: string,
  goesOn: string,
  ms: number,
  code: string,
])[] = [
  ['a body', `${OK}\r\n`, 'x'.repeat(500_000), 1, 'answered'],
  ['chunks', `${OK}Transfer-Encoding: chunked\r\n\r\n`, `7a120\r\n${'x'.repeat(500_000)}\r\n`, 1, 'answered'],
  ['a body, byte by byte', `${OK}\r\n`, 'x', 20, 'timeout'],
  ['headers', OK, `X-A: ${'x'.repeat(5000)}\r\n`, 1, 'fetch_failed'],
  ['headers, byte by byte', OK, 'x', 20, 'timeout'],
  ['one "go on" after another', '', 'HTTP/1.1 100 Continue\r\n\r\n', 1, 'fetch_failed'],
  ['silence', '', '', 1000, 'timeout'],
];

describe.each(['fetch_url', 'http_request'])('an answer of %s that does not end', (name) => {
  const memory = () => {
    const status = readFileSync(`/proc/${target.host.ready.pid}/status`, 'utf8');
    return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024;
  };

  it.each(ENDLESS)('%s [NET-6]', async (_, begins, goesOn, ms, expected) => {
    raw = { begins, goesOn, ms };
    const before = memory();
    const { code, text } = await call(name, { url: endless });
    expect([code, text.length < 6 * 1024 * 1024]).toEqual([expected, true]);
    expect(memory() - before).toBeLessThan(300);
    // The server is let go.
    await expect.poll(() => open.size).toBe(0);
    expect(await target.harm()).toEqual([]);
  });

  it('but unpacks to a thousand times its size [NET-6]', async () => {
    const before = memory();
    const { code, text } = await call(name, {
      url: `${opened}/bomb`,
      ...(name === 'fetch_url' ? { format: 'raw' } : {}),
    });
    expect([code, text.length < 6 * 1024 * 1024]).toEqual(['answered', true]);
    expect(memory() - before).toBeLessThan(300);
    expect(await target.harm()).toEqual([]);
  });
});
