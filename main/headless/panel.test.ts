import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DEFAULT_SETTINGS } from '../../contract/settings.ts';
import { FastbandError } from '../core/errors.ts';
import { bearer, codeOf, PanelBench, TOKEN } from './panel-testing.ts';

let bench: PanelBench;
beforeEach(async () => {
  bench = await PanelBench.open();
});
afterEach(() => bench.close());

describe('what a script may do with the token', () => {
  it('gets a channel’s answer', async () => {
    const answer = await bench.post('settings.get');
    expect(answer.status).toBe(200);
    expect(JSON.parse(answer.text)).toEqual({ ok: true, value: DEFAULT_SETTINGS });
    expect(answer.headers['cache-control']).toBe('no-store');
  });

  it('may leave the body out', async () => {
    const answer = await bench.ask({
      method: 'POST',
      path: '/api/settings.get',
      headers: { Authorization: `Bearer ${TOKEN}` },
    });
    expect(answer.status).toBe(200);
    expect(bench.fake.handled).toEqual([['settings.get', {}]]);
  });

  it.each([
    ['invalid_input', 400],
    ['not_found', 404],
    ['conflict', 409],
    ['approval_stale', 409],
    ['audit_unavailable', 503],
    ['path_refused', 403],
  ] as const)('is told %s with HTTP %i', async (code, status) => {
    bench.fake.answer = () => {
      throw new FastbandError(code, 'why');
    };
    const answer = await bench.post('settings.get');
    expect(answer.status).toBe(status);
    expect(JSON.parse(answer.text)).toEqual({ ok: false, error: { code, message: 'why' } });
  });

  it('is told nothing of a defect but that there is one [CALL-5]', async () => {
    bench.fake.answer = () => {
      throw new Error('the password is hunter2');
    };
    const answer = await bench.post('settings.get');
    expect(answer.status).toBe(500);
    expect(codeOf(answer)).toBe('internal');
    expect(answer.text).not.toContain('hunter2');
  });

  it.each([
    'constructor',
    '__proto__',
    'toString',
    'settings',
    '',
    'settings.get/..',
    'settings%2Eget',
    'nope',
  ])('finds no channel called "%s"', async (name) => {
    const answer = await bench.post(name);
    expect([answer.status, codeOf(answer)]).toEqual([404, 'unknown_channel']);
    expect(bench.fake.handled).toEqual([]);
  });
});

describe('who is refused [ACC-2]', () => {
  const channel = { method: 'POST', path: '/api/settings.get', body: '{}' };
  it.each<[string, () => Record<string, string>, number]>([
    ['no token', () => ({}), 401],
    ['an empty token', () => ({ Authorization: 'Bearer ' }), 401],
    ['a wrong token', () => ({ Authorization: `Bearer ${TOKEN}x` }), 401],
    ['the token as a password', () => ({ Authorization: `Basic ${TOKEN}` }), 401],
    [
      'a cookie that nobody signed',
      () => ({ Cookie: `fastband_${bench.port}=abc.0.99999999999999..AAAA` }),
      401,
    ],
    ['another Host (DNS rebinding)', () => ({ ...bearer, Host: `evil.example:${bench.port}` }), 403],
    [
      'a Host that only begins well',
      () => ({ ...bearer, Host: `127.0.0.1.evil.example:${bench.port}` }),
      403,
    ],
    ['a Host without the port', () => ({ ...bearer, Host: '127.0.0.1' }), 403],
    ['the Host of another port', () => ({ ...bearer, Host: '127.0.0.1:1' }), 403],
    ['another Origin', () => ({ ...bearer, Origin: 'http://evil.example' }), 403],
    ['another port as Origin', () => ({ ...bearer, Origin: 'http://127.0.0.1:3000' }), 403],
    ['another scheme as Origin', () => ({ ...bearer, Origin: `https://127.0.0.1:${bench.port}` }), 403],
    ['another of our names as Origin', () => ({ ...bearer, Origin: `http://localhost:${bench.port}` }), 403],
    ['an opaque Origin (sandboxed frame)', () => ({ ...bearer, Origin: 'null' }), 403],
  ])('%s', async (_name, headers, status) => {
    const answer = await bench.ask({
      ...channel,
      headers: { 'Content-Type': 'application/json', ...headers() },
    });
    expect(answer.status).toBe(status);
    expect(bench.fake.handled).toEqual([]);
    expect(answer.headers['access-control-allow-origin']).toBeUndefined();
    expect(bench.fake.failures.length).toBe(status === 401 ? 1 : 0);
  });

  it('a preflight gets no CORS headers [ACC-3]', async () => {
    const answer = await bench.ask({
      method: 'OPTIONS',
      path: '/api/settings.get',
      headers: { Origin: 'http://evil.example', 'Access-Control-Request-Method': 'POST' },
    });
    expect(answer.status).toBe(403);
    expect(Object.keys(answer.headers).filter((name) => name.startsWith('access-control'))).toEqual([]);
  });

  it.each(['127.0.0.1', 'localhost', '[::1]'])('but not who calls it %s', async (name) => {
    expect(
      (
        await bench.ask({
          ...channel,
          headers: { ...bearer, Host: `${name}:${bench.port}`, Origin: `http://${name}:${bench.port}` },
        })
      ).status,
    ).toBe(200);
  });

  it('who guesses tokens, after ten, while the right token still passes [ACC-10]', async () => {
    const guess = () => bench.post('settings.get', {}, { ...bearer, Authorization: 'Bearer guess' });
    for (let n = 0; n < 10; n++) expect((await guess()).status).toBe(401);
    const locked = await guess();
    expect([locked.status, codeOf(locked), locked.headers['retry-after']]).toEqual([
      429,
      'rate_limited',
      '60',
    ]);
    expect((await bench.post('settings.get')).status).toBe(200);
    await bench.clock.advance(60_000);
    expect((await guess()).status).toBe(401);
  });

  it('a wrong token even beside a good cookie', async () => {
    const { cookie } = await bench.login();
    expect(
      (await bench.post('settings.get', {}, { ...bench.asPage(cookie), Authorization: 'Bearer wrong' }))
        .status,
    ).toBe(401);
  });
});

