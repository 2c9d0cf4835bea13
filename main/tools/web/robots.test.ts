import type { ServerResponse } from 'node:http';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Tool } from '../../core/tool.ts';
import { LocalWeb } from '../../guard/net-testing.ts';
import { VERSION } from '../../version.ts';
import { refusal, ToolBench } from '../testing.ts';
import { fetchUrl } from './fetch-url.ts';

let web: LocalWeb;
let bench: ToolBench;
let tool: Tool;
let close: () => Promise<void>;

beforeEach(async () => {
  web = new LocalWeb();
  bench = await ToolBench.create();
  ({ tool, close } = fetchUrl(web.net()));
});
afterEach(async () => {
  await Promise.all([close(), web.close(), bench.remove()]);
});

/** A site with this robots.txt, or one that answers for it as it likes. */
const site = (robots: string | ((response: ServerResponse) => void)) =>
  web.http((request, response) => {
    if (request.url !== '/robots.txt') response.setHeader('content-type', 'text/plain').end('page');
    else if (typeof robots === 'string') response.end(robots);
    else robots(response);
  });

const get = async (url: string) => (await refusal(bench.call(tool, { url }))).code;

describe('what robots.txt says [NET-7]', () => {
  test.each([
    ['nothing', '', '/a', true],
    ['everything closed', 'User-agent: *\nDisallow: /', '/a', false],
    ['this path closed', 'User-agent: *\nDisallow: /private/', '/private/x', false],
    ['another path closed', 'User-agent: *\nDisallow: /private/', '/public', true],
    ['Fastband named', 'User-agent: fastband\nDisallow: /', '/a', false],
    ['Fastband named and let in', 'User-agent: *\nDisallow: /\n\nUser-agent: Fastband\nAllow: /', '/a', true],
    ['others named', 'User-agent: OtherBot\nDisallow: /', '/a', true],
    ['the longest match counts', 'User-agent: *\nDisallow: /\nAllow: /a/b', '/a/b', true],
    ['a wildcard', 'User-agent: *\nDisallow: /*.pdf$', '/x.pdf', false],
    ['a page in place of it', '<!doctype html><h1>Welcome</h1>', '/a', true],
  ])('%s', async (_, robots, path, allowed) => {
    const port = await site(robots);
    expect(await get(`http://one.example:${port}${path}`)).toBe(allowed ? 'allowed' : 'fetch_failed');
    expect(web.arrived.filter((one) => !one.endsWith('/robots.txt'))).toHaveLength(allowed ? 1 : 0);
  });

  test.each([
    ['404: open', 404, 'allowed'],
    ['403: open', 403, 'allowed'],
    ['500: closed', 500, 'fetch_failed'],
    ['503: closed', 503, 'fetch_failed'],
  ])('RFC 9309: %s', async (_, status, expected) => {
    const port = await site((response) => void response.writeHead(status).end());
    expect(await get(`http://one.example:${port}/`)).toBe(expected);
  });

  test('no answer in time: closed', async () => {
    const port = await site(() => {});
    const getting = get(`http://one.example:${port}/`);
    await expect.poll(() => web.arrived.length).toBe(1);
    await bench.clock.advance(6000);
    expect(await getting).toBe('fetch_failed');
  });

  test('the person says otherwise: not asked for', async () => {
    bench.set({ web: { respectRobots: false } });
    const port = await site('User-agent: *\nDisallow: /');
    expect(await get(`http://one.example:${port}/`)).toBe('allowed');
    expect(web.arrived).toHaveLength(1);
  });

  test('it is asked for once an hour, by the name of Fastband', async () => {
    const agents: string[] = [];
    const port = await web.http((request, response) => {
      agents.push(`${request.url} ${request.headers['user-agent']}`);
      response.end('');
    });
    for (const path of ['/a', '/b']) await get(`http://one.example:${port}${path}`);
    const agent = `Fastband/${VERSION}`;
    expect(agents).toEqual([`/robots.txt ${agent}`, `/a ${agent}`, `/b ${agent}`]);
    await bench.clock.advance(61 * 60_000);
    await get(`http://one.example:${port}/a`);
    expect(agents.filter((one) => one.startsWith('/robots.txt'))).toHaveLength(2);
  });

  test('it binds each page that a redirect leads to', async () => {
    const port = await web.http((request, response) => {
      if (request.url === '/robots.txt') response.end('User-agent: *\nDisallow: /closed');
      else response.writeHead(302, { location: '/closed' }).end();
    });
    expect(await get(`http://one.example:${port}/`)).toBe('fetch_failed');
    expect(web.arrived).not.toContain(`GET one.example:${port} /closed`);
  });

  test.each([
    ['to a private address', 'http://10.0.0.1/robots.txt', 'url_refused'],
    ['to a host that nobody allowed', 'http://two.example:8081/robots.txt', 'allowed'],
    ['without end', '/robots.txt', 'allowed'],
  ])('its own redirect %s reaches nothing there', async (_, location, expected) => {
    const port = await site((response) => void response.writeHead(302, { location }).end());
    expect(await get(`http://one.example:${port}/`)).toBe(expected);
    expect(web.asked.filter((host) => host !== 'one.example')).toEqual([]);
  });

  test('rules made to take long are read in the thread, not here', async () => {
    const line = `Disallow: /${'*a'.repeat(1000)}b\n`;
    const port = await site(`User-agent: *\n${line.repeat(200)}`);
    const getting = get(`http://one.example:${port}/${'a'.repeat(5000)}`);
    await expect.poll(() => web.arrived.length).toBe(1);
    let longest = 0;
    let beats = 0;
    let last = performance.now();
    const beat = setInterval(() => {
      const now = performance.now();
      longest = Math.max(longest, now - last);
      last = now;
      beats++;
    }, 5);
    await expect.poll(() => beats, { timeout: 10_000 }).toBeGreaterThan(100);
    clearInterval(beat);
    await bench.clock.advance(11_000);
    expect(await getting).toBe('fetch_failed');
    expect(longest).toBeLessThan(500);
  });
});
