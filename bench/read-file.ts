import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { Sandbox } from '../e2e/host.ts';
import { median, type Report, round } from './report.ts';

const ROUNDS = 9;
const CALLS = 300;
export const PEERS = join(import.meta.dirname, '..', 'e2e', 'peers', 'node_modules');

/**
 * `read_file` of 64 KB through the same SDK client: Fastband over HTTP, with policy and audit, beside the reference
 * file server over its stdio, which has neither. In turn, round by round.
 */
export async function readFile(): Promise<Report> {
  const box = new Sandbox();
  const lines = Array.from({ length: 1024 }, (_, i) => `${String(i).padStart(6, '0')} ${'x'.repeat(56)}`);
  writeFileSync(join(box.workspace, 'file.txt'), `${lines.join('\n')}\n`);
  const peer = new Client({ name: 'bench', version: '1' });
  try {
    const host = await box.serve();
    await host.api('settings.update', { limits: { callsPerMinute: 0 } });
    const ours = await box.connect(host, await box.addClient('Bench'));
    await peer.connect(
      new StdioClientTransport({
        command: process.execPath,
        args: [join(PEERS, '@modelcontextprotocol', 'server-filesystem', 'dist', 'index.js'), box.workspace],
        stderr: 'ignore',
      }),
    );
    const time = async (client: Client, name: string, path: string) => {
      const began = performance.now();
      for (let i = 0; i < CALLS; i++) {
        const { content } = await client.callTool({ name, arguments: { path } });
        const [first] = content as { text?: string }[];
        if ((first?.text?.length ?? 0) < 65_000) throw new Error('not the file');
      }
      return (performance.now() - began) / CALLS;
    };
    const mine: number[] = [];
    const theirs: number[] = [];
    for (let i = 0; i <= ROUNDS; i++) {
      const a = await time(ours, 'read_file', 'file.txt');
      const b = await time(peer, 'read_text_file', join(box.workspace, 'file.txt'));
      // The first round warms both up.
      if (i > 0) {
        mine.push(a);
        theirs.push(b);
      }
    }
    const vsPeer = median(mine.map((one, i) => one / (theirs[i] ?? Number.NaN)));
    return {
      name: 'read_file, 64 KB',
      rows: [
        { server: 'fastband (HTTP)', 'ms/call': round(median(mine), 3) },
        { server: 'server-filesystem (stdio)', 'ms/call': round(median(theirs), 3) },
        { server: 'fastband / server-filesystem', 'ms/call': round(vsPeer) },
      ],
      figures: {
        msPerCall: round(median(mine), 3),
        peerMsPerCall: round(median(theirs), 3),
        vsPeer: round(vsPeer),
      },
    };
  } finally {
    await peer.close().catch(() => {});
    await box.close();
  }
}

/** Runs a program to its end. @returns milliseconds */
export function timeProgram(command: string, args: readonly string[], cwd: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const began = performance.now();
    const child = spawn(command, args, { cwd, stdio: ['ignore', 'ignore', 'inherit'] });
    child.on('error', reject);
    child.on('exit', () => resolve(performance.now() - began));
  });
}
