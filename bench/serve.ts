import { type ChildProcess, spawn } from 'node:child_process';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { BIN, Sandbox } from '../e2e/host.ts';
import { PEERS } from './read-file.ts';
import { median, type Report, round } from './report.ts';

const ROUNDS = 9;

/** From spawn to the first answered `tools/list`, beside the reference server over HTTP, in turn. */
export async function serve(): Promise<Report> {
  const box = new Sandbox();
  try {
    const token = await box.addClient('Bench');
    const mine: number[] = [];
    const theirs: number[] = [];
    for (let i = 0; i <= ROUNDS; i++) {
      const [port, panel, peerPort] = [await freePort(), await freePort(), await freePort()];
      const a = await untilListed(`http://127.0.0.1:${port}/mcp`, { authorization: `Bearer ${token}` }, () =>
        spawn(
          process.execPath,
          [BIN, 'serve', '--home', box.home, '--port', String(port), '--panel-port', String(panel)],
          { stdio: 'ignore' },
        ),
      );
      const b = await untilListed(`http://127.0.0.1:${peerPort}/mcp`, {}, () =>
        spawn(
          process.execPath,
          [join(PEERS, '@modelcontextprotocol', 'server-everything', 'dist', 'index.js'), 'streamableHttp'],
          {
            stdio: 'ignore',
            env: { ...process.env, PORT: String(peerPort) },
          },
        ),
      );
      if (i > 0) {
        mine.push(a);
        theirs.push(b);
      }
    }
    const vsPeer = median(mine.map((one, i) => one / (theirs[i] ?? Number.NaN)));
    return {
      name: 'from spawn to the first tools/list',
      rows: [
        { server: 'fastband serve', ms: Math.round(median(mine)) },
        { server: 'server-everything', ms: Math.round(median(theirs)) },
        { server: 'fastband / server-everything', ms: round(vsPeer) },
      ],
      figures: { ms: Math.round(median(mine)), peerMs: Math.round(median(theirs)), vsPeer: round(vsPeer) },
    };
  } finally {
    await box.close();
  }
}

/** Starts a server, asks it as a client of 2025-11-25 would until it answers, and ends it. @returns milliseconds */
async function untilListed(
  url: string,
  headers: Record<string, string>,
  start: () => ChildProcess,
): Promise<number> {
  const began = performance.now();
  const child = start();
  try {
    for (;;) {
      const ms = await listOnce(url, headers).then(
        () => performance.now() - began,
        () => undefined,
      );
      if (ms !== undefined) return ms;
      if (performance.now() - began > 30_000) throw new Error(`${url} does not answer`);
      await sleep(2);
    }
  } finally {
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGTERM');
    await Promise.race([ended, sleep(3000).then(() => child.kill('SIGKILL'))]);
  }
}

async function listOnce(url: string, headers: Record<string, string>): Promise<void> {
  const all = {
    ...headers,
    'content-type': 'application/json',
    accept: 'application/json, text/event-stream',
  };
  const post = (body: object, more: Record<string, string> = {}) =>
    fetch(url, {
      method: 'POST',
      headers: { ...all, ...more },
      body: JSON.stringify({ jsonrpc: '2.0', ...body }),
    });
  const hello = await post({
    id: 1,
    method: 'initialize',
    params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'bench', version: '1' } },
  });
  await hello.text();
  const session = {
    'mcp-session-id': hello.headers.get('mcp-session-id') ?? '',
    'mcp-protocol-version': '2025-11-25',
  };
  await (await post({ method: 'notifications/initialized' }, session)).text();
  const listed = await (await post({ id: 2, method: 'tools/list' }, session)).text();
  if (!listed.includes('"inputSchema"')) throw new Error('no tools');
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer();
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}
