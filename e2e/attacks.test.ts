import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Target } from './attack.ts';
import { Sandbox } from './host.ts';

let box: Sandbox;
let target: Target;

beforeAll(async () => {
  box = new Sandbox();
  target = await Target.start(box);
});
afterAll(() => box?.close());

/** Lines as HTTP ends them. */
const lines = (...all: readonly string[]) => `${all.join('\r\n')}\r\n`;

/** A whole request of the kind that would write a file, with something wrong about it. */
function call(
  path: string,
  change: {
    readonly first?: string;
    readonly headers?: readonly string[];
    readonly body?: string;
    /** Instead of the right Content-Length. */
    readonly length?: readonly string[];
  } = {},
): string {
  const good = target.writeCall(path);
  const body = change.body ?? good.body;
  return `${lines(
    change.first ?? 'POST /mcp HTTP/1.1',
    `Host: 127.0.0.1:${target.mcpPort}`,
    ...good.headers,
    ...(change.headers ?? []),
    ...(change.length ?? [`Content-Length: ${Buffer.byteLength(body)}`]),
  )}\r\n${body}`;
}

const chunked = (body: string) => `${Buffer.byteLength(body).toString(16)}\r\n${body}\r\n0\r\n\r\n`;

describe('a request that says two things at once is taken for neither [ACC-14]', () => {
  it('the same request, with nothing wrong, does get through', async () => {
    const good = call('through.txt');
    const { statuses } = await target.say(target.mcpPort, good);
    expect(statuses).toEqual([200]);
    await target.client.callTool({ name: 'delete_path', arguments: { path: 'through.txt' } });
    expect(await target.harm()).toEqual([]);
  });

  it.each<[string, () => string]>([
    [
      'a length and chunks',
      () =>
        call('a.txt', {
          headers: ['Transfer-Encoding: chunked'],
          body: chunked(target.writeCall('a.txt').body),
        }),
    ],
    ['two lengths', () => call('a.txt', { length: ['Content-Length: 4', 'Content-Length: 900'] })],
    ['two lengths in one header', () => call('a.txt', { length: ['Content-Length: 4, 900'] })],
    ['a length with a sign', () => call('a.txt', { length: ['Content-Length: +900'] })],
    ['a length below zero', () => call('a.txt', { length: ['Content-Length: -1'] })],
    ['a length in hexadecimal', () => call('a.txt', { length: ['Content-Length: 0x384'] })],
    [
      'a length beyond all numbers',
      () => call('a.txt', { length: ['Content-Length: 99999999999999999999999'] }),
    ],
    ['a length with a space before its colon', () => call('a.txt', { length: ['Content-Length : 900'] })],
    ['an encoding that is nearly chunked', () => call('a.txt', { length: ['Transfer-Encoding: xchunked'] })],
    ['chunked and identity', () => call('a.txt', { length: ['Transfer-Encoding: chunked, identity'] })],
    [
      'chunked, twice',
      () => call('a.txt', { length: ['Transfer-Encoding: chunked', 'Transfer-Encoding: identity'] }),
    ],
    [
      'a chunk of more bytes than there are numbers',
      () => call('a.txt', { length: ['Transfer-Encoding: chunked'], body: 'fffffffffffffffff\r\nx' }),
    ],
    ['a chunk of no size', () => call('a.txt', { length: ['Transfer-Encoding: chunked'], body: '\r\n\r\n' })],
    ['lines that end in a line feed alone', () => call('a.txt').replaceAll('\r\n', '\n')],
    ['lines that end in a carriage return alone', () => call('a.txt').replaceAll('\r\n', '\r')],
    ['a header folded over two lines', () => call('a.txt', { headers: ['X-A: b', ' Content-Length: 4'] })],
    ['a null byte in a header', () => call('a.txt', { headers: ['X-A: b\0c'] })],
    ['a header without a name', () => call('a.txt', { headers: [': b'] })],
    ['a header without a colon', () => call('a.txt', { headers: ['nothing'] })],
    ['two hosts', () => call('a.txt', { headers: ['Host: evil.example'] })],
    [
      'another host in its first line',
      () => call('a.txt', { first: 'POST http://evil.example/mcp HTTP/1.1' }),
    ],
    [
      'our host in its first line, as to a proxy',
      () => call('a.txt', { first: `POST http://127.0.0.1:${target.mcpPort}/mcp HTTP/1.1` }),
    ],
    ['a version of HTTP that is none', () => call('a.txt', { first: 'POST /mcp HTTP/9.9' })],
    ['no version of HTTP', () => call('a.txt', { first: 'POST /mcp' })],
    ['HTTP/2 without asking', () => 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
    [
      'another protocol over it',
      () =>
        call('a.txt', {
          first: 'GET /mcp HTTP/1.1',
          headers: [
            'Connection: Upgrade',
            'Upgrade: websocket',
            'Sec-WebSocket-Key: eA==',
            'Sec-WebSocket-Version: 13',
          ],
        }),
    ],
    ['a tunnel', () => call('a.txt', { first: `CONNECT 127.0.0.1:${target.panelPort} HTTP/1.1` })],
    ['a trace', () => call('a.txt', { first: 'TRACE /mcp HTTP/1.1' })],
    ['a method that is none', () => call('a.txt', { first: 'PROPFIND /mcp HTTP/1.1' })],
    ['a method with a space', () => call('a.txt', { first: 'PO ST /mcp HTTP/1.1' })],
    ['a path with a null byte', () => call('a.txt', { first: 'POST /mcp\0 HTTP/1.1' })],
    ['a path that is encoded', () => call('a.txt', { first: 'POST /%6dcp HTTP/1.1' })],
    [
      'a path of 100,000 characters',
      () => call('a.txt', { first: `POST /mcp?${'a'.repeat(100_000)} HTTP/1.1` }),
    ],
    [
      'a thousand headers',
      () => call('a.txt', { headers: Array.from({ length: 3000 }, (_, i) => `X-${i}: ${i}`) }),
    ],
    ['a header of 100,000 characters', () => call('a.txt', { headers: [`X-A: ${'b'.repeat(100_000)}`] })],
    [
      'bytes that are no HTTP',
      () => Buffer.from(Array.from({ length: 400 }, (_, i) => (i * 37) % 256)).toString('latin1'),
    ],
    ['a TLS hello', () => '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03'],
  ])('%s', async (_name, bytes) => {
    for (const port of [target.mcpPort, target.panelPort]) {
      const { statuses } = await target.say(port, bytes(), 250);
      for (const status of statuses) expect([status, status >= 400 && status < 500]).toEqual([status, true]);
    }
    expect(await target.harm()).toEqual([]);
  });

  it.each<[string, (hidden: string) => string]>([
    [
      'behind a length that is too short',
      (hidden) => call('x', { length: ['Content-Length: 2'], body: `{}${hidden}` }),
    ],
    [
      'in the body of a request that is refused',
      (hidden) => call('x', { first: 'POST /nowhere HTTP/1.1', body: hidden }),
    ],
    [
      'behind a last chunk',
      (hidden) =>
        call('x', {
          headers: ['Content-Length: 5'],
          length: ['Transfer-Encoding: chunked'],
          body: `0\r\n\r\n${hidden}`,
        }),
    ],
    [
      'in what follows the last chunk',
      (hidden) =>
        call('x', {
          length: ['Transfer-Encoding: chunked'],
          body: `0\r\nX: ${hidden.replaceAll('\r\n', '\r\n ')}`,
        }),
    ],
    [
      'in an extension of a chunk',
      (hidden) =>
        call('x', { length: ['Transfer-Encoding: chunked'], body: `2;${hidden}\r\n{}\r\n0\r\n\r\n` }),
    ],
  ])('a request without a token, hidden %s, does nothing', async (_name, wrap) => {
    const inner = target.writeCall('hidden.txt');
    const hidden = `POST /mcp HTTP/1.1\r\nHost: 127.0.0.1:${target.mcpPort}\r\n${inner.headers.slice(1).join('\r\n')}\r\nContent-Length: ${inner.body.length}\r\n\r\n${inner.body}`;
    await target.say(target.mcpPort, wrap(hidden), 250);
    expect(await target.harm()).toEqual([]);
  });
});

describe('JSON that means something else to somebody else [CALL-1]', () => {
  const meta = () =>
    JSON.stringify((JSON.parse(target.writeCall('x').body) as { params: { _meta: unknown } }).params._meta);
  const write = (args: string, more = '') =>
    `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"write_file","arguments":${args},"_meta":${meta()}${more}}}`;

  it.each<[string, () => string | Buffer]>([
    ['a key of every object’s', () => write('{"path":"a.txt","__proto__":{"content":"x"}}')],
    ['that key, escaped', () => write('{"path":"a.txt","\\u005f\\u005fproto__":{"content":"x"}}')],
    [
      'the key of every object’s maker',
      () => write('{"path":"a.txt","constructor":{"prototype":{"content":"x"}}}'),
    ],
    ['a field that nobody knows', () => write('{"path":"a.txt","content":"x","overwrite":true}')],
    ['a list in place of arguments', () => write('["a.txt","x"]')],
    ['a text in place of arguments', () => write('"a.txt"')],
    ['nothing in place of arguments', () => write('null')],
    ['a number in place of a path', () => write('{"path":7,"content":"x"}')],
    ['a list in place of a path', () => write('{"path":["a.txt"],"content":"x"}')],
    ['half a pair in a path', () => write('{"path":"a\\ud800.txt","content":"x"}')],
    ['a null character in a path', () => write('{"path":"a\\u0000.txt","content":"x"}')],
    ['half a pair in what is written', () => write('{"path":"a.txt","content":"x\\ud800y"}')],
    ['a number beyond all numbers', () => write('{"path":"a.txt","content":1e400}')],
    ['a number in place of a text', () => write('{"path":"a.txt","content":9007199254740993}')],
    ['zero, below zero', () => write('{"path":"a.txt","content":-0}')],
    ['a path twice, the last one outside', () => write('{"path":"a.txt","path":"../a.txt","content":"x"}')],
    [
      'a thousand levels in place of a text',
      () => write(`{"path":"a.txt","content":${'['.repeat(1000)}${']'.repeat(1000)}}`),
    ],
    [
      'a text that is not UTF-8',
      () => Buffer.concat([Buffer.from(write('{"path":"a')), Buffer.from([0xff, 0xfe])]),
    ],
    ['an overlong slash', () => Buffer.from(write('{"path":"..\xc0\xafa.txt","content":"x"}'), 'latin1')],
    ['UTF-16', () => Buffer.from(`\ufeff${write('{"path":"a.txt","content":"x"}')}`, 'utf16le')],
    ['a number that is none', () => write('{"path":"a.txt","content":NaN}')],
    ['a comment', () => write('{"path":"a.txt" /* */,"content":"x"}')],
    ['a comma too many', () => write('{"path":"a.txt","content":"x",}')],
    ['two values', () => `${write('{"path":"a.txt","content":"x"}')}{}`],
    ['nesting without end', () => write(`${'['.repeat(100_000)}`)],
    ['a batch', () => `[${write('{"path":"a.txt","content":"x"}')}]`],
    [
      'a thousand calls in a batch',
      () => `[${Array.from({ length: 1000 }, () => write('{"path":"a.txt","content":"x"}')).join()}]`,
    ],
    [
      'a method that is none',
      () => write('{"path":"a.txt","content":"x"}').replace('tools/call', 'tools/__proto__'),
    ],
    ['a tool by a name of every object’s', () => write('{}').replace('write_file', 'constructor')],
    ['a list as its id', () => write('{"path":"a.txt","content":"x"}').replace('"id":1', '"id":[1]')],
    [
      'another version of the protocol',
      () => write('{"path":"a.txt","content":"x"}').replace('"2.0"', '"1.0"'),
    ],
    [
      'a name twice, the header naming the first',
      () => write('{"path":"a.txt","content":"x"}', ',"name":"get_version"'),
    ],
  ])('%s', async (_name, text) => {
    const body = Buffer.from(text());
    const head = lines(
      'POST /mcp HTTP/1.1',
      `Host: 127.0.0.1:${target.mcpPort}`,
      ...target.writeCall('x').headers,
      'Connection: close',
      `Content-Length: ${body.length}`,
    );
    const { statuses, text: answer } = await target.say(
      target.mcpPort,
      Buffer.concat([Buffer.from(`${head}\r\n`), body]),
      600,
    );
    expect(statuses.every((status) => status < 500)).toBe(true);
    expect(answer).toMatch(/"isError":true|"error":\{/);
    expect(await target.harm()).toEqual([]);
  });
});

describe('a token that is nearly one [ACC-4]', () => {
  it.each<[string, (token: string) => readonly string[]]>([
    ['cut by one character', (token) => [`Authorization: Bearer ${token.slice(0, -1)}`]],
    ['longer by one', (token) => [`Authorization: Bearer ${token}A`]],
    ['in capitals', (token) => [`Authorization: Bearer ${token.toUpperCase()}`]],
    [
      'with its last character changed',
      (token) => [`Authorization: Bearer ${token.slice(0, -1)}${token.endsWith('A') ? 'Q' : 'A'}`],
    ],
    ['in quotes', (token) => [`Authorization: Bearer "${token}"`]],
    ['as a password', (token) => [`Authorization: Basic ${Buffer.from(`x:${token}`).toString('base64')}`]],
    ['in a cookie', (token) => [`Cookie: token=${token}`]],
    ['in another header', (token) => [`X-Api-Key: ${token}`]],
    ['of the panel', () => [`Authorization: Bearer ${target.host.ready.panelToken}`]],
    ['after one that is wrong', (token) => ['Authorization: Bearer no', `Authorization: Bearer ${token}`]],
    ['in a list of two', (token) => [`Authorization: Bearer no, Bearer ${token}`]],
    ['the hash that is kept of it', () => [`Authorization: Bearer ${'0'.repeat(64)}`]],
    ['none', () => []],
  ])('%s opens nothing', async (_name, headers) => {
    const { body, headers: good } = target.writeCall('token.txt');
    const { statuses } = await target.say(
      target.mcpPort,
      `${lines('POST /mcp HTTP/1.1', `Host: 127.0.0.1:${target.mcpPort}`, ...headers(target.token), ...good.slice(1), 'Connection: close', `Content-Length: ${body.length}`)}\r\n${body}`,
      400,
    );
    expect(statuses).toEqual([headers(target.token).length > 1 ? 400 : 401]);
    expect(await target.harm()).toEqual([]);
  });

  it('a client’s token opens nothing of the panel', async () => {
    const { statuses } = await target.say(
      target.panelPort,
      `${lines(
        'POST /api/approvals.list HTTP/1.1',
        `Host: 127.0.0.1:${target.panelPort}`,
        `Authorization: Bearer ${target.token}`,
        'Content-Type: application/json',
        'Content-Length: 2',
        '',
      )}{}`,
      400,
    );
    expect(statuses).toEqual([401]);
  });

  it('one that was revoked opens nothing from then on, also where a connection is open [ACC-5]', async () => {
    const token = await box.addClient('Leaver');
    const request = (name: string) =>
      target.host.api('clients.list').then(() =>
        fetch(target.host.ready.mcp, {
          method: 'POST',
          headers: {
            authorization: `Bearer ${token}`,
            'content-type': 'application/json',
            accept: 'application/json, text/event-stream',
            'mcp-method': 'tools/call',
            'mcp-name': 'write_file',
            'mcp-protocol-version': '2026-07-28',
          },
          body: target.writeCall(name).body,
        }),
      );
    const first = await request('outside/../leaver.txt');
    expect(first.status).toBe(200);
    await first.text();
    await target.client.callTool({ name: 'delete_path', arguments: { path: 'leaver.txt' } });
    await box.run(['client', 'revoke', 'Leaver']);
    expect((await request('again.txt')).status).toBe(401);
    expect(await target.harm()).toEqual([]);
  });

  it('a thousand guesses open nothing, keep nobody out, and are few rows of the log [ACC-10 ACC-11]', async () => {
    const before = (await target.host.api('audit.search', { limit: 500 })).rows.length;
    const guess = (i: number) =>
      fetch(target.host.ready.mcp, {
        method: 'POST',
        headers: {
          authorization: `Bearer fb_${String(i).padStart(43, 'A')}`,
          'content-type': 'application/json',
        },
        body: '{}',
      }).then(async (response) => {
        await response.text();
        return response.status;
      });
    const statuses: number[] = [];
    for (let i = 0; i < 1000; i += 50)
      statuses.push(...(await Promise.all(Array.from({ length: 50 }, (_, at) => guess(i + at)))));
    expect(statuses.filter((status) => status === 401).length).toBeLessThanOrEqual(10);
    expect(statuses.every((status) => status === 401 || status === 429)).toBe(true);
    expect(await target.harm()).toEqual([]);
    const { rows } = await target.host.api('audit.search', { limit: 500 });
    expect(rows.length - before).toBeLessThan(20);
  });
});

describe('many at once [ACC-13]', () => {
  it('three hundred requests that never end, byte by byte, hold nobody up', async () => {
    const sockets: Socket[] = [];
    for (let i = 0; i < 300; i++) {
      const socket = connect(i % 2 === 0 ? target.mcpPort : target.panelPort, '127.0.0.1');
      socket.on('error', () => {});
      socket.write(
        i % 4 < 2
          ? `POST /mcp HTTP/1.1\r\nHost: 127.0.0.1:${target.mcpPort}\r\nX-A: `
          : `POST /mcp HTTP/1.1\r\nHost: 127.0.0.1:${target.mcpPort}\r\nAuthorization: Bearer ${target.token}\r\nContent-Type: application/json\r\nContent-Length: 4000000\r\n\r\n{`,
      );
      sockets.push(socket);
    }
    for (let round = 0; round < 5; round++) {
      for (const socket of sockets) socket.write('a');
      expect(await target.harm()).toEqual([]);
      await sleep(100);
    }
    for (const socket of sockets) socket.destroy();
    expect(await target.harm()).toEqual([]);
  });

  it('a hundred bodies of 4 MB at once are refused or answered, and memory comes back', async () => {
    const text = `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"write_file","arguments":{"path":"a","content":7,"x":"${'x'.repeat(3_900_000)}"}}}`;
    for (let round = 0; round < 10; round++)
      await Promise.all(
        Array.from({ length: 10 }, () =>
          fetch(target.host.ready.mcp, {
            method: 'POST',
            headers: { authorization: `Bearer ${target.token}`, 'content-type': 'application/json' },
            body: text,
          })
            .then((response) => response.text())
            .catch(() => ''),
        ),
      );
    expect(await target.harm()).toEqual([]);
  });
});
