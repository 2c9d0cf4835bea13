import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { Client } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { CHROMIUM } from '../e2e/chromium.ts';
import { Sandbox } from '../e2e/host.ts';
import { PEERS } from './read-file.ts';

/** A site on this machine, a client of a host that may reach it, and a client of Playwright's MCP server. */
export interface Pair {
  readonly port: number;
  readonly ours: Client;
  readonly peer: Client;
}

/** @param options - for Playwright's server, beside those that start its browser headless and without a profile */
export async function besidePlaywright<T>(
  answer: RequestListener,
  options: readonly string[],
  measure: (pair: Pair) => Promise<T>,
): Promise<T> {
  const site: Server = createServer(answer);
  await new Promise<void>((resolve) => site.listen(0, '127.0.0.1', resolve));
  const { port } = site.address() as AddressInfo;
  const box = new Sandbox();
  const peer = new Client({ name: 'bench', version: '1' });
  try {
    const host = await box.serve();
    await host.api('settings.update', {
      limits: { callsPerMinute: 0 },
      web: { allowedHosts: [`localhost:${port}`] },
    });
    const added = await box.run(['rules', 'add', '--allow', 'net', '--', 'localhost']);
    if (added.code !== 0) throw new Error(added.stderr);
    const ours = await box.connect(host, await box.addClient('Bench'));
    await peer.connect(
      new StdioClientTransport({
        command: process.execPath,
        args: [
          join(PEERS, '@playwright', 'mcp', 'cli.js'),
          ...['--headless', '--isolated', '--no-sandbox', '--executable-path', CHROMIUM],
          ...options,
        ],
        cwd: box.folder,
        stderr: 'ignore',
      }),
    );
    return await measure({ port, ours, peer });
  } finally {
    await peer.close().catch(() => {});
    await box.close();
    site.closeAllConnections();
    site.close();
  }
}
