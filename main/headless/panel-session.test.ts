import { randomBytes } from 'node:crypto';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Sessions } from './panel-session.ts';
import { type Ask, bearer, PanelBench } from './panel-testing.ts';

const KEY = 'k'.repeat(43);

let bench: PanelBench;
beforeEach(async () => {
  bench = await PanelBench.open();
});
afterEach(() => bench.close());

/** A session that a page has bound to `KEY`: its cookie, and the one from before. */
async function bound(): Promise<{ early: string; cookie: string; setCookie: string }> {
  const { cookie: early } = await bench.login();
  const answer = await bench.ask({
    method: 'POST',
    path: '/session/bind',
    headers: bench.asPage(early),
    body: JSON.stringify({ key: KEY }),
  });
  expect(answer.status).toBe(200);
  const setCookie = answer.headers['set-cookie']?.[0] ?? '';
  return { early, cookie: setCookie.split(';')[0] ?? '', setCookie };
}

describe('the one-time link', () => {
  it('logs a browser in, without the code going any further', async () => {
    const { answer, cookie } = await bench.login(bench.panel.loginUrl);
    expect([answer.status, answer.headers.location]).toEqual([303, '/']);
    expect(answer.headers['referrer-policy']).toBe('no-referrer');
    expect(answer.headers['set-cookie']?.[0]).toMatch(/; Path=\/; HttpOnly; SameSite=Strict; Max-Age=60$/);
    const start = await bench.ask({ headers: { Cookie: cookie } });
    expect([start.status, start.headers['cache-control']]).toEqual([200, 'no-store']);
    expect(start.text).toContain('the panel');
  });

  it('works once [ACC-6]', async () => {
    await bench.login(bench.panel.loginUrl);
    const { answer, cookie } = await bench.login(bench.panel.loginUrl);
    expect([answer.status, cookie]).toEqual([401, '']);
    expect(answer.text).toContain('new link');
    expect(bench.fake.failures).toEqual(['a panel link that is wrong, used or too old']);
  });

  it('works for ten minutes [ACC-6]', async () => {
    const inTime = bench.panel.newLoginUrl();
    await bench.clock.advance(10 * 60_000 - 1);
    expect((await bench.login(inTime)).answer.status).toBe(303);
    const late = bench.panel.newLoginUrl();
    await bench.clock.advance(10 * 60_000);
    expect((await bench.login(late)).answer.status).toBe(401);
  });

  it.each(['', '?code=', '?code=x', '?other=1'])('does not work as /login%s', async (query) => {
    expect((await bench.ask({ path: `/login${query}` })).status).toBe(401);
  });

  it('cannot be guessed: ten wrong ones lock it for a minute, the right one too [ACC-10]', async () => {
    for (let n = 0; n < 10; n++) await bench.ask({ path: '/login?code=x' });
    const url = bench.panel.newLoginUrl();
    const locked = await bench.login(url);
    expect([locked.answer.status, locked.answer.headers['retry-after']]).toEqual([429, '60']);
    await bench.clock.advance(60_000);
    expect((await bench.login(url)).answer.status).toBe(303);
  });

  it('is not locked by a page of another site that opens wrong ones', async () => {
    for (let n = 0; n < 20; n++)
      await bench.ask({
        path: '/login?code=x',
        headers: { 'Sec-Fetch-Site': 'cross-site', 'Sec-Fetch-Dest': 'document' },
      });
    expect((await bench.login()).answer.status).toBe(303);
  });

  it.each<[string, Ask]>([
    ['a browser that loads ahead', { headers: { 'Sec-Purpose': 'prefetch;prerender' } }],
    ['a picture', { headers: { 'Sec-Fetch-Dest': 'image' } }],
    ['a frame', { headers: { 'Sec-Fetch-Dest': 'iframe' } }],
    ['a HEAD request', { method: 'HEAD' }],
  ])('is not used up by %s', async (_name, how) => {
    const url = bench.panel.newLoginUrl();
    const { pathname, search } = new URL(url);
    const early = await bench.ask({ ...how, path: pathname + search });
    expect([403, 405]).toContain(early.status);
    expect(early.headers['set-cookie']).toBeUndefined();
    expect((await bench.login(url)).answer.status).toBe(303);
  });

  it('can be had anew by who is in already', async () => {
    const made = await bench.ask({ method: 'POST', path: '/session/link', headers: bearer, body: '{}' });
    expect((await bench.login(JSON.parse(made.text).value.url)).answer.status).toBe(303);
    expect(
      (await bench.ask({ method: 'POST', path: '/session/link', headers: bench.ownOrigin(), body: '{}' }))
        .status,
    ).toBe(401);
  });

  it('leaves a browser without it at a page that says what to do', async () => {
    const answer = await bench.ask({});
    expect(answer.status).toBe(401);
    expect(answer.text).toContain('Open the link that Fastband printed');
    expect(answer.text).not.toContain('the panel</title>');
  });
});

