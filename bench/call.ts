import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Sandbox } from '../e2e/host.ts';
import { drive, type Load, type Measured, modernCall } from './load.ts';
import { median, type Report, round } from './report.ts';

const ROUNDS = 5;
const MS = 2000;
const PEERS = ['idiomatic', 'lowLevel', 'bare'] as const;

/**
 * One whole allowed call over HTTP (token, policy, a committed audit row) beside an `McpServer` with as many tools, the
 * low-level `Server`, and plain `node:http`, which check, decide and record nothing. All run at once in processes of
 * their own and are driven in turn, so that a change in the machine's speed meets all alike.
 */
export async function call(): Promise<Report> {
  const box = new Sandbox();
  const peers: ChildProcess[] = [];
  try {
    const host = await box.serve();
    await host.api('settings.update', { limits: { callsPerMinute: 0 } });
    const tools = (await host.api('tools.list')).length;
    const token = await box.addClient('Bench');
    const { headers, body } = modernCall('get_version', {});
    const check = (text: string) => {
      if (!text.includes('"structuredContent"') || text.includes('"isError":true'))
        throw new Error(`not an answer: ${text.slice(0, 300)}`);
    };
    const loads = new Map<string, Load>([
      [
        'fastband',
        {
          url: new URL(host.ready.mcp),
          headers: { ...headers, authorization: `Bearer ${token}` },
          body,
          check,
        },
      ],
    ]);
    for (const kind of PEERS) {
      const child = spawn(
        process.execPath,
        [join(import.meta.dirname, 'peer-servers.ts'), kind, String(tools)],
        { stdio: ['ignore', 'pipe', 'inherit'] },
      );
      peers.push(child);
      const port = (await createInterface({ input: child.stdout })[Symbol.asyncIterator]().next())
        .value as string;
      loads.set(kind, { url: new URL(`http://127.0.0.1:${port}/mcp`), headers, body, check });
    }
    for (const load of loads.values()) await drive(load, 16, 1500);
    const rows = [];
    const figures: Record<string, number> = {};
    for (const connections of [1, 16]) {
      const all = new Map<string, Measured[]>([...loads.keys()].map((name) => [name, []]));
      for (let i = 0; i < ROUNDS; i++)
        for (const [name, load] of loads) all.get(name)?.push(await drive(load, connections, MS));
      const of = (name: string, what: keyof Measured) =>
        median((all.get(name) ?? []).map((one) => one[what]));
      const ratio = (name: string, what: keyof Measured) =>
        median(
          (all.get('fastband') ?? []).map((one, i) => one[what] / (all.get(name)?.[i]?.[what] ?? Number.NaN)),
        );
      for (const name of loads.keys()) {
        rows.push({
          server: `${name} x${connections}`,
          'calls/s': Math.round(of(name, 'perSecond')),
          'p50 ms': round(of(name, 'p50')),
          'p99 ms': round(of(name, 'p99')),
          'fastband/this': round(ratio(name, 'perSecond')),
        });
      }
      figures[`perSecond${connections}`] = round(of('fastband', 'perSecond'));
      figures[`p99Ms${connections}`] = round(of('fastband', 'p99'));
      figures[`vsIdiomatic${connections}`] = round(ratio('idiomatic', 'perSecond'));
      figures[`vsLowLevel${connections}`] = round(ratio('lowLevel', 'perSecond'));
      figures[`vsBare${connections}`] = round(ratio('bare', 'perSecond'));
      figures[`p99VsLowLevel${connections}`] = round(of('fastband', 'p99') / of('lowLevel', 'p99'));
    }
    return { name: 'call', rows, figures };
  } finally {
    for (const child of peers) child.kill('SIGKILL');
    await box.close();
  }
}
