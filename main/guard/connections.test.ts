import { createServer, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { boundConnections, connectionsFor, openFilesLimit } from './connections.ts';

const MAX = 5;
let server: Server;
let answers: ServerResponse[];
let sockets: Socket[];

beforeEach(async () => {
  answers = [];
  sockets = [];
  server = createServer((request, response) => {
    if (request.url === '/wait') answers.push(response);
    else response.writeHead(request.url === '/refused' ? 401 : 200).end('ok');
  });
  boundConnections(server, MAX);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterEach(() => {
  for (const socket of sockets) socket.destroy();
  server.closeAllConnections();
  server.close();
});

/** A connection, and what has come over it. */
async function open(first = ''): Promise<{ socket: Socket; heard: () => string }> {
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  sockets.push(socket);
  let text = '';
  socket.on('data', (chunk) => (text += chunk.toString()));
  socket.on('error', () => {});
  await new Promise((resolve) => socket.once('connect', resolve));
  socket.write(first);
  return { socket, heard: () => text };
}

const get = (path: string) => `GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`;
const asks = async (path: string) => {
  const one = await open(get(path));
  await expect.poll(() => one.heard() !== '' || one.socket.destroyed).toBe(true);
  return one.heard();
};

describe('a server that holds so many connections [ACC-13]', () => {
  it('answers whoever comes, however many others say nothing', async () => {
    for (let i = 0; i < 4 * MAX; i++) await open(i % 2 === 0 ? '' : 'GET / HTT');
    expect(await asks('/')).toContain('200 OK');
    const count = () => new Promise<number>((resolve) => server.getConnections((_error, n) => resolve(n)));
    await expect.poll(count).toBe(MAX);
  });

  it('lets a request under way end, and keeps who was of use last', async () => {
    const waiting = await open(get('/wait'));
    await expect.poll(() => answers.length).toBe(1);
    const used = await open();
    for (let i = 0; i < 3 * MAX; i++) {
      await open();
      used.socket.write(get('/'));
      await expect.poll(() => used.heard().split('200 OK').length).toBe(i + 2);
    }
    answers[0]?.end('late');
    await expect.poll(waiting.heard).toContain('late');
    expect(used.socket.destroyed).toBe(false);
  });

  it('lets none be pushed out by others who only get refused', async () => {
    const used = await open(get('/'));
    await expect.poll(used.heard).toContain('200 OK');
    for (let i = 0; i < 3 * MAX; i++) await asks('/refused');
    used.socket.write(get('/'));
    await expect.poll(() => used.heard().split('200 OK').length).toBe(3);
  });

  it('gives the place of the longest idle when all were of use', async () => {
    const first = await open(get('/'));
    await expect.poll(first.heard).toContain('200 OK');
    for (let i = 0; i < MAX; i++) expect(await asks('/')).toContain('200 OK');
    await expect.poll(() => first.socket.destroyed).toBe(true);
  });

  it('closes the new one when all others hold a request', async () => {
    const held = [];
    for (let i = 0; i < MAX; i++) held.push(await open(get('/wait')));
    await expect.poll(() => answers.length).toBe(MAX);
    expect(await asks('/')).toBe('');
    expect(held.some(({ socket }) => socket.destroyed)).toBe(false);
  });
});

describe('how many that are', () => {
  it.each([
    [1_000_000, 1024],
    [1024, 256],
    [256, 64],
    [4, 8],
  ])('with %i files: %i', (files, connections) => {
    expect(connectionsFor(files, 1024, 4)).toBe(connections);
  });

  it('is asked of the system', async () => {
    expect(await openFilesLimit()).toBeGreaterThan(16);
  });
});
