import { appendFileSync, mkdirSync, truncateSync, writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Target } from './attack.ts';
import { Sandbox } from './host.ts';
import { type Answer, inLanes, Load, memoryOf, TELLS } from './usage.ts';

/*
 * What is kept of anything shows in rounds: each sends the same amount of something new, at least twice as much as may
 * stay. What V8 takes for itself comes once; what is kept comes again with every round.
 */

const MB = 1024 * 1024;
/** Megabytes by which a round may leave the host larger than the one before. */
const STAYS = 16;
const ROUNDS = 12;
/** Megabytes that the host may ever have, whatever was tried on it all at once: it begins with about a hundred. */
const EVER = 1000;

let box: Sandbox;
let target: Target;
let load: Load;

const at = (name: string) => join(box.folder, 'work', name);

beforeAll(async () => {
  box = new Sandbox();
  mkdirSync(at('many'), { recursive: true });
  for (let i = 0; i < 20_000; i++) writeFileSync(at(`many/${i}`), '');
  writeFileSync(
    at('1mb.txt'),
    'x'
      .repeat(99)
      .concat('\n')
      .repeat(MB / 100),
  );
  writeFileSync(
    at('32mb.txt'),
    'x'
      .repeat(99)
      .concat('\n')
      .repeat((32 * MB) / 100 - 1),
  );
  writeFileSync(at('line.txt'), `${'a'.repeat(50_000_000)} end`);
  writeFileSync(at('huge.bin'), '');
  truncateSync(at('huge.bin'), 3 * 1024 ** 3);
  target = await Target.start(box);
  load = new Load(target, 8);
  await target.host.api('workspaces.add', { root: at('.') });
  await target.host.api('rules.add', { effect: 'ask', match: { kind: 'write', paths: ['asked/**'] } });
});
afterAll(async () => {
  load?.close();
  await box?.close();
});

const memory = (what?: 'VmHWM') => memoryOf(target.host.ready.pid, what);
/** Of a length, and in no two calls the same. */
let made = 0;
const fresh = (length: number) => `${++made}`.padEnd(length, 'x');

/** A connection that has been kept for a while may be closed just when it is used again. */
const again = <T>(ask: () => Promise<T>) => ask().catch(ask);
const waiting = () => again(() => target.host.api('approvals.list', { status: 'waiting' }));

const refused = ({ text }: Answer) => expect(text).toMatch(/"isError":true|"error":/);

/** Connections that ask and never read. */
async function readers(count: number, times: number): Promise<Socket[]> {
  const { mcpPort: port, token } = target;
  const params = { name: 'read_file', arguments: { path: at('1mb.txt') } };
  const meta = JSON.parse(target.writeCall('x').body) as { params: { _meta: unknown } };
  const body = JSON.stringify({
    jsonrpc: '2.0',
    id: 1,
    method: 'tools/call',
    params: { ...params, _meta: meta.params._meta },
  });
  const request = [
    'POST /mcp HTTP/1.1',
    `Host: 127.0.0.1:${port}`,
    `Authorization: Bearer ${token}`,
    'Content-Type: application/json',
    'Accept: application/json, text/event-stream',
    'Mcp-Method: tools/call',
    'Mcp-Name: read_file',
    'Mcp-Protocol-Version: 2026-07-28',
    `Content-Length: ${body.length}`,
    '',
    body,
  ].join('\r\n');
  return Array.from({ length: count }, () => {
    const socket = connect(port, '127.0.0.1').pause();
    socket.on('error', () => {});
    socket.write(request.repeat(times));
    return socket;
  });
}