describe('a session [ACC-7]', () => {
  it.each<[string, () => Record<string, string>, number]>([
    ['passes with its Origin', () => bench.ownOrigin(), 200],
    [
      'passes when the browser says same-origin',
      () => ({ 'Sec-Fetch-Site': 'same-origin', 'Content-Type': 'application/json' }),
      200,
    ],
    [
      'is refused when nothing says where it comes from (CSRF)',
      () => ({ 'Content-Type': 'application/json' }),
      403,
    ],
    ['is refused from another site', () => ({ ...bench.ownOrigin(), 'Sec-Fetch-Site': 'cross-site' }), 403],
    [
      'is refused from another port, which is the same site',
      () => ({ ...bench.ownOrigin(), 'Sec-Fetch-Site': 'same-site' }),
      403,
    ],
    [
      'is refused for an address typed by hand',
      () => ({ 'Sec-Fetch-Site': 'none', 'Content-Type': 'application/json' }),
      403,
    ],
    ['is refused without JSON', () => ({ ...bench.ownOrigin(), 'Content-Type': 'text/plain' }), 415],
    ['is refused without any type', () => ({ Origin: `http://127.0.0.1:${bench.port}` }), 415],
  ])('%s', async (_name, headers, status) => {
    const { cookie } = await bench.login();
    expect((await bench.post('settings.get', {}, { ...headers(), Cookie: cookie })).status).toBe(status);
    expect(bench.fake.handled.length).toBe(status === 200 ? 1 : 0);
  });

  it('is refused without any type even where there is no body', async () => {
    const { cookie } = await bench.login();
    const headers = { Origin: `http://127.0.0.1:${bench.port}`, Cookie: cookie };
    expect((await bench.ask({ method: 'POST', path: '/api/settings.get', headers })).status).toBe(415);
  });

  it('ends after twelve hours', async () => {
    const { cookie, setCookie } = await bound();
    expect(setCookie).toMatch(/; Path=\/; HttpOnly; SameSite=Strict; Max-Age=43200$/);
    await bench.clock.advance(12 * 3600_000 - 1);
    expect((await bench.post('settings.get', {}, bench.asPage(cookie, KEY))).status).toBe(200);
    await bench.clock.advance(1);
    expect((await bench.post('settings.get', {}, bench.asPage(cookie, KEY))).status).toBe(401);
  });

  it('that no page has bound ends after a minute', async () => {
    const { cookie } = await bench.login();
    await bench.clock.advance(60_000 - 1);
    expect((await bench.post('settings.get', {}, bench.asPage(cookie))).status).toBe(200);
    await bench.clock.advance(1);
    expect((await bench.post('settings.get', {}, bench.asPage(cookie))).status).toBe(401);
    const body = JSON.stringify({ key: KEY });
    const late = { method: 'POST', path: '/session/bind', headers: bench.asPage(cookie), body };
    expect((await bench.ask(late)).status).toBe(401);
  });

  it.each<[string, (value: string) => string]>([
    ['a later end', (value) => value.replace(/^([^.]+\.[^.]+\.)\d/, '$19')],
    ['another id', (value) => `x${value}`],
    ['another signature', (value) => `${value.slice(0, -2)}AA`],
    ['no signature', (value) => value.slice(0, value.lastIndexOf('.') + 1)],
    ['no dots', () => 'abc'],
  ])('cannot be given %s', async (_name, forge) => {
    const { cookie } = await bench.login();
    const [name, value = ''] = cookie.split('=');
    expect((await bench.post('settings.get', {}, bench.asPage(`${name}=${forge(value)}`))).status).toBe(401);
    expect((await bench.post('settings.get', {}, bench.asPage(cookie))).status).toBe(200);
  });

  it('ends by logging out, also after a restart with the same key', async () => {
    const { cookie } = await bound();
    const kept = (await bound()).cookie;
    const out = await bench.ask({
      method: 'POST',
      path: '/session/end',
      headers: bench.asPage(cookie, KEY),
      body: '{}',
    });
    expect(out.headers['set-cookie']?.[0]).toMatch(/=; .*Max-Age=0$/);
    expect((await bench.post('settings.get', {}, bench.asPage(cookie, KEY))).status).toBe(401);
    await bench.restart();
    expect((await bench.post('settings.get', {}, bench.asPage(cookie, KEY))).status).toBe(401);
    expect((await bench.post('settings.get', {}, bench.asPage(kept, KEY))).status).toBe(200);
    expect((await stat(join(bench.home, 'panel-signed-out.json'))).mode & 0o777).toBe(0o600);
    expect(await readFile(join(bench.home, 'panel-signed-out.json'), 'utf8')).not.toContain(
      cookie.split(/[=.]/)[1],
    );
  });

  it('is refused after a restart when nobody can say any more who logged out', async () => {
    const { cookie } = await bound();
    await bench.restart(undefined, async () => {
      await writeFile(join(bench.home, 'panel-signed-out.json'), '{"ended"');
      await bench.clock.advance(1);
    });
    expect((await bench.post('settings.get', {}, bench.asPage(cookie, KEY))).status).toBe(401);
    expect((await bench.post('settings.get', {}, bench.asPage((await bench.login()).cookie))).status).toBe(
      200,
    );
  });

  it('ends with the key that signed it', async () => {
    const { cookie } = await bound();
    await bench.restart(randomBytes(32));
    expect((await bench.post('settings.get', {}, bench.asPage(cookie, KEY))).status).toBe(401);
  });
});

