import { readFileSync } from 'node:fs';
import { Agent } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { Sandbox } from '../e2e/host.ts';
import { modernCall, send } from './load.ts';
import { type Report, round } from './report.ts';

const CALLS = 100_000;
const WARM = 20_000;

/**
 * Resident memory of the host: idle, warmed up by 20,000 calls, and after 100,000 more. Growth is from warm to after:
 * what is compiled and cached once is no leak.
 */
export async function memory(): Promise<Report> {
  const box = new Sandbox();
  const agent = new Agent({ keepAlive: true, maxSockets: 16 });
  try {
    const host = await box.serve();
    await host.api('settings.update', { limits: { callsPerMinute: 0 } });
    const token = await box.addClient('Bench');
    const { headers, body } = modernCall('get_version', {});
    const load = {
      url: new URL(host.ready.mcp),
      headers: { ...headers, authorization: `Bearer ${token}` },
      body,
      check: () => {},
    };
    const make = async (calls: number) => {
      let left = calls;
      const one = async () => {
        while (left-- > 0)
          if (!(await send(load, agent)).includes('structuredContent')) throw new Error('not an answer');
      };
      await Promise.all(Array.from({ length: 16 }, one));
      await sleep(3000);
    };
    await sleep(2000);
    const idle = resident(host.ready.pid);
    await make(WARM);
    const warm = resident(host.ready.pid);
    await make(CALLS);
    const after = resident(host.ready.pid);
    const growth = (after - warm) / warm;
    return {
      name: `resident memory, ${CALLS} calls`,
      rows: [
        { when: 'idle', MB: round(idle, 1) },
        { when: `after ${WARM} calls`, MB: round(warm, 1) },
        { when: `after ${CALLS} more`, MB: round(after, 1) },
        { when: 'growth', MB: `${round(growth * 100, 1)} %` },
      ],
      figures: {
        idleMB: round(idle, 1),
        warmMB: round(warm, 1),
        afterMB: round(after, 1),
        growthPercent: round(growth * 100, 1),
      },
    };
  } finally {
    agent.destroy();
    await box.close();
  }
}

/** Resident megabytes of a process, by the kernel's account. */
function resident(pid: number): number {
  const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Number(kilobytes) / 1024;
}