describe('bodies that are refused [ACC-13]', () => {
  const deep = (depth: number) => '['.repeat(depth) + ']'.repeat(depth);
  it.each<[string, string | Buffer, Record<string, string>, number]>([
    ['no JSON', '{"a":', {}, 400],
    ['no UTF-8', Buffer.from([0x22, 0xff, 0x22]), {}, 400],
    ['nested too deep', deep(10_000), {}, 400],
    ['a key that would reach a prototype', '{"a":[{"__proto__":{"x":1}}]}', {}, 400],
    ['a form', 'a=1', { 'Content-Type': 'application/x-www-form-urlencoded' }, 415],
    ['text, as a form of another page could send it', '{}', { 'Content-Type': 'text/plain' }, 415],
    ['another charset', '{}', { 'Content-Type': 'application/json; charset=utf-16' }, 415],
    ['larger than 4 MiB', Buffer.alloc(4 * 1024 * 1024 + 1, 0x20), {}, 413],
  ])('%s', async (_name, body, headers, status) => {
    const answer = await bench.ask({
      method: 'POST',
      path: '/api/settings.get',
      headers: { ...bearer, ...headers },
      body,
    });
    expect(answer.status).toBe(status);
    expect(JSON.parse(answer.text).ok).toBe(false);
    expect(bench.fake.handled).toEqual([]);
  });

  it('one that is too large ends the connection, for the rest of it is not read', async () => {
    const body = Buffer.alloc(4 * 1024 * 1024 + 1, 0x20);
    const headers = { ...bearer, Connection: 'keep-alive' };
    const answer = await bench.ask({ method: 'POST', path: '/api/settings.get', headers, body });
    expect([answer.status, answer.headers.connection]).toEqual([413, 'close']);
  });

  it('one of exactly 4 MiB is taken', async () => {
    const body = Buffer.concat([
      Buffer.from('{"a":"'),
      Buffer.alloc(4 * 1024 * 1024 - 8, 0x61),
      Buffer.from('"}'),
    ]);
    expect(
      (await bench.ask({ method: 'POST', path: '/api/settings.get', headers: bearer, body })).status,
    ).toBe(200);
  });

  it.each(['GET', 'PUT', 'DELETE', 'HEAD'])('a channel asked by %s', async (method) => {
    expect((await bench.ask({ method, path: '/api/settings.get', headers: bearer })).status).toBe(405);
  });
});

describe('headers', () => {
  it.each(['/', '/login?code=x', '/nope', '/plain.css', '/assets/logo.svg', '/api/nope'])(
    'of %s keep other pages out [APP-5]',
    async (path) => {
      const { headers } = await bench.ask({ path });
      expect(headers['content-security-policy']).toBe(
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; font-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
      );
      expect(headers).toMatchObject({
        'x-content-type-options': 'nosniff',
        'referrer-policy': 'no-referrer',
        'cross-origin-opener-policy': 'same-origin',
        'cross-origin-resource-policy': 'same-origin',
      });
      expect(headers['access-control-allow-origin']).toBeUndefined();
    },
  );
});

describe('files of the panel', () => {
  it('are served with their type, hashed ones for ever', async () => {
    const script = await bench.ask({ path: '/assets/index-Ab3_-9Zk.js' });
    expect(script.headers).toMatchObject({
      'content-type': 'text/javascript; charset=utf-8',
      'cache-control': 'public, max-age=31536000, immutable',
    });
    const logo = await bench.ask({ path: '/assets/logo.svg' });
    expect(logo.headers).toMatchObject({ 'content-type': 'image/svg+xml', 'cache-control': 'no-cache' });
  });

  it.each([
    '/assets/../../private.js',
    '/assets/..%2f..%2fprivate.js',
    '/assets/%2e%2e/%2e%2e/private.js',
    '/assets\\..\\..\\private.js',
    '//etc/passwd',
    '/assets/link.js',
    '/assets/',
    '/.private.js',
    '/assets/index-Ab3_-9Zk.js.map',
    '/assets/nope.js',
  ])('%s is none', async (path) => {
    const answer = await bench.ask({ path });
    expect(answer.status).toBe(404);
    expect(answer.text).not.toContain('private');
  });

  it('that were never built are missed with a hint', async () => {
    await bench.stop();
    await bench.start({ assets: join(bench.home, 'no-such-folder') });
    const { cookie } = await bench.login();
    const answer = await bench.ask({ headers: { Cookie: cookie } });
    expect([answer.status, answer.text.includes('npm run build')]).toEqual([503, true]);
  });
});

describe('starting and stopping', () => {
  it('a busy port is named, and nothing is left listening to the core', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port: busy } = other.address() as { port: number };
    await expect(bench.start({ port: busy })).rejects.toMatchObject({
      code: 'port_in_use',
      message: expect.stringContaining(String(busy)),
    });
    expect(bench.fake.listeners.size).toBe(1);
    other.close();
  });

  it('closes while a connection hangs', async () => {
    const socket = connect(bench.port, '127.0.0.1');
    await once(socket, 'connect');
    socket.write('POST /api/settings.get HTTP/1.1\r\nHost: x');
    socket.on('error', () => {});
    const closed = once(socket, 'close');
    await bench.stop();
    await closed;
    await bench.start();
  });
});
