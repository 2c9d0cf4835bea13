import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Tool } from '../../core/tool.ts';
import { LocalWeb } from '../../guard/net-testing.ts';
import { parseTarget } from '../../guard/url.ts';
import { fakeKeys } from '../../vault/testing.ts';
import { refusal, ToolBench } from '../testing.ts';
import { isBound } from './binding.ts';
import { type AnswerOutput, httpRequest, type RequestData } from './http-request.ts';

const SECRET = 'tok/en "quoted" 1234567';
let web: LocalWeb;
let bench: ToolBench;
let port: number;
let keys: ReturnType<typeof fakeKeys>;
let tool: Tool<unknown, RequestData, AnswerOutput>;
let received: { method: string; url: string; headers: Record<string, unknown>; body: string }[];

beforeEach(async () => {
  web = new LocalWeb();
  bench = await ToolBench.create();
  received = [];
  port = await web.http((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (text: string) => (body += text));
    request.on('end', () => {
      const { method = '', url = '', headers } = request;
      received.push({ method, url, headers, body });
      if (url === '/redirect') response.writeHead(307, { location: `http://two.example:${port}/` }).end();
      else
        response
          .writeHead(200, {
            'content-type': 'application/json',
            'x-echo': Buffer.from(String(headers.authorization ?? ''), 'latin1').toString('latin1'),
            'set-cookie': ['session=abcdefghijklmnop; Path=/; HttpOnly', 'a=b'],
          })
          .end(JSON.stringify({ url, headers, body }));
    });
  });
  keys = fakeKeys({
    'secret:api': { value: SECRET, hosts: [`one.example:${port}`] },
    'secret:other': { value: 'other-value', hosts: ['two.example'] },
    'secret:lines': { value: 'a\r\nx-admin: 1', hosts: [`one.example:${port}`] },
    'secret:unbound': 'unbound-value',
  });
  tool = httpRequest(web.net(), keys) as typeof tool;
});
afterEach(async () => {
  await Promise.all([web.close(), bench.remove()]);
});

const at = (path: string, host = 'one.example') => `http://${host}:${port}${path}`;
const send = (input: Record<string, unknown>) => bench.call(tool, { url: at('/'), ...input });

describe('a request', () => {
  test.each(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])('%s', async (method) => {
    const { plan, output } = await send({ method, url: at('/x?y=1') });
    expect(plan.effects).toEqual([{ kind: 'net', method, host: 'one.example', port, url: at('/x?y=1') }]);
    expect(received).toMatchObject([{ method, url: '/x?y=1' }]);
    expect(output).toMatchObject({ status: 200, contentType: 'application/json' });
  });

  test('JSON, with its type; text as it is', async () => {
    await send({ method: 'POST', json: { a: [1, 'ü'] } });
    await send({
      method: 'PUT',
      body: 'a=b',
      headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
    });
    expect(received).toMatchObject([
      { body: '{"a":[1,"ü"]}', headers: { 'content-type': 'application/json' } },
      { body: 'a=b', headers: { 'content-type': 'application/x-www-form-urlencoded' } },
    ]);
  });

  test('a redirect is answered, not followed', async () => {
    const { output } = await send({ url: at('/redirect'), method: 'POST', json: {} });
    expect(output).toMatchObject({ status: 307, headers: { location: at('/', 'two.example') } });
    expect(received).toHaveLength(1);
  });

  test('cookies are told short', async () => {
    const { output } = await send({});
    expect(output.headers['set-cookie']).toBe('session=abcd… (16 characters); Path=/; HttpOnly\na=b');
  });

  test('the person sees method, address, headers and body', async () => {
    const plan = await bench.plan(tool, {
      url: at('/x'),
      method: 'POST',
      headers: { Authorization: 'Bearer {{secret:api}}' },
      json: { a: 1 },
    });
    const { previews, warnings } = await bench.preview(plan);
    expect(previews).toEqual([
      {
        kind: 'text',
        title: { code: 'request', about: [] },
        text: `POST ${at('/x')}\nAuthorization: Bearer {{secret:api}}\n\n{\n  "a": 1\n}`,
        omitted: 0,
      },
    ]);
    expect(warnings).toEqual([{ code: 'notEncrypted', about: [] }]);
  });

  test.each([
    ['Host', { Host: 'evil.example' }],
    ['Content-Length', { 'content-length': '5' }],
    ['Transfer-Encoding', { 'Transfer-Encoding': 'chunked' }],
    ['Connection', { connection: 'upgrade' }],
    ['Upgrade', { Upgrade: 'h2c' }],
    ['HTTP2-Settings', { 'http2-settings': 'x' }],
    ['Expect', { Expect: '100-continue' }],
    ['TE', { te: 'trailers' }],
    ['a proxy’s', { 'Proxy-Authorization': 'x' }],
    ['a browser’s', { 'Sec-Fetch-Site': 'same-origin' }],
    ['where it came from', { 'X-Forwarded-For': '127.0.0.1' }],
    ['another method', { 'X-HTTP-Method-Override': 'DELETE' }],
    ['a line end in a value', { a: 'b\r\nhost: evil' }],
    ['a line feed alone', { a: 'b\nc' }],
    ['a NUL', { a: 'b\0' }],
    ['a line end in a name', { 'a\r\nb': 'c' }],
    ['a colon in a name', { 'a:b': 'c' }],
    ['a blank in a name', { 'host ': 'c' }],
    ['no name', { '': 'c' }],
    ['what no header can carry', { a: '日本' }],
    ['one twice', { a: '1', A: '2' }],
  ])('a header is refused: %s', async (_, headers) => {
    expect(await refusal(send({ headers }))).toMatchObject({ code: 'invalid_input' });
    expect(web.connections).toBe(0);
  });

  test.each([
    ['a body with GET', { body: 'x' }, 'invalid_input'],
    ['two bodies', { method: 'POST', body: 'x', json: 1 }, 'invalid_input'],
    ['another scheme', { url: 'file:///etc/passwd' }, 'url_refused'],
    ['a private address', { url: 'http://10.0.0.1/' }, 'url_refused'],
    ['metadata', { url: 'http://169.254.169.254/' }, 'url_refused'],
    ['credentials in the address', { url: 'http://a:b@one.example/' }, 'url_refused'],
  ])('refused: %s', async (_, input, code) => {
    expect(await refusal(send(input))).toMatchObject({ code });
    expect(web.connections).toBe(0);
  });
});

