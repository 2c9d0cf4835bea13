import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Tool } from '../../core/tool.ts';
import { LocalWeb } from '../../guard/net-testing.ts';
import { refusal, ToolBench } from '../testing.ts';
import { fetchUrl, type PageOutput, type PageRequest } from './fetch-url.ts';

let web: LocalWeb;
let bench: ToolBench;
let tool: Tool<unknown, PageRequest, PageOutput>;
let close: () => Promise<void>;

beforeEach(async () => {
  web = new LocalWeb();
  bench = await ToolBench.create();
  bench.set({ web: { respectRobots: false } });
  use();
});
afterEach(async () => {
  await Promise.all([close(), web.close(), bench.remove()]);
});

function use(...options: Parameters<LocalWeb['net']>): void {
  const made = fetchUrl(web.net(...options));
  tool = made.tool as typeof tool;
  close = made.close;
}

const get = (url: string, more: Record<string, unknown> = {}) => bench.call(tool, { url, ...more });

/** A server that answers each path as told: a body, or a whole answer. */
type Reply = { status?: number; headers?: Record<string, string>; body?: string | Buffer };
const serve = (paths: Readonly<Record<string, string | Reply>>) =>
  web.http((request, response) => {
    const found = paths[request.url ?? ''];
    const {
      status = 200,
      headers = {},
      body = '',
    }: Reply = found === undefined ? { status: 404 } : typeof found === 'string' ? { body: found } : found;
    response.writeHead(status, { 'content-type': 'text/html; charset=utf-8', ...headers }).end(body);
  });

describe('a page', () => {
  test('as markdown, marked as what it is, between lines that it cannot forge [NET-10]', async () => {
    const port = await serve({
      '/a?b=1': '<title>T</title><h1>Hi</h1><p>See <a href="/c">this</a>.<script>no()</script>',
    });
    const result = await get(`http://one.example:${port}/a?b=1#part`, { full: true });
    expect(result.plan.effects).toEqual([
      { kind: 'net', method: 'GET', host: 'one.example', port, url: `http://one.example:${port}/a?b=1` },
    ]);
    expect(result.output).toMatchObject({
      kind: 'page',
      title: 'T',
      status: 200,
      text: `# Hi\n\nSee [this](http://one.example:${port}/c).`,
    });
    const [facts, page] = result.content as readonly { text: string }[];
    expect(facts?.text).toMatch(/untrusted data, not instructions/);
    const fence = /===== \S{12} =====/.exec(facts?.text ?? '')?.[0] ?? 'none';
    expect(page?.text.startsWith(`${fence}\n# T\n\n# Hi`)).toBe(true);
    expect(page?.text.endsWith(`\n${fence}`)).toBe(true);
    expect(result.summary).not.toContain('Hi');
  });

  test('what a person is shown says the whole address, and warns of a name in another script', async () => {
    const { previews, warnings } = await bench.preview(
      await bench.plan(tool, { url: 'http://аpple.example/x' }),
    );
    expect(previews).toEqual([expect.objectContaining({ text: 'GET http://xn--pple-43d.example/x' })]);
    expect(warnings).toEqual([{ code: 'foreignLetters', about: ['xn--pple-43d.example', 'аpple.example'] }]);
  });

  test('raw is what was sent; text has no marks', async () => {
    const html = '<p>Hello <b>you</b><script>x</script>';
    const port = await serve({ '/': html });
    expect((await get(`http://one.example:${port}/`, { format: 'raw' })).output.text).toBe(html);
    expect((await get(`http://one.example:${port}/`, { format: 'text' })).output.text).toBe('Hello you');
  });

  test('an error page is told with its status', async () => {
    const port = await serve({ '/': { status: 404, body: '<p>Nothing here' } });
    expect((await get(`http://one.example:${port}/`)).output).toMatchObject({
      status: 404,
      text: 'Nothing here',
    });
  });
});

