import { EventEmitter, once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { HostEvent } from '../../contract/events.ts';
import { DEFAULT_SETTINGS } from '../../contract/settings.ts';
import { FastbandError } from '../core/errors.ts';
import { bearer, codeOf, PanelBench, TOKEN } from './panel-testing.ts';

let bench: PanelBench;
beforeEach(async () => {
  bench = await PanelBench.open();
});
afterEach(() => bench.close());

const settingsEvent = (env: string[] = []): HostEvent => ({
  type: 'settings.changed',
  settings: { ...DEFAULT_SETTINGS, commands: { ...DEFAULT_SETTINGS.commands, env } },
});

/** A stream with what came so far. */
async function listen(
  headers: Record<string, string> = bearer,
): Promise<{ res: IncomingMessage; text: () => string; until: (part: string) => Promise<void> }> {
  const res = await bench.open({ path: '/api/events', headers });
  let text = '';
  const more = new EventEmitter();
  res.on('data', (chunk: Buffer) => {
    text += chunk.toString('utf8');
    more.emit('more');
  });
  res.on('error', () => {});
  return {
    res,
    text: () => text,
    until: async (part) => {
      while (!text.includes(part)) await once(more, 'more');
    },
  };
}

describe('events', () => {
  it('arrive by name, as JSON', async () => {
    const stream = await listen();
    expect(stream.res.headers).toMatchObject({
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
    });
    await stream.until('connected');
    bench.fake.tell(settingsEvent());
    await stream.until('settings.changed');
    expect(stream.text()).toContain(`event: settings.changed\ndata: ${JSON.stringify(settingsEvent())}\n\n`);
    stream.res.destroy();
  });

  it('need the token or a session of this very page', async () => {
    expect((await bench.ask({ path: '/api/events' })).status).toBe(401);
    const { cookie } = await bench.login();
    expect(
      (await bench.ask({ path: '/api/events', headers: { Cookie: cookie, 'Sec-Fetch-Site': 'same-site' } }))
        .status,
    ).toBe(403);
    expect(
      (await bench.ask({ method: 'POST', path: '/api/events', headers: bearer, body: '{}' })).status,
    ).toBe(405);
    const stream = await listen({ Cookie: cookie, 'Sec-Fetch-Site': 'same-origin' });
    expect(stream.res.statusCode).toBe(200);
    stream.res.destroy();
  });

  it('are kept alive every 15 s', async () => {
    const stream = await listen();
    await stream.until('connected');
    await bench.clock.advance(15_000);
    await stream.until(': beat');
    stream.res.destroy();
  });

  it.each<[string, (cookie: string) => Promise<unknown>]>([
    [
      'logging out',
      (cookie) =>
        bench.ask({ method: 'POST', path: '/session/end', headers: bench.asPage(cookie), body: '{}' }),
    ],
    ['time', () => bench.clock.advance(60_000 + 15_000)],
  ])('end when the session ends by %s', async (_name, end) => {
    const { cookie } = await bench.login();
    const stream = await listen({ Cookie: cookie });
    const ended = once(stream.res, 'end');
    await stream.until('connected');
    await end(cookie);
    await ended;
  });

  it('end when the panel closes, and nothing goes on listening', async () => {
    const stream = await listen();
    await stream.until('connected');
    const ended = once(stream.res, 'end');
    await bench.panel.close();
    await ended;
    expect(bench.fake.listeners.size).toBe(0);
    await bench.start();
  });

  it('are not kept for a reader that does not read', async () => {
    const socket = connect(bench.port, '127.0.0.1');
    socket.on('error', () => {});
    socket.write(
      `GET /api/events HTTP/1.1\r\nHost: 127.0.0.1:${bench.port}\r\nAuthorization: Bearer ${TOKEN}\r\n\r\n`,
    );
    await once(socket, 'data');
    socket.pause();
    const quick = await listen();
    await quick.until('connected');
    const event = settingsEvent(Array.from({ length: 64 }, () => 'X'.repeat(4096)));
    let sent = 0;
    // What the system buffers for a socket is beyond the panel; what it holds itself is not.
    for (; sent < 400 && !socket.destroyed; sent++) {
      const before = quick.text().length;
      bench.fake.tell(event);
      while (quick.text().length < before + 64 * 4096) await once(quick.res, 'data');
    }
    const closed = once(socket, 'close');
    socket.resume();
    await closed;
    expect(socket.bytesRead).toBeLessThan(40 * 1024 * 1024);
    expect(sent * 64 * 4096).toBeGreaterThan(80 * 1024 * 1024);
    quick.res.destroy();
  });

  it('go to 64 panels at most', async () => {
    const streams = await Promise.all(Array.from({ length: 64 }, () => listen()));
    expect((await bench.ask({ path: '/api/events', headers: bearer })).status).toBe(503);
    for (const { res } of streams) res.destroy();
  });
});

describe('the exported log', () => {
  it.each([
    ['jsonl', 'application/x-ndjson'],
    ['csv', 'text/csv; charset=utf-8'],
  ])('comes as a %s file', async (format, type) => {
    bench.fake.rows = async function* () {
      yield 'one\n';
      yield 'two\n';
    };
    const answer = await bench.post('audit.export', { format });
    expect(answer.status).toBe(200);
    expect(answer.text).toBe('one\ntwo\n');
    expect(answer.headers).toMatchObject({
      'content-type': type,
      'content-disposition': `attachment; filename="fastband-audit-2023-11-14.${format}"`,
      'transfer-encoding': 'chunked',
    });
  });

  it.each([{}, { format: 'xml' }, { format: 'csv', filter: { x: 1 } }])(
    'is not made for %j',
    async (input) => {
      const answer = await bench.post('audit.export', input);
      expect([answer.status, codeOf(answer)]).toEqual([400, 'invalid_input']);
    },
  );

  it('that cannot be begun is an error, not an empty file', async () => {
    // biome-ignore lint/correctness/useYield: it fails before its first row
    bench.fake.rows = async function* () {
      throw new FastbandError('audit_unavailable', 'The log cannot be read.');
    };
    expect(codeOf(await bench.post('audit.export', { format: 'csv' }))).toBe('audit_unavailable');
  });

  it('that fails on the way is torn, not taken for whole', async () => {
    bench.fake.rows = async function* () {
      yield 'one\n';
      throw new Error('gone');
    };
    await expect(bench.post('audit.export', { format: 'csv' })).rejects.toThrow(/aborted|socket hang up/);
  });

  it('is not read further when the reader goes away', async () => {
    let ended: () => void = () => {};
    const end = new Promise<void>((resolve) => {
      ended = resolve;
    });
    bench.fake.rows = async function* () {
      try {
        for (;;) yield 'x'.repeat(64 * 1024);
      } finally {
        ended();
      }
    };
    const res = await bench.open({
      method: 'POST',
      path: '/api/audit.export',
      headers: bearer,
      body: '{"format":"csv"}',
    });
    await once(res, 'data');
    res.on('error', () => {});
    res.destroy();
    await end;
  });
});
