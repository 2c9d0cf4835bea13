import tls from 'node:tls';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createNet } from './net.ts';
import { LocalWeb, type TestAuthority, testAuthority } from './net-testing.ts';

let web: LocalWeb;
beforeEach(() => {
  web = new LocalWeb();
});
afterEach(() => web.close());

const hello = () =>
  web.http((request, response) => {
    if (request.url === '/away') response.writeHead(302, { location: 'http://127.0.0.1:9/' }).end();
    else response.end(`hello ${request.headers.host}`);
  });

describe('what is reached', () => {
  test('an allowed target; and a redirect is answered, not followed', async () => {
    const port = await hello();
    const net = web.net();
    expect(await (await net.fetch(`http://127.0.0.1:${port}/`)).text()).toBe(`hello 127.0.0.1:${port}`);
    const away = await net.fetch(`http://127.0.0.1:${port}/away`);
    expect([away.status, away.headers.get('location')]).toEqual([302, 'http://127.0.0.1:9/']);
  });

  test('each request on a connection of its own: none outlives its check, none serves another host', async () => {
    const port = await hello();
    const net = web.net();
    for (const host of ['one.example', 'two.example', 'one.example'])
      expect(await (await net.fetch(`http://${host}:${port}/`)).text()).toBe(`hello ${host}:${port}`);
    expect(web.connections).toBe(3);
    expect(web.asked).toEqual(['one.example', 'two.example', 'one.example']);
  });

  test('a proxy that the environment names is not used [NET-5]', async () => {
    const proxied: string[] = [];
    const proxy = await web.http((request, response) => {
      proxied.push(request.url ?? '');
      response.end('proxied');
    });
    const port = await hello();
    const names = ['HTTP_PROXY', 'http_proxy', 'HTTPS_PROXY', 'ALL_PROXY'];
    for (const name of names) process.env[name] = `http://127.0.0.1:${proxy}/`;
    process.env.NO_PROXY = '';
    try {
      expect(await (await web.net().fetch(`http://one.example:${port}/`)).text()).toContain('hello');
      expect(proxied).toEqual([]);
    } finally {
      for (const name of [...names, 'NO_PROXY']) delete process.env[name];
    }
  });
});

describe('names that lead astray [NET-3]', () => {
  test.each([
    ['this machine', ['127.0.0.1']],
    ['a good and a bad address', ['93.184.216.34', '10.0.0.1']],
    ['a bad one in IPv6', ['93.184.216.34', '::1']],
    ['a mapped one', ['::ffff:127.0.0.1']],
    ['metadata', ['169.254.169.254']],
    ['a link-local one with a zone', ['fe80::1%lo']],
    ['NAT64', ['64:ff9b::7f00:1']],
    ['what is no address', ['0x7f000001']],
  ])('%s: refused whole, and nothing arrives', async (_, addresses) => {
    const port = await hello();
    const net = web.net({ 'evil.example': addresses }, []);
    await expect(net.fetch(`http://evil.example:${port}/`)).rejects.toMatchObject({ code: 'url_refused' });
    expect(web.connections).toBe(0);
  });

  test('the machine’s own public address: refused, unless a person named it', async () => {
    const options = { ownNetworks: () => ['93.184.216.0/24'], allowedHosts: () => [] };
    const net = createNet({ ...options, resolve: async () => [{ address: '93.184.216.99', family: 4 }] });
    await expect(net.fetch('http://me.example/')).rejects.toMatchObject({ code: 'url_refused' });
  });

  test('Fastband’s own port, also where a person allowed all of this machine [NET-9]', async () => {
    const port = await hello();
    const net = createNet({
      allowedHosts: () => ['127.0.0.1:*', 'me.example:*'],
      ownNetworks: () => [],
      closedPorts: () => [port],
      resolve: async () => [{ address: '127.0.0.1', family: 4 }],
    });
    for (const host of ['127.0.0.1', 'me.example'])
      await expect(net.fetch(`http://${host}:${port}/`)).rejects.toMatchObject({ code: 'url_refused' });
    expect(web.connections).toBe(0);
  });

  test('rebinding: the name is looked up once for a connection, and the checked address is the dialled one', async () => {
    const port = await hello();
    const answers = ['127.0.0.1', '169.254.169.254', '127.0.0.1'];
    let asked = 0;
    const net = createNet({
      allowedHosts: () => [`dev.example:${port}`],
      ownNetworks: () => [],
      resolve: async () => [{ address: answers[asked++] ?? '', family: 4 }],
    });
    expect((await net.fetch(`http://dev.example:${port}/`)).status).toBe(200);
    expect(asked).toBe(1);
    await expect(net.fetch(`http://dev.example:${port}/`)).rejects.toMatchObject({ code: 'url_refused' });
    expect((await net.fetch(`http://dev.example:${port}/`)).status).toBe(200);
    expect(asked).toBe(3);
  });

  test.each(['127.0.0.1/x', 'one.example@127.0.0.1', 'one.example#', '', 'one.example:80'])(
    'connecting to the "host" %s is refused: it would be read as another',
    async (host) => {
      const { signal } = new AbortController();
      await expect(web.net().connect(host, 5432, signal)).rejects.toMatchObject({ code: 'url_refused' });
      expect(web.connections).toBe(0);
    },
  );

  test('a name service that never answers is given up with the call', async () => {
    const net = createNet({ allowedHosts: () => [], resolve: () => new Promise(() => {}) });
    const controller = new AbortController();
    const connecting = net.connect('slow.example', 443, controller.signal);
    controller.abort(new Error('stopped'));
    await expect(connecting).rejects.toThrow('stopped');
  });
});

