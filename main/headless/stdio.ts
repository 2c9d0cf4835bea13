import { createInterface } from 'node:readline';
import { setTimeout } from 'node:timers/promises';
import { SdkHttpError, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { showLine } from '../../contract/display.ts';
import { FastbandError } from '../core/errors.ts';
import { commandName } from './command-name.ts';
import type { CommonOptions } from './commands/with-app.ts';
import { resolveHome } from './home.ts';
import { findHost } from './host-file.ts';
import { loopbackFetch } from './loopback-fetch.ts';
import { type Outgoing, type Problem, StdioBridge } from './stdio-bridge.ts';

/** At the end of input, answers that are on their way get so long: clients end a server that takes longer. */
const LAST_ANSWERS_MS = 1000;
const NOT_DELIVERED = -32000;

/**
 * Passes MCP between stdin and stdout and the running host, a JSON-RPC message a line, until input ends.
 * stdout carries protocol and nothing else.
 *
 * @throws FastbandError `host_not_running`, `unauthorized`, `server_stopped`
 */
export async function stdio(options: CommonOptions): Promise<void> {
  const token = process.env.FASTBAND_TOKEN?.trim();
  if (!token) {
    throw new FastbandError(
      'unauthorized',
      `FASTBAND_TOKEN is not set. Put the token that "${commandName()} client add NAME" printed into it.`,
    );
  }
  const host = await findHost(resolveHome(options.home));
  if (host === undefined) {
    throw new FastbandError(
      'host_not_running',
      `No Fastband runs with ${showLine(resolveHome(options.home))}. Start it with "${commandName()} serve", then connect again.`,
    );
  }
  const http = new StreamableHTTPClientTransport(new URL(host.mcp), {
    requestInit: { headers: { Authorization: `Bearer ${token}` } },
    // Node's own fetch gives up on a stream that is silent for five minutes, and a person may take longer.
    fetch: loopbackFetch,
  });
  const bridge = new StdioBridge(http, write, problemWords);
  await http.start();

  const input = createInterface({ input: process.stdin, crlfDelay: Number.POSITIVE_INFINITY });
  const ended = new Promise<void>((resolve) => input.once('close', resolve));
  const interrupted = new Promise<void>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve());
  });
  input.on('line', (line) => bridge.receive(line));

  try {
    await Promise.race([ended, interrupted, bridge.failed]);
    await Promise.race([bridge.idle(), interrupted, bridge.failed, setTimeout(LAST_ANSWERS_MS)]);
  } finally {
    input.close();
    process.stdin.destroy();
    await bridge.close();
  }
  process.exit();
}

function write(message: Outgoing): void {
  process.stdout.write(`${JSON.stringify(message)}\n`);
}

/** What a request that did not get through means, for the client and for stderr; `fatal` when none will any more. */
function problemWords(cause: unknown): Problem {
  if (!(cause instanceof SdkHttpError))
    return fatal(
      'server_stopped',
      'The connection to Fastband was lost: it has stopped. Start it with "fastband serve", then connect again.',
    );
  switch (cause.status) {
    case 401:
      return fatal(
        'unauthorized',
        'Fastband refused the token in FASTBAND_TOKEN: it is wrong or was revoked. Make a new one with "fastband client add NAME".',
      );
    case 404:
      return fatal(
        'server_stopped',
        'This session has ended, as Fastband was started again in between. Connect again.',
      );
    default:
      return {
        fatal: false,
        error: answered(cause.data.text) ?? {
          code: NOT_DELIVERED,
          message: `Fastband answered with HTTP status ${cause.status}.`,
        },
      };
  }
}

function fatal(code: 'unauthorized' | 'server_stopped', message: string): Problem {
  return { fatal: new FastbandError(code, message), error: { code: NOT_DELIVERED, message } };
}

/** The JSON-RPC error that the host answered with, where its answer is one. */
function answered(text: unknown): Problem['error'] | undefined {
  if (typeof text !== 'string') return undefined;
  try {
    const { error } = JSON.parse(text) as { error?: { code?: unknown; message?: unknown } };
    if (typeof error?.code !== 'number' || typeof error.message !== 'string') return undefined;
    return { ...error, code: error.code, message: error.message };
  } catch {
    return undefined;
  }
}