describe('a secret [KEY-7]', () => {
  const inEachPart = {
    url: `PLACE?key={{secret:api}}&b=1`,
    method: 'POST',
    headers: { 'X-Key': 'k' },
    json: { deep: [{ token: 'Bearer {{secret:api}}' }] },
  };

  test('is put in as the request leaves, and nowhere else [KEY-4]', async () => {
    const input = {
      ...inEachPart,
      url: at('/?key={{secret:api}}&b=1'),
      headers: { Authorization: '{{secret:api}}' },
    };
    const plan = await bench.plan(tool, input);
    expect(JSON.stringify(plan)).not.toContain('tok/en');
    expect(plan.effects).toEqual([
      { kind: 'net', method: 'POST', host: 'one.example', port, url: at('/?key={{secret:api}}&b=1') },
      { kind: 'secret', provider: 'secret:api' },
    ]);
    expect(keys.used).toEqual([]);
    const result = await bench.run(tool, plan);
    expect(keys.used).toEqual([{ id: 'secret:api', by: 'Claude Code' }]);
    expect(received[0]).toMatchObject({
      url: `/?key=${encodeURIComponent(SECRET)}&b=1`,
      headers: { authorization: SECRET },
      body: JSON.stringify({ deep: [{ token: `Bearer ${SECRET}` }] }),
    });
    // The server echoed it in a header, in JSON, in JSON within JSON, and in a URL.
    const told = JSON.stringify(result);
    expect(told).toContain('[secret]');
    for (const form of ['tok/en', 'tok%2Fen', '1234567']) expect(told).not.toContain(form);
  });

  test('cut by the cap leaves nothing of itself at the end', async () => {
    bench.set({ web: { maxBytes: 1024 } });
    const big = await web.http((_, response) => {
      response.setHeader('content-type', 'text/plain').end(`${'x'.repeat(1012)}${SECRET}${'x'.repeat(1000)}`);
    });
    keys = fakeKeys({ 'secret:api': { value: SECRET, hosts: ['one.example:*', `one.example:${big}`] } });
    tool = httpRequest(web.net(), keys) as typeof tool;
    const { output } = await bench.call(tool, {
      url: `http://one.example:${big}/`,
      headers: { a: '{{secret:api}}' },
    });
    expect(output).toMatchObject({ body: `${'x'.repeat(1012)}[secret]`, truncated: true });
  });

  test.each([
    ['to a host that it is not bound to', { headers: { a: '{{secret:other}}' } }, 'url_refused'],
    ['bound to none', { headers: { a: '{{secret:unbound}}' } }, 'url_refused'],
    ['that is not there', { headers: { a: '{{secret:none}}' } }, 'key_missing'],
    ['a provider’s key by its name', { headers: { a: '{{secret:../anthropic}}' } }, 'invalid_input'],
    ['misshapen', { headers: { a: '{{ secret:api }}' } }, 'invalid_input'],
    ['without a name', { headers: { a: '{{secret:}}' } }, 'invalid_input'],
    ['in a header’s name', { headers: { '{{secret:api}}': 'a' } }, 'invalid_input'],
    ['in the name of a JSON field', { method: 'POST', json: { '{{secret:api}}': 1 } }, 'invalid_input'],
    ['in the path', { url: 'PATH/{{secret:api}}' }, 'invalid_input'],
    ['in the path, encoded', { url: 'PATH/%7B%7Bsecret:api}}' }, 'invalid_input'],
    ['in the fragment', { url: 'PATH/#{{secret:api}}' }, 'invalid_input'],
    ['in the host', { url: 'http://{{secret:api}}.example/' }, 'url_refused'],
  ])('is not sent: %s', async (_, input, code) => {
    const url = 'url' in input ? input.url.replace('PATH', at('')) : at('/');
    expect(await refusal(send({ ...input, url }))).toMatchObject({ code });
    expect(web.connections).toBe(0);
    expect(keys.used).toEqual([]);
  });

  test('with a line end in it makes no second header, and the refusal does not show it', async () => {
    const { code, message } = await refusal(send({ headers: { a: '{{secret:lines}}' } }));
    expect(code).toBe('invalid_input');
    expect(message).not.toContain('x-admin');
    expect(web.connections).toBe(0);
  });

  test('is not sent where it was bound while the person looked, and is not any more', async () => {
    const plan = await bench.plan(tool, { url: at('/'), headers: { a: '{{secret:api}}' } });
    const later = httpRequest(
      web.net(),
      fakeKeys({ 'secret:api': { value: SECRET, hosts: ['two.example'] } }),
    );
    expect(await refusal(bench.run(later, plan))).toMatchObject({ code: 'url_refused' });
    expect(web.connections).toBe(0);
  });

  test('is not sent unencrypted over the internet', async () => {
    tool = httpRequest(
      web.net({}, []),
      fakeKeys({ 'secret:api': { value: SECRET, hosts: ['pub.example:80'] } }),
    ) as typeof tool;
    const input = { url: 'http://pub.example/', headers: { a: '{{secret:api}}' } };
    expect(await refusal(bench.plan(tool, input))).toMatchObject({
      message: expect.stringContaining('https'),
    });
  });

  test('is not taken along on a redirect [NET-4]', async () => {
    await send({ url: at('/redirect'), headers: { authorization: '{{secret:api}}' } });
    expect(web.arrived).toEqual([`GET one.example:${port} /redirect`]);
  });
});

describe('hosts that a secret is bound to [KEY-7]', () => {
  test.each([
    ['api.example.com', 'https://api.example.com/', true],
    ['API.example.com.', 'https://api.example.com./', true],
    ['api.example.com', 'https://api.example.com:8443/', false],
    ['api.example.com:8443', 'https://api.example.com:8443/', true],
    ['api.example.com:8443', 'https://api.example.com/', false],
    ['api.example.com', 'https://api.example.com.evil.example/', false],
    ['api.example.com', 'https://evilapi.example.com/', false],
    ['*.example.com', 'https://a.b.example.com/', true],
    ['*.example.com', 'https://example.com/', false],
    ['*.example.com', 'https://evilexample.com/', false],
    ['*', 'https://example.com/', false],
    ['*.', 'https://example.com/', false],
    ['', 'https://example.com/', false],
    ['[2606:4700::1]:8443', 'https://[2606:4700::1]:8443/', true],
    ['2606:4700::1', 'https://[2606:4700::1]/', false],
  ])('%s and %s: %s', (host, url, expected) => {
    expect(isBound([host], parseTarget(url, []))).toBe(expected);
  });
});