describe('TLS [NET-8]', () => {
  let authority: TestAuthority;
  const before = tls.getCACertificates('default');
  beforeAll(() => {
    authority = testAuthority();
    tls.setDefaultCACertificates([...before, authority.ca]);
  });
  afterAll(() => tls.setDefaultCACertificates(before));

  test('the certificate is checked against the name that was asked for, which is the name that is sent', async () => {
    const names: (string | false | null)[] = [];
    const port = await web.https(authority.issue(['one.example']), (request, response) => {
      names.push((request.socket as tls.TLSSocket).servername ?? null);
      response.end('secure');
    });
    const net = web.net();
    expect(await (await net.fetch(`https://one.example:${port}/`)).text()).toBe('secure');
    expect(await (await net.fetch(`https://one.example.:${port}/`)).text()).toBe('secure');
    expect(names).toEqual(['one.example', 'one.example']);
    // The same address, by a name and by itself, for which the certificate is not.
    for (const host of ['two.example', '127.0.0.1'])
      await expect(net.fetch(`https://${host}:${port}/`)).rejects.toMatchObject({
        code: 'fetch_failed',
        message: expect.stringContaining('certificate'),
      });
    expect(names).toHaveLength(2);
  });

  test('an address that is in the certificate', async () => {
    const port = await web.https(
      authority.issue(['127.0.0.1']),
      (_, response) => void response.end('secure'),
    );
    expect(await (await web.net().fetch(`https://127.0.0.1:${port}/`)).text()).toBe('secure');
  });

  test('an unknown authority is refused, also where the environment says to trust all', async () => {
    const port = await web.https(
      testAuthority().issue(['one.example']),
      (_, response) => void response.end(),
    );
    process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0';
    try {
      await expect(web.net().fetch(`https://one.example:${port}/`)).rejects.toMatchObject({
        code: 'fetch_failed',
        message: expect.stringContaining('certificate'),
      });
      expect(web.arrived).toEqual([]);
    } finally {
      delete process.env.NODE_TLS_REJECT_UNAUTHORIZED;
    }
  });

  test('what speaks no TLS', async () => {
    const port = await web.raw((socket) => socket.end('HTTP/1.1 200 OK\r\n\r\nplain'));
    await expect(web.net().fetch(`https://one.example:${port}/`)).rejects.toMatchObject({
      code: 'fetch_failed',
    });
  });
});

describe('malformed answers', () => {
  const refused = [
    ['no HTTP', 'SSH-2.0-OpenSSH_9.2\r\n'],
    ['headers without end', `HTTP/1.1 200 OK\r\n${'a: b\r\n'.repeat(200_000)}`],
    ['one header without end', `HTTP/1.1 200 OK\r\na: ${'b'.repeat(1_000_000)}`],
    ['two lengths', 'HTTP/1.1 200 OK\r\ncontent-length: 3\r\ncontent-length: 5\r\n\r\nhello'],
    [
      'a length and chunks',
      'HTTP/1.1 200 OK\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n',
    ],
    ['a length that is no number', 'HTTP/1.1 200 OK\r\ncontent-length: 5x\r\n\r\nhello'],
    ['a header folded over lines', 'HTTP/1.1 200 OK\r\na: b\r\n c\r\ncontent-length: 0\r\n\r\n'],
    ['nothing', ''],
  ] as const;
  test.each(refused)('%s: refused', async (_, answer) => {
    const port = await web.raw((socket) => socket.end(answer));
    const fetching = web.net().fetch(`http://one.example:${port}/`);
    await expect(fetching.then((response) => response.text())).rejects.toMatchObject({
      code: 'fetch_failed',
    });
  });

  test('a body shorter than its length is an error, not a short body', async () => {
    const port = await web.raw((socket) => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 50\r\n\r\nhello'));
    const response = await web.net().fetch(`http://one.example:${port}/`);
    await expect(response.text()).rejects.toThrow();
  });

  test('what follows a body is not read as a second answer', async () => {
    const port = await web.raw((socket) =>
      socket.end('HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhelloHTTP/1.1 200 OK\r\n\r\nsmuggled'),
    );
    const response = await web.net().fetch(`http://one.example:${port}/`);
    expect(await response.text().catch(() => 'refused')).toMatch(/^(hello|refused)$/);
  });

  test.each([
    ['gzip', gzipSync('packed')],
    ['deflate', deflateSync('packed')],
    ['br', brotliCompressSync('packed')],
  ])('%s is unpacked', async (encoding, body) => {
    const port = await web.http((_, response) => {
      response.writeHead(200, { 'content-encoding': encoding }).end(body);
    });
    expect(await (await web.net().fetch(`http://one.example:${port}/`)).text()).toBe('packed');
  });
});