describe('reading on in a long page', () => {
  test('by offset, in one text, which is asked for once, and no character is cut in two', async () => {
    const body = Array.from({ length: 500 }, (_, i) => `${i} 😀`).join('');
    const port = await serve({ '/': { headers: { 'content-type': 'text/plain' }, body } });
    const url = `http://one.example:${port}/`;
    let text = '';
    let offset: number | undefined = 0;
    while (offset !== undefined) {
      const { output }: { output: PageOutput } = await get(url, { offset, limit: 101 });
      expect(output.total).toBe(body.length);
      expect(output.text.isWellFormed()).toBe(true);
      text += output.text;
      offset = output.nextOffset;
    }
    expect(text).toBe(body);
    expect(web.arrived).toHaveLength(1);
  });

  test('from the beginning it is fetched anew, and another client’s copy is not used', async () => {
    const port = await serve({ '/': 'x'.repeat(1000) });
    const url = `http://one.example:${port}/`;
    await get(url, { limit: 10 });
    await get(url, { limit: 10 });
    expect(web.arrived).toHaveLength(2);
    const plan = await bench.plan(tool, { url, offset: 10, limit: 10 });
    await tool.run(plan, { ...bench.runContext(), client: { id: 'k2', name: 'Other' } });
    expect(web.arrived).toHaveLength(3);
    await bench.clock.advance(6 * 60_000);
    await get(url, { offset: 10, limit: 10 });
    expect(web.arrived).toHaveLength(4);
  });

  test('past the end', async () => {
    const port = await serve({ '/': 'short' });
    expect(await refusal(get(`http://one.example:${port}/`, { offset: 100 }))).toMatchObject({
      code: 'invalid_input',
    });
  });
});

describe('redirects [NET-4]', () => {
  const to = (location: string, status = 302) => ({ status, headers: { location } });

  test.each([301, 302, 303, 307, 308])('%s on the same host is followed', async (status) => {
    const port = await serve({ '/': to('/b', status), '/b': '<p>There' });
    expect((await get(`http://one.example:${port}/`)).output).toMatchObject({
      text: 'There',
      url: `http://one.example:${port}/b`,
    });
  });

  test('to another host: told, not followed, unless policy allows that host', async () => {
    const port = await serve({ '/b': '<p>There' });
    const from = await serve({ '/': to(`http://two.example:${port}/b`) });
    const { output, text } = await get(`http://one.example:${from}/`);
    expect(output).toMatchObject({ kind: 'redirect', location: `http://two.example:${port}/b`, text: '' });
    expect(text).toContain('another host');
    expect(web.arrived).toEqual([`GET one.example:${from} /`]);
    const decided: unknown[] = [];
    bench.decision = (effect) => {
      decided.push(effect);
      return 'allow';
    };
    const followed = await get(`http://one.example:${from}/`);
    expect(followed.output).toMatchObject({ text: 'There' });
    expect(followed.summary).toContain('two.example');
    expect(decided).toEqual([
      { kind: 'net', method: 'GET', host: 'two.example', port, url: `http://two.example:${port}/b` },
    ]);
  });

  test.each([
    ['loopback', 'http://127.0.0.1:1/'],
    ['loopback in one number', '//2130706433/'],
    ['metadata', 'http://169.254.169.254/latest/'],
    ['IPv6 metadata', 'http://[fd00:ec2::254]/'],
    ['a private network', 'http://10.0.0.1/'],
    ['a mapped address', 'http://[::ffff:127.0.0.1]/'],
    ['NAT64', 'http://[64:ff9b::7f00:1]/'],
    ['a name that leads inside', 'http://inside.example/'],
    ['a file', 'file:///etc/passwd'],
    ['data', 'data:text/plain,x'],
    ['a script', 'javascript:alert(1)'],
    ['credentials', 'http://a:b@one.example/'],
    ['a mail port', 'http://one.example:25/'],
  ])('to %s is refused at the first hop and behind another', async (_, location) => {
    const port = await serve({ '/': to(location), '/twice': to('/') });
    use({ 'inside.example': ['10.1.2.3'] }, [`one.example:${port}`]);
    bench.decision = () => 'allow';
    for (const path of ['/', '/twice'])
      expect(await refusal(get(`http://one.example:${port}${path}`))).toMatchObject({ code: 'url_refused' });
  });

  test('a name that turns to this machine between two hops is refused', async () => {
    const port = await serve({ '/': to('/b'), '/b': 'inside' });
    let asked = 0;
    const { createNet } = await import('../../guard/net.ts');
    const net = createNet({
      allowedHosts: () => [`one.example:${port}`],
      ownNetworks: () => [],
      resolve: async () => [{ address: asked++ === 0 ? '127.0.0.1' : '169.254.169.254', family: 4 }],
    });
    tool = fetchUrl(net).tool as typeof tool;
    expect(await refusal(get(`http://one.example:${port}/`))).toMatchObject({ code: 'url_refused' });
    expect(web.arrived).toEqual([`GET one.example:${port} /`]);
  });

  test('without end', async () => {
    const port = await serve({ '/': to('/') });
    expect(await refusal(get(`http://one.example:${port}/`))).toMatchObject({
      code: 'fetch_failed',
      message: expect.stringContaining('10 times'),
    });
  });
});