describe('a cookie that a server on another port was sent too [ACC-7]', () => {
  it('opens nothing without the key of the page', async () => {
    const { early, cookie } = await bound();
    for (const stolen of [early, cookie]) {
      expect((await bench.post('settings.get', {}, bench.asPage(stolen))).status).toBe(401);
      expect((await bench.post('settings.get', {}, bench.asPage(stolen, 'x'.repeat(43)))).status).toBe(401);
      expect((await bench.ask({ path: '/api/events', headers: { Cookie: stolen } })).status).toBe(401);
      expect(
        (
          await bench.ask({
            method: 'POST',
            path: '/session/link',
            headers: bench.asPage(stolen),
            body: '{}',
          })
        ).status,
      ).toBe(401);
      expect((await bench.post('settings.get', {}, bench.asPage(stolen, KEY))).status).toBe(200);
    }
    expect(bench.fake.failures).toContain('a panel request with a session cookie but not its key');
  });

  it('cannot be bound to another key', async () => {
    const { early, cookie } = await bound();
    const body = JSON.stringify({ key: 'x'.repeat(43) });
    for (const stolen of [early, cookie]) {
      expect(
        (await bench.ask({ method: 'POST', path: '/session/bind', headers: bench.asPage(stolen), body }))
          .status,
      ).toBe(401);
    }
  });

  it('opens nothing with the cookie from before it was bound, after a restart with the same key', async () => {
    const { early, cookie } = await bound();
    await bench.restart();
    expect((await bench.post('settings.get', {}, bench.asPage(early))).status).toBe(401);
    const body = JSON.stringify({ key: 'x'.repeat(43) });
    const theirs = { method: 'POST', path: '/session/bind', headers: bench.asPage(early), body };
    expect((await bench.ask(theirs)).status).toBe(401);
    expect((await bench.post('settings.get', {}, bench.asPage(cookie, KEY))).status).toBe(200);
  });

  it('stays bound after a restart', async () => {
    const { cookie } = await bound();
    await bench.restart();
    expect((await bench.post('settings.get', {}, bench.asPage(cookie))).status).toBe(401);
    expect((await bench.post('settings.get', {}, bench.asPage(cookie, KEY))).status).toBe(200);
  });

  it.each(['', 'short', 7, 'x'.repeat(201)])('is not bound to the key %j', async (key) => {
    const { cookie } = await bench.login();
    const answer = await bench.ask({
      method: 'POST',
      path: '/session/bind',
      headers: bench.asPage(cookie),
      body: JSON.stringify({ key }),
    });
    expect(answer.status).toBe(400);
  });
});

describe('a clock that is set back [FLT-4]', () => {
  const HOUR = 60 * 60_000;

  it('gives a link and a session no more time', async () => {
    const link = bench.panel.newLoginUrl();
    const { cookie } = await bound();
    const start = async () => (await bench.ask({ headers: { Cookie: cookie } })).text.includes('the panel');
    expect(await start()).toBe(true);
    await bench.clock.advance(10 * 60_000);
    bench.clock.set(-HOUR);
    expect((await bench.login(link)).answer.status).toBe(401);
    expect(await start()).toBe(true);
    await bench.clock.advance(12 * HOUR);
    bench.clock.set(-12 * HOUR);
    expect(await start()).toBe(false);
  });

  it('and a session of a time to come is none', async () => {
    const key = { key: Buffer.alloc(32, 1), random: (bytes: number) => randomBytes(bytes) };
    const sessions = (now: number) =>
      new Sessions({
        ...key,
        clock: { now: () => now },
        signedOut: { has: () => false, add: async () => {} },
      });
    const made = sessions(10 * HOUR);
    const cookie = made.sign(made.bind(made.issue(), KEY) ?? made.issue());
    expect(sessions(10 * HOUR).read(cookie)).toBeDefined();
    expect(sessions(9 * HOUR).read(cookie)).toBeUndefined();
  });
});
