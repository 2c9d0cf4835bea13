import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { Agent, request } from 'node:http';
import type { Target } from './attack.ts';

/** What a host has in use, as the system sees it. Linux alone tells. */
export const TELLS = process.platform === 'linux';

export interface Usage {
  readonly files: number;
  readonly connections: number;
  readonly threads: number;
  /** Command lines; of one that has ended and that nobody has collected, its name and state. */
  readonly children: readonly string[];
}

/** Kept at hand between questions, and ended by themselves when they have been idle. */
const KEPT = /sqlite-process/;

export function usageOf(pid: number): Usage {
  const open = readdirSync(`/proc/${pid}/fd`).map((fd) => quiet(() => readlinkSync(`/proc/${pid}/fd/${fd}`)));
  return {
    files: open.filter((link) => link !== '' && !link.startsWith('socket:')).length,
    connections: open.filter((link) => link.startsWith('socket:')).length,
    threads: readdirSync(`/proc/${pid}/task`).length,
    children: childrenOf(pid)
      .map(({ line }) => line)
      .filter((line) => !KEPT.test(line)),
  };
}

export interface Descendant {
  readonly pid: number;
  readonly line: string;
}

export function childrenOf(pid: number): Descendant[] {
  const all = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      const stat = quiet(() => readFileSync(`/proc/${name}/stat`, 'latin1'));
      if (stat === '') return [];
      const [state, parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      const words = quiet(() => readFileSync(`/proc/${name}/cmdline`, 'utf8'))
        .replaceAll('\0', ' ')
        .trim();
      const title = stat.slice(stat.indexOf('('), stat.lastIndexOf(')') + 1);
      return [
        { pid: Number(name), parent: Number(parent), line: words === '' ? `${title} ${state}` : words },
      ];
    });
  const below = (of: number): Descendant[] =>
    all.filter(({ parent }) => parent === of).flatMap((one) => [one, ...below(one.pid)]);
  return below(pid);
}

/** Whether there is such a process that has not ended. */
export function lives(pid: number): boolean {
  const stat = quiet(() => readFileSync(`/proc/${pid}/stat`, 'latin1'));
  return stat !== '' && !/^\) [ZX]/.test(stat.slice(stat.lastIndexOf(')')));
}

/** Of one process, in megabytes. @param what - `VmRSS` is now, `VmHWM` the most there ever was */
export function memoryOf(pid: number, what: 'VmRSS' | 'VmHWM' = 'VmRSS'): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(new RegExp(`${what}:\\s+(\\d+)`).exec(status)?.[1] ?? Number.NaN) / 1024;
}

function quiet(read: () => string): string {
  try {
    return read();
  } catch {
    return '';
  }
}

export interface Answer {
  readonly status: number;
  readonly text: string;
}

const META = {
  'io.modelcontextprotocol/protocolVersion': '2026-07-28',
  'io.modelcontextprotocol/clientInfo': { name: 'load', version: '1' },
  'io.modelcontextprotocol/clientCapabilities': {},
};

/** Sends much, over connections of its own that are gone when it is closed. */
export class Load {
  readonly #target: Target;
  readonly #agent: Agent;

  constructor(target: Target, connections = 64) {
    this.#target = target;
    this.#agent = new Agent({ keepAlive: true, maxSockets: connections });
  }

  close(): void {
    this.#agent.destroy();
  }

  /** @returns status 0 where no whole answer came */
  send(
    body: string,
    headers: Readonly<Record<string, string>>,
    options: { readonly signal?: AbortSignal; readonly url?: string; readonly method?: string } = {},
  ): Promise<Answer> {
    const { host, token } = this.#target;
    return new Promise((resolve) => {
      const req = request(
        options.url ?? host.ready.mcp,
        {
          method: options.method ?? 'POST',
          agent: this.#agent,
          headers: {
            authorization: `Bearer ${token}`,
            'content-type': 'application/json',
            accept: 'application/json, text/event-stream',
            ...headers,
          },
          ...(options.signal === undefined ? {} : { signal: options.signal }),
        },
        (res) => {
          let text = '';
          res.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
          res.on('end', () => resolve({ status: res.statusCode ?? 0, text }));
          res.on('error', () => resolve({ status: 0, text }));
        },
      );
      req.on('error', () => resolve({ status: 0, text: '' }));
      req.end(body);
    });
  }

  /** A request of the current protocol. @param name - of a tool or resource, as its headers say it */
  rpc(
    method: string,
    params: Readonly<Record<string, unknown>>,
    options: {
      readonly name?: string;
      readonly meta?: Readonly<Record<string, unknown>>;
      readonly signal?: AbortSignal;
    } = {},
  ): Promise<Answer> {
    const { name, meta = {}, signal } = options;
    const body = { jsonrpc: '2.0', id: 1, method, params: { ...params, _meta: { ...META, ...meta } } };
    const headers = {
      'mcp-method': method,
      'mcp-protocol-version': '2026-07-28',
      ...(name === undefined ? {} : { 'mcp-name': name }),
    };
    return this.send(JSON.stringify(body), headers, signal === undefined ? {} : { signal });
  }

  call(
    name: string,
    args: Readonly<Record<string, unknown>>,
    options: { readonly meta?: Readonly<Record<string, unknown>>; readonly signal?: AbortSignal } = {},
  ): Promise<Answer> {
    return this.rpc('tools/call', { name, arguments: args }, { name, ...options });
  }

  /** Calls that their client gives up after some milliseconds, each after another time. */
  async givenUp(
    count: number,
    name: string,
    args: (i: number) => Readonly<Record<string, unknown>>,
    most: number,
  ): Promise<void> {
    await Promise.all(
      Array.from({ length: count }, (_, i) =>
        this.call(name, args(i), { signal: AbortSignal.timeout(Math.ceil((most * (i + 1)) / count)) }),
      ),
    );
  }
}

/** So many at once, and so many in all. */
export async function inLanes(
  lanes: number,
  count: number,
  run: (i: number) => Promise<unknown>,
): Promise<void> {
  let next = 0;
  const lane = async () => {
    for (let i = next++; i < count; i = next++) await run(i);
  };
  await Promise.all(Array.from({ length: lanes }, lane));
}