/** A session of the revision before, whose requests have no headers that say the same. */
async function session() {
  const response = await fetch(target.host.ready.mcp, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${target.token}`,
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
    },
    body: initialize('load'),
  });
  await response.text();
  const headers = {
    'mcp-session-id': response.headers.get('mcp-session-id') ?? '',
    'mcp-protocol-version': '2025-11-25',
  };
  return (method: string, params: object) =>
    load.send(JSON.stringify({ jsonrpc: '2.0', id: ++made, method, params }), headers);
}

function initialize(name: string): string {
  const params = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name, version: '1' } };
  return JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'initialize', params });
}

interface Attack {
  readonly name: string;
  readonly round: () => Promise<unknown>;
}

const attacks: readonly Attack[] = [
  {
    name: '24 calls of 1 MB that are refused [CALL-1 ACC-13]',
    round: () =>
      inLanes(8, 24, async () =>
        refused(await load.call('read_file', { path: at('1mb.txt'), more: fresh(MB) })),
      ),
  },
  {
    name: '32 answers of 1 MB [ACC-13]',
    round: () => inLanes(8, 32, () => load.call('read_file', { path: at('1mb.txt') })),
  },
  {
    name: '4 files of 32 MB read at once [ACC-13]',
    round: () =>
      inLanes(4, 4, () => load.call('read_file', { path: at('32mb.txt'), offset: 1000, limit: 1 })),
  },
  {
    name: '200 methods that there are none of, of 150 KB each [ACC-13]',
    round: async () => {
      const say = await session();
      await inLanes(8, 200, async () => refused(await say(fresh(150_000), {})));
    },
  },
  {
    name: '200 names of clients, of 150 KB each [ACC-13]',
    round: () =>
      inLanes(8, 200, () => {
        const info = { name: fresh(150_000), version: '1' };
        return load.call('get_version', {}, { meta: { 'io.modelcontextprotocol/clientInfo': info } });
      }),
  },
  {
    name: '200 marks of progress, of 150 KB each [ACC-13]',
    round: () =>
      inLanes(8, 200, () => load.call('get_version', {}, { meta: { progressToken: fresh(150_000) } })),
  },
  {
    name: '200 tools that there are none of, of 150 KB each [ACC-13]',
    round: async () => {
      const say = await session();
      await inLanes(8, 200, async () =>
        refused(await say('tools/call', { name: fresh(150_000), arguments: {} })),
      );
    },
  },
  {
    name: '200 paths that there are none of, of 150 KB each [FS-1]',
    round: () =>
      inLanes(8, 200, async (i) => {
        const path = i % 2 === 0 ? at(fresh(150_000)) : 'a/'.repeat(40_000) + fresh(20_000);
        refused(await load.call('read_file', { path }));
      }),
  },
  {
    name: '200 addresses of resources, of 150 KB each [FS-1]',
    round: () =>
      inLanes(8, 200, async () => {
        const uri = `workspace://${fresh(150_000)}/a`;
        refused(await load.rpc('resources/read', { uri }, { name: 'x' }));
      }),
  },
  {
    name: '1500 sessions that there are none of [ACC-12]',
    round: () =>
      inLanes(8, 1500, async () => {
        const { status } = await load.send('{"jsonrpc":"2.0","id":1,"method":"tools/list"}', {
          'mcp-session-id': fresh(12_000),
          'mcp-protocol-version': '2025-11-25',
        });
        expect(status).toBe(404);
      }),
  },
  {
    name: '200 sessions opened and never closed, by names of 200 KB [ACC-13]',
    round: () => inLanes(8, 200, () => load.send(initialize(fresh(200_000)), {})),
  },
  {
    name: '1500 tokens that are none, of 12 KB each [ACC-10 ACC-11]',
    round: () =>
      inLanes(8, 1500, async () => {
        const { status } = await load.send('{}', { authorization: `Bearer ${fresh(12_000)}` });
        expect([401, 429]).toContain(status);
      }),
  },
  {
    name: '1500 links to the panel that are none, and calls of it [ACC-10]',
    round: () =>
      inLanes(8, 1500, async (i) => {
        const url = `http://127.0.0.1:${target.panelPort}/`;
        const headers = { authorization: `Bearer ${fresh(6000)}`, cookie: `fastband=${fresh(6000)}` };
        const { status } =
          i % 2 === 0
            ? await load.send('', {}, { url: `${url}login?code=${fresh(12_000)}`, method: 'GET' })
            : await load.send('{}', headers, { url: `${url}api/${fresh(100)}` });
        expect([401, 429]).toContain(status);
      }),
  },
  {
    name: '60 connections that ask for 240 MB and never read [ACC-13]',
    round: async () => {
      const sockets = await readers(60, 4);
      await sleep(800);
      expect((await load.call('read_file', { path: at('many/1') })).status).toBe(200);
      for (const socket of sockets) socket.destroy();
    },
  },
  {
    name: '8 questions of 3 MB each to a person, all refused [CALL-6]',
    round: async () => {
      const given = new AbortController();
      const { signal } = given;
      const asked = Array.from({ length: 8 }, () =>
        load.call('write_file', { path: at('asked/a.txt'), content: fresh(3 * MB) }, { signal }),
      );
      await expect.poll(async () => (await waiting()).length, { timeout: 30_000 }).toBe(8);
      given.abort();
      await Promise.all(asked);
      for (const { id } of await waiting())
        await again(() => target.host.api('approvals.decide', { id, decision: 'deny' }));
    },
  },
  {
    name: 'one question of 3 MB, asked 20 times over [CALL-6]',
    round: async () => {
      const given = new AbortController();
      const content = fresh(3 * MB);
      const many = new Load(target, 20);
      const asked = Array.from({ length: 20 }, () =>
        many.call('write_file', { path: at('asked/a.txt'), content }, { signal: given.signal }),
      );
      await expect.poll(async () => (await waiting()).length, { timeout: 30_000 }).toBe(1);
      await sleep(300);
      given.abort();
      await Promise.all(asked);
      many.close();
      for (const { id } of await waiting())
        await again(() => target.host.api('approvals.decide', { id, decision: 'deny' }));
    },
  },
  {
    name: 'searches that find without end [CMD-6]',
    round: () =>
      inLanes(3, 3, (i) =>
        load.call('search_files', {
          path: at(['1mb.txt', '32mb.txt', 'many'][i % 3] ?? ''),
          pattern: ['.', '^', 'x*'][i % 3],
          limit: 2000,
          context: 20,
        }),
      ),
  },
  {
    name: 'a line of 50 MB searched, alone and in its folder [CMD-6]',
    round: () =>
      inLanes(2, 2, (i) =>
        load.call('search_files', {
          path: at(i % 2 === 0 ? 'line.txt' : '.'),
          pattern: ' end',
          glob: 'line.txt',
        }),
      ),
  },
  {
    name: 'a file of 3 GB read, edited, searched and hashed [CALL-7]',
    round: async () => {
      refused(await load.call('read_file', { path: at('huge.bin') }));
      refused(await load.call('edit_file', { path: at('huge.bin'), edits: [{ old: 'a', new: 'b' }] }));
      await load.givenUp(4, 'write_file', () => ({ path: at('huge.bin'), content: 'x' }), 500);
      await load.givenUp(4, 'search_files', () => ({ path: at('huge.bin'), pattern: '^' }), 500);
    },
  },
  {
    name: 'a file that grows while it is read [CALL-7]',
    round: async () => {
      writeFileSync(at('grows.txt'), '');
      let growing = true;
      const grow = async () => {
        for (let i = 0; growing && i < 30; i++) {
          appendFileSync(at('grows.txt'), 'x'.repeat(99).concat('\n').repeat(1000));
          await sleep(1);
        }
      };
      const done = grow();
      await inLanes(4, 24, async () => {
        const { text } = await load.call('read_file', { path: at('grows.txt') });
        expect(text).toMatch(/"content"/);
      });
      growing = false;
      await done;
    },
  },
  {
    name: 'a folder of 20,000 files listed, found and searched [CALL-7]',
    round: () =>
      inLanes(3, 6, async (i) => {
        const { text } = await load.call(
          ...([
            ['list_directory', { path: at('many') }],
            ['find_files', { path: at('many'), pattern: '*' }],
            ['search_files', { path: at('many'), pattern: 'none' }],
          ][i % 3] as [string, Record<string, unknown>]),
        );
        expect(text).toContain('"content"');
      }),
  },
];

// What is kept is kept every time; when V8 collects is its own affair.
describe.skipIf(!TELLS)('the host keeps nothing of', { retry: 2 }, () => {
  it.each(attacks.map((one) => [one.name, one] as const))('%s', async (_name, { round }) => {
    const after: number[] = [];
    const grows = () => after.length < 2 || (after.at(-1) ?? 0) - (after.at(-2) ?? 0) > STAYS;
    while (grows() && after.length < ROUNDS) {
      await round();
      after.push(memory());
    }
    expect([grows(), after.map(Math.round)]).toEqual([false, expect.anything()]);
    expect(await target.harm()).toEqual([]);
  });

  it('all of that, and never took more than it needed', () => {
    expect(memory('VmHWM')).toBeLessThan(EVER);
  });
});
