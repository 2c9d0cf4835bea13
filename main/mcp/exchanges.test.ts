import { createServer, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FakeClock } from '../core/testing.ts';
import { type Exchange, Exchanges, MAX_HELD, STALLED_MS } from './exchanges.ts';

const MB = 1024 * 1024;
const MOST = 100;
let server: Server;
let clock: FakeClock;
let exchanges: Exchanges;
let begun: { readonly exchange: Exchange; readonly res: ServerResponse }[];
let sockets: Socket[];

beforeEach(async () => {
  clock = new FakeClock();
  exchanges = new Exchanges(clock);
  exchanges.most = MOST;
  begun = [];
  sockets = [];
  server = createServer((req, res) => {
    begun.push({ exchange: exchanges.begin(String(req.headers.client), res), res });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterEach(() => {
  for (const socket of sockets) socket.destroy();
  server.closeAllConnections();
  server.close();
});

/** A request of a client that reads nothing until it is told to. */
async function request(client: string) {
  const at = begun.length;
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  sockets.push(socket.pause());
  socket.on('error', () => {});
  socket.write(`GET / HTTP/1.1\r\nHost: x\r\nClient: ${client}\r\n\r\n`);
  await expect.poll(() => begun.length).toBe(at + 1);
  const one = begun[at];
  if (one === undefined) throw new Error('no request came');
  const answer = (bytes: number) => {
    one.res.end(Buffer.alloc(bytes));
    one.exchange.wrote();
  };
  return { ...one, socket, answer };
}

describe('what a client has under way [ACC-13]', () => {
  it('is bounded in number, the messages of a batch counted, and never another client’s', async () => {
    const one = await request('a');
    expect(one.exchange.brought(MOST)).toBe(true);
    const two = await request('a');
    expect(two.exchange.brought(1)).toBe(false);
    expect((await request('b')).exchange.brought(1)).toBe(true);
    two.res.end();
    one.res.end();
    await expect.poll(() => exchanges.has('a')).toBe(false);
    expect((await request('a')).exchange.brought(MOST)).toBe(true);
  });

  it('is bounded in what its requests hold', async () => {
    const one = await request('a');
    expect(one.exchange.took(MAX_HELD)).toBe(true);
    const two = await request('a');
    expect(two.exchange.took(1)).toBe(false);
    expect((await request('b')).exchange.took(MAX_HELD)).toBe(true);
  });

  it('is bounded in what it does not read: the answer that is too much is cut off', async () => {
    const answered = [];
    for (let i = 0; i < 4; i++) {
      answered.push(await request('a'));
      answered.at(-1)?.answer(15 * MB);
    }
    const last = await request('a');
    last.answer(15 * MB);
    await expect.poll(() => last.res.destroyed).toBe(true);
    expect(answered.map(({ res }) => res.destroyed)).toEqual([false, false, false, false]);
    const other = await request('b');
    other.answer(16 * MB);
    expect(other.res.destroyed).toBe(false);
  });

  it('ends when nothing of an answer is read for a minute, and not while it is', async () => {
    const [never, slow] = [await request('a'), await request('a')];
    never.answer(16 * MB);
    slow.res.write(Buffer.alloc(8 * MB));
    slow.exchange.wrote();
    await clock.advance(STALLED_MS - 1000);
    slow.socket.resume();
    await expect.poll(() => slow.res.writableLength).toBe(0);
    slow.socket.pause();
    slow.answer(8 * MB);
    await clock.advance(2000);
    expect([never.res.destroyed, slow.res.destroyed]).toEqual([true, false]);
    expect(never.exchange.signal.aborted).toBe(true);
    slow.socket.resume();
    await expect.poll(() => exchanges.has('a')).toBe(false);
  });
});
