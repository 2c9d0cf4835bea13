import { readFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import fc from 'fast-check';
import { CHANNELS } from '../contract/channels.ts';
import { anyJson } from '../main/core/property-testing.ts';
import { Target } from './attack.ts';
import { Sandbox } from './host.ts';

export interface FuzzReport {
  readonly seed: number;
  readonly requests: number;
  /** How many answers of each status; 0 for none. */
  readonly statuses: Readonly<Record<string, number>>;
  readonly seconds: number;
  /** Resident memory of the host when it was warm, and at the end. Megabytes. */
  readonly memory: readonly [number, number];
  /** What was not as it must be, with what was sent. Empty when all is well. */
  readonly found: readonly string[];
}

/** What ends the host, takes back the settings that this stands on, or fetches something large is not asked for. */
const SPARED = new Set([
  'browser.fetch',
  'server.stop',
  'backups.restore',
  'settings.update',
  'settings.import',
  'settings.reset',
  'workspaces.add',
]);
/** The panel says so of a defect; there must be none. */
const DEFECT = 500;
/** Waiting for a person, for a page or for a model takes as long as it takes. */
const ANSWER_MS = 2000;

/**
 * Sends requests that no client would to a host of its own, by chance: broken HTTP, mutated calls, and wrong values in
 * every field of the panel's channels. What it ever found stands as a case in attacks.test.ts.
 *
 * @param seed - the same one sends the same
 */
export async function fuzz(options: {
  readonly seconds: number;
  readonly seed: number;
  readonly say?: (text: string) => void;
}): Promise<FuzzReport> {
  const { seconds, seed, say = () => {} } = options;
  const box = new Sandbox();
  const chance = randomOf(seed);
  const statuses: Record<string, number> = {};
  const found: string[] = [];
  let requests = 0;
  try {
    const target = await Target.start(box);
    await target.host.api('rules.add', { effect: 'deny', match: { kind: 'write', paths: ['**'] } });
    await target.harm();
    const began = performance.now();
    let warm = memoryOf(target.host.ready.pid);
    let told = began;
    for (let round = 0; performance.now() - began < seconds * 1000; round++) {
      const inputs = fc.sample(anyJson(), { numRuns: 40, seed: seed + round });
      await Promise.all(
        inputs.map(async (input) => {
          const sent = chance() < 0.3 ? rawRequest(target, chance) : asked(target, chance, input);
          const status = await send(target, sent);
          requests++;
          statuses[status] = (statuses[status] ?? 0) + 1;
          if (status >= DEFECT && status !== 503 && status !== 505)
            found.push(`status ${status}: ${excerpt(sent)}`);
        }),
      );
      for (const what of await target.harm()) found.push(`${what}, in round ${round} of seed ${seed}`);
      target.heard.length = 0;
      if (round === 4) warm = memoryOf(target.host.ready.pid);
      if (performance.now() - told > 10_000) {
        told = performance.now();
        say(`${requests} requests, ${found.length} found`);
      }
      if (found.length > 20) break;
    }
    const after = memoryOf(target.host.ready.pid);
    if (after > Math.max(warm * 1.5, warm + 150)) found.push(`memory grew from ${warm} to ${after} MB`);
    return {
      seed,
      requests,
      statuses,
      seconds: Math.round((performance.now() - began) / 1000),
      memory: [warm, after],
      found: [...new Set(found)],
    };
  } finally {
    await box.close();
  }
}

type Sent =
  | { readonly kind: 'raw'; readonly port: number; readonly bytes: Buffer }
  | {
      readonly kind: 'http';
      readonly url: string;
      readonly headers: Readonly<Record<string, string>>;
      readonly body: string;
    };

/** A call or a channel's request with a value by chance in it. */
function asked(target: Target, chance: () => number, input: unknown): Sent {
  if (chance() < 0.5) {
    const names = Object.keys(CHANNELS).filter((name) => !SPARED.has(name));
    return {
      kind: 'http',
      url: new URL(`api/${pick(names, chance)}`, target.host.ready.panel).href,
      headers: {
        'content-type': 'application/json',
        authorization: `Bearer ${target.host.ready.panelToken}`,
      },
      body: mutated(
        JSON.stringify(chance() < 0.5 ? input : { id: input, name: input, limit: input }),
        chance,
      ),
    };
  }
  const good = JSON.parse(target.writeCall('x.txt').body) as Record<string, unknown>;
  const fields = ['jsonrpc', 'id', 'method', 'params', 'more'];
  const params = good.params as Record<string, unknown>;
  const where = chance();
  if (where < 0.4) good[pick(fields, chance)] = input;
  else if (where < 0.7) params[pick(['name', 'arguments', '_meta', 'more'], chance)] = input;
  else if (where < 0.9)
    (params.arguments as Record<string, unknown>)[pick(['path', 'content', 'x'], chance)] = input;
  else params._meta = { ...(params._meta as object), 'io.modelcontextprotocol/protocolVersion': input };
  const headers = Object.fromEntries(
    target.writeCall('x.txt').headers.map((line) => {
      const at = line.indexOf(': ');
      return [line.slice(0, at).toLowerCase(), line.slice(at + 2)];
    }),
  );
  if (chance() < 0.3)
    delete headers[
      pick(
        Object.keys(headers).filter((one) => one !== 'authorization'),
        chance,
      )
    ];
  return {
    kind: 'http',
    url: target.host.ready.mcp,
    headers,
    body: mutated(JSON.stringify(good), chance),
  };
}

/** A request's bytes, with some of them changed, cut off, or doubled. */
function rawRequest(target: Target, chance: () => number): Sent {
  const { body, headers } = target.writeCall('x.txt');
  const text = [
    `${pick(['POST', 'GET', 'DELETE', 'PUT', 'OPTIONS', 'HEAD', 'TRACE'], chance)} ${pick(['/mcp', '/', '/api/server.status', '/login?code=x', '/api/events'], chance)} HTTP/1.1`,
    `Host: 127.0.0.1:${target.mcpPort}`,
    ...headers,
    'Connection: close',
    pick([`Content-Length: ${body.length}`, 'Transfer-Encoding: chunked', 'Content-Length: 3'], chance),
    '',
    body,
  ].join('\r\n');
  const bytes = Buffer.from(text);
  for (let i = Math.floor(chance() * 6); i > 0; i--)
    bytes[Math.floor(chance() * bytes.length)] = Math.floor(chance() * 256);
  const end = chance() < 0.2 ? Math.floor(chance() * bytes.length) : bytes.length;
  const cut = bytes.subarray(0, end);
  return {
    kind: 'raw',
    port: chance() < 0.6 ? target.mcpPort : target.panelPort,
    bytes: chance() < 0.1 ? Buffer.concat([cut, cut]) : cut,
  };
}

/** Mostly as it is: what does not parse comes no further than the parser. */
function mutated(json: string, chance: () => number): string {
  if (chance() > 0.15 || json.length === 0) return json;
  const at = Math.floor(chance() * json.length);
  return `${json.slice(0, at)}${pick(['', '"', '{', ']', '\\u0000', '\\ud800', '__proto__', ',', '9'.repeat(400)], chance)}${json.slice(at + 1)}`;
}

const agent = new Agent({ keepAlive: true, maxSockets: 40 });

/** @returns the status; 0 for none */
async function send(target: Target, sent: Sent): Promise<number> {
  if (sent.kind === 'raw') return (await target.say(sent.port, sent.bytes, 150)).statuses[0] ?? 0;
  return new Promise((resolve) => {
    const asking = request(
      sent.url,
      { method: 'POST', agent, headers: { ...sent.headers, 'content-length': Buffer.byteLength(sent.body) } },
      (response) => {
        let text = '';
        const stop = setTimeout(() => response.destroy(), ANSWER_MS);
        response.setEncoding('utf8').on('data', (chunk: string) => {
          text += chunk.slice(0, 100_000);
        });
        response.on('error', () => {});
        response.on('close', () => {
          clearTimeout(stop);
          // What the panel tells its owner may name the owner's own folder.
          if (sent.url.endsWith('/mcp')) target.heard.push(text);
          resolve(response.statusCode ?? 0);
        });
      },
    );
    asking.setTimeout(ANSWER_MS, () => asking.destroy());
    asking.on('error', () => resolve(0));
    asking.end(sent.body);
  });
}

function excerpt(sent: Sent): string {
  return sent.kind === 'raw'
    ? JSON.stringify(sent.bytes.toString('latin1').slice(0, 1500))
    : `${sent.url} ${sent.body.slice(0, 1500)}`;
}

function memoryOf(pid: number): number {
  try {
    return Math.round(Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024);
  } catch {
    // Not Linux: not known, and nothing is concluded from it.
    return 0;
  }
}

function pick<T>(from: readonly T[], chance: () => number): T {
  const one = from[Math.floor(chance() * from.length)];
  if (one === undefined) throw new RangeError('nothing to pick from');
  return one;
}

/** Numbers from 0 to 1, the same for the same seed. Mulberry32, by Tommy Ettinger. */
function randomOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
