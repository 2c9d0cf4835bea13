import type { CustomScheme, Protocol } from 'electron';
import { describe, expect, it } from 'vitest';
import { type Asset, SECURITY_HEADERS } from '../panel-files.ts';
import { isOwnUrl, registerScheme, servePanel } from './protocol.ts';

const file = (text: string, type: string): Asset => ({ body: Buffer.from(text), type, hashed: false });
const ASSETS = new Map([
  ['/index.html', file('<p>', 'text/html; charset=utf-8')],
  ['/assets/a.js', file('1', 'text/javascript; charset=utf-8')],
]);

function served(): (request: Request) => Promise<Response> {
  let handler: Parameters<Protocol['handle']>[1] | undefined;
  const protocol = { handle: (_scheme: string, given: typeof handler) => (handler = given) };
  servePanel(protocol as never, Promise.resolve(ASSETS), async (id, size) =>
    id === 'p_0123456789abcdef' ? { data: Buffer.from(size), type: 'image/png' } : undefined,
  );
  return async (request) => (await handler?.(request as never)) as Response;
}
const answer = (url: string, init?: RequestInit) => served()(new Request(url, init));

describe('the panel’s own addresses', () => {
  it('give its files', async () => {
    const response = await answer('app://fastband/assets/a.js?v=1');
    expect([response.status, await response.text(), response.headers.get('content-type')]).toEqual([
      200,
      '1',
      'text/javascript; charset=utf-8',
    ]);
    expect(await (await answer('app://fastband/')).text()).toBe('<p>');
  });

  it('give pictures by their id, whole and small, as pictures', async () => {
    const whole = await answer('app://fastband/pictures/p_0123456789abcdef');
    expect([whole.status, await whole.text(), whole.headers.get('content-type')]).toEqual([
      200,
      'full',
      'image/png',
    ]);
    expect(whole.headers.get('x-content-type-options')).toBe('nosniff');
    expect(await (await answer('app://fastband/pictures/p_0123456789abcdef/small')).text()).toBe('small');
  });

  it.each([
    ['a picture that is not there', 'app://fastband/pictures/p_0123456789abcdeX'],
    ['what is no picture’s id', 'app://fastband/pictures/..%2f..%2faudit.key'],
    ['a size that there is not', 'app://fastband/pictures/p_0123456789abcdef/large'],
    ['more after a picture', 'app://fastband/pictures/p_0123456789abcdef/small/x'],
    ['a folder above', 'app://fastband/../../etc/passwd'],
    ['one encoded', 'app://fastband/%2e%2e/%2e%2e/etc/passwd'],
    ['with encoded slashes', 'app://fastband/..%2f..%2fetc%2fpasswd'],
    ['a file of ours under an encoded slash', 'app://fastband/assets%2fa.js'],
    ['with backslashes', 'app://fastband/..\\..\\etc\\passwd'],
    ['an end of the text', 'app://fastband/index.html%00.js'],
    ['twice encoded', 'app://fastband/%252e%252e/etc/passwd'],
    ['a folder', 'app://fastband/assets/'],
    ['a host that is not there', 'app://elsewhere/index.html'],
    ['a host that begins like ours', 'app://fastband.example/index.html'],
    ['a name on the table’s prototype', 'app://fastband/constructor'],
  ])('give nothing else: %s', async (_name, url) => {
    expect((await answer(url)).status).toBe(404);
  });

  it.each(['POST', 'PUT', 'DELETE', 'HEAD'])('answer no %s', async (method) => {
    expect((await answer('app://fastband/index.html', { method })).status).toBe(404);
  });

  it.each(['app://fastband/index.html', 'app://fastband/assets/a.js', 'app://fastband/none', 'app://x/'])(
    'carry the content security policy with every answer: %s',
    async (url) => {
      const { headers } = await answer(url);
      for (const [name, value] of Object.entries(SECURITY_HEADERS))
        expect(headers.get(name), name).toBe(value);
    },
  );
});

describe('the content security policy [APP-5]', () => {
  const policy = SECURITY_HEADERS['Content-Security-Policy'] ?? '';

  it('allows nothing that is not named, and names no elsewhere', () => {
    expect(policy).toContain("default-src 'none'");
    expect(policy).not.toMatch(/unsafe|https?:|\*|blob:/);
  });
});

it('the scheme has an origin, and no way around the policy', () => {
  const given: CustomScheme[] = [];
  registerScheme({ registerSchemesAsPrivileged: (schemes) => void given.push(...schemes) });
  expect(given).toMatchObject([{ scheme: 'app', privileges: { standard: true, secure: true } }]);
  expect(given[0]?.privileges).not.toHaveProperty('bypassCSP');
  expect(given[0]?.privileges).not.toHaveProperty('allowServiceWorkers');
});

describe('an address of ours', () => {
  it.each([
    ['app://fastband/', true],
    ['app://fastband/index.html#/rules', true],
    ['APP://FASTBAND/', false],
    ['app://fastband:80/', false],
    ['app://user@fastband/', false],
    ['app://fastband.example/', false],
    ['app:fastband', false],
    ['https://fastband/', false],
    ['app', false],
    ['', false],
  ])('%j: %s', (url, own) => expect(isOwnUrl(url)).toBe(own));
});
