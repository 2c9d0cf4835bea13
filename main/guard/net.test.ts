import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { createNet } from './net.ts';

const servers: Server[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await new Promise((resolve) => server.close(resolve));
});

async function serve(answer: string): Promise<number> {
  const server = createServer((request, response) => {
    if (request.url === '/away') response.writeHead(302, { location: 'http://127.0.0.1:9/' }).end();
    else response.end(`${answer} ${request.headers.host}`);
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

test('an allowed target is reached, and a redirect is answered, not followed', async () => {
  const port = await serve('hello');
  const net = createNet({ allowedHosts: () => [`127.0.0.1:${port}`] });
  expect(await (await net.fetch(`http://127.0.0.1:${port}/`)).text()).toBe(`hello 127.0.0.1:${port}`);
  const away = await net.fetch(`http://127.0.0.1:${port}/away`);
  expect([away.status, away.headers.get('location')]).toEqual([302, 'http://127.0.0.1:9/']);
});

test('a name that leads to this machine is refused, and nothing arrives there', async () => {
  const port = await serve('secret');
  const net = createNet({
    allowedHosts: () => [],
    resolve: async () => [{ address: '127.0.0.1', family: 4 }],
  });
  await expect(net.fetch(`http://evil.example:${port}/`)).rejects.toMatchObject({ code: 'url_refused' });
});

test('one bad address among good ones spoils the name', async () => {
  const net = createNet({
    allowedHosts: () => [],
    resolve: async () => [
      { address: '93.184.216.34', family: 4 },
      { address: '10.0.0.1', family: 4 },
    ],
  });
  await expect(net.fetch('http://evil.example/')).rejects.toMatchObject({ code: 'url_refused' });
});

test('the name is looked up once for a connection, so a second answer cannot be dialled', async () => {
  const port = await serve('first');
  let asked = 0;
  const net = createNet({
    allowedHosts: () => [`dev.example:${port}`],
    resolve: async () => [{ address: asked++ === 0 ? '127.0.0.1' : '169.254.169.254', family: 4 }],
  });
  expect(await (await net.fetch(`http://dev.example:${port}/`)).text()).toBe(`first dev.example:${port}`);
  await expect(net.fetch(`http://dev.example:${port}/`)).rejects.toMatchObject({ code: 'url_refused' });
});

test('a proxy that the environment names is not used', async () => {
  const port = await serve('direct');
  process.env.HTTP_PROXY = 'http://127.0.0.1:9/';
  try {
    const net = createNet({ allowedHosts: () => [`127.0.0.1:${port}`] });
    expect(await (await net.fetch(`http://127.0.0.1:${port}/`)).text()).toContain('direct');
  } finally {
    delete process.env.HTTP_PROXY;
  }
});