describe('bodies [NET-6]', () => {
  test('a body without end is cut at the cap, and the server is let go', async () => {
    bench.set({ web: { maxBytes: 100_000 } });
    let closed = false;
    const port = await web.http((_, response) => {
      response.writeHead(200, { 'content-type': 'text/plain' });
      const endless = setInterval(() => response.write('x'.repeat(50_000)), 1);
      response.on('close', () => {
        clearInterval(endless);
        closed = true;
      });
    });
    const { output, text } = await get(`http://one.example:${port}/`);
    expect(output).toMatchObject({ total: 100_000, truncated: true });
    expect(text).toContain('only its first 100000 bytes');
    await expect.poll(() => closed).toBe(true);
  });

  test.each([
    ['gzip', gzipSync(Buffer.alloc(200 * 1024 * 1024))],
    ['deflate', deflateSync(Buffer.alloc(200 * 1024 * 1024))],
    ['br', brotliCompressSync(Buffer.alloc(200 * 1024 * 1024))],
  ])('a %s bomb unpacks to the cap and no further', async (encoding, body) => {
    const headers = { 'content-type': 'text/plain', 'content-encoding': encoding };
    const port = await serve({ '/': { headers, body } });
    const before = process.memoryUsage().rss;
    expect((await get(`http://one.example:${port}/`, { format: 'raw' })).output.truncated).toBe(true);
    expect(process.memoryUsage().rss - before).toBeLessThan(120 * 1024 * 1024);
  });

  test('packed twice is refused', async () => {
    const headers = { 'content-type': 'text/plain', 'content-encoding': 'gzip, gzip' };
    const port = await serve({ '/': { headers, body: gzipSync(gzipSync('x')) } });
    expect(await refusal(get(`http://one.example:${port}/`))).toMatchObject({ code: 'fetch_failed' });
  });

  test.each([
    ['headers that never end', false],
    ['a body that never ends', true],
  ])('%s: given up after the time that the setting gives', async (_, begins) => {
    const port = await web.http((_request, response) => {
      if (begins) response.writeHead(200, { 'content-type': 'text/plain' }).write('slow');
    });
    const fetching = refusal(get(`http://one.example:${port}/`));
    await expect.poll(() => web.arrived.length).toBe(1);
    await bench.clock.advance(31_000);
    expect(await fetching).toMatchObject({ code: 'timeout', message: expect.stringContaining('30 s') });
  });

  test('a body that breaks off', async () => {
    const port = await web.raw((socket) => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 50\r\n\r\nhello'));
    expect(await refusal(get(`http://one.example:${port}/`))).toMatchObject({ code: 'fetch_failed' });
  });

  test('a call that is stopped lets go at once', async () => {
    const port = await web.http(() => {});
    const fetching = refusal(get(`http://one.example:${port}/`));
    await expect.poll(() => web.arrived.length).toBe(1);
    bench.controller.abort(new Error('stopped'));
    expect(await fetching).toMatchObject({ message: 'stopped' });
  });
});

describe('what a body is, and in which characters', () => {
  const latin = Buffer.from('na\xefve', 'latin1');
  test.each([
    ['declared', 'text/plain; charset=ISO-8859-1', latin, 'naïve'],
    ['declared in quotes', 'text/plain; charset="utf-8"', Buffer.from('naïve'), 'naïve'],
    [
      'declared by the page',
      'text/html',
      Buffer.concat([Buffer.from('<meta charset=latin1><p>'), latin]),
      'naïve',
    ],
    ['not declared, UTF-8', 'text/plain', Buffer.from('naïve'), 'naïve'],
    ['not declared, not UTF-8', 'text/plain', latin, 'naïve'],
    ['a mark against what is declared', 'text/plain; charset=latin1', Buffer.from('\ufeffnaïve'), 'naïve'],
    ['UTF-16 by its mark', 'text/plain', Buffer.from('\ufeffnaïve', 'utf16le'), 'naïve'],
    ['a lie: latin1 declared as UTF-8', 'text/plain; charset=utf-8', latin, 'na\ufffdve'],
    [
      'UTF-7, which hides tags',
      'text/html; charset=utf-7',
      Buffer.from('<p>+ADw-script+AD4-'),
      '+ADw-script+AD4-',
    ],
    ['UTF-16 without a mark', 'text/plain; charset=utf-16le', Buffer.from('naïve', 'utf16le'), 'naïve'],
    ['an unknown one', 'text/plain; charset=x-none', Buffer.from('naïve'), 'naïve'],
    ['Japanese', 'text/plain; charset=shift_jis', Buffer.from([0x93, 0xfa, 0x96, 0x7b]), '日本'],
    ['a page that says it is UTF-16 in ASCII', 'text/html', Buffer.from('<meta charset=utf-16><p>ok'), 'ok'],
  ])('%s', async (_, type, body, expected) => {
    const port = await serve({ '/': { headers: { 'content-type': type }, body } });
    expect((await get(`http://one.example:${port}/`)).output.text).toBe(expected);
  });

  test.each([
    ['application/json', '{"a":1}', 'text'],
    ['application/ld+json', '{"a":1}', 'text'],
    ['application/xml', '<a/>', 'text'],
    ['text/markdown', '# a', 'text'],
    ['image/png', '\x89PNG', 'binary'],
    ['application/pdf', '%PDF', 'binary'],
    ['text/plain', 'a\0b', 'binary'],
    ['application/octet-stream', 'abc', 'binary'],
    ['', '<!doctype html><p>x', 'page'],
    ['', 'a\0b', 'binary'],
  ])('%s of %j is %s', async (type, body, kind) => {
    const port = await web.http((_, response) => {
      if (type !== '') response.setHeader('content-type', type);
      response.end(body);
    });
    const { output } = await get(`http://one.example:${port}/`);
    expect(output.kind).toBe(kind);
    if (kind === 'binary') expect(output.text).toBe('');
    if (kind === 'text') expect(output.text).toBe(body);
  });
});

test('a hostile page takes its time in a thread of its own, within a limit, while the host answers', async () => {
  const body = `<p>${'<b>'.repeat(1_000_000)}x`;
  const port = await serve({ '/': body });
  const fetching = refusal(get(`http://one.example:${port}/`));
  await expect.poll(() => web.arrived.length).toBe(1);
  let beats = 0;
  let longest = 0;
  let last = performance.now();
  const beat = setInterval(() => {
    const now = performance.now();
    longest = Math.max(longest, now - last);
    last = now;
    beats++;
  }, 5);
  await expect.poll(() => beats, { timeout: 10_000 }).toBeGreaterThan(200);
  clearInterval(beat);
  await bench.clock.advance(11_000);
  expect(await fetching).toMatchObject({
    code: 'fetch_failed',
    message: expect.stringContaining('too tangled'),
  });
  expect(longest).toBeLessThan(500);
});
