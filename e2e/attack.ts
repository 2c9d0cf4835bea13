import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import type { Client } from '@modelcontextprotocol/client';
import type { Host, Sandbox } from './host.ts';

/** What came back over a connection that was written to byte by byte. */
export interface Heard {
  readonly text: string;
  /** Of each answer on it, in order. */
  readonly statuses: readonly number[];
  readonly closed: boolean;
}

/**
 * Writes bytes to a port, as no HTTP library would, and listens until the other side closes or is silent.
 *
 * @param silence - milliseconds without an answer after which there will be none
 */
export function say(port: number, bytes: string | Buffer, silence = 700): Promise<Heard> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    let text = '';
    let timer = setTimeout(() => done(false), silence);
    const done = (closed: boolean) => {
      clearTimeout(timer);
      socket.destroy();
      const statuses = [...text.matchAll(/HTTP\/1\.1 (\d{3})/g)].map(([, status]) => Number(status));
      resolve({ text, statuses, closed });
    };
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1');
      clearTimeout(timer);
      timer = setTimeout(() => done(false), silence);
    });
    socket.on('error', () => {});
    socket.on('close', () => done(true));
    socket.on('connect', () => socket.write(bytes));
  });
}

/** A host under attack, and what must be true of it afterwards. */
export class Target {
  readonly box: Sandbox;
  readonly host: Host;
  readonly client: Client;
  readonly token: string;
  /** Every answer, to be looked through at the end. */
  readonly heard: string[] = [];
  #before: string;

  private constructor(box: Sandbox, host: Host, client: Client, token: string) {
    this.box = box;
    this.host = host;
    this.client = client;
    this.token = token;
    this.#before = listing(box.workspace);
  }

  /** @param files - that the host may have open, at most */
  static async start(box: Sandbox, files?: number, env: NodeJS.ProcessEnv = {}): Promise<Target> {
    const host = await box.serve(undefined, env, files);
    await host.api('settings.update', { limits: { callsPerMinute: 0 } });
    // What gets through would be seen at once: nobody is asked.
    await host.api('rules.add', { effect: 'allow', match: { kind: 'write', paths: ['**'] } });
    const token = await box.addClient('Victim');
    return new Target(box, host, await box.connect(host, token), token);
  }

  get mcpPort(): number {
    return Number(new URL(this.host.ready.mcp).port);
  }

  get panelPort(): number {
    return Number(new URL(this.host.ready.panel).port);
  }

  async say(port: number, bytes: string | Buffer, silence?: number): Promise<Heard> {
    const heard = await say(port, bytes, silence);
    this.heard.push(heard.text);
    return heard;
  }

  /** A request as it should be, which would write a file. */
  writeCall(path: string): { readonly body: string; readonly headers: readonly string[] } {
    const params = {
      name: 'write_file',
      arguments: { path, content: 'it got through' },
      _meta: {
        'io.modelcontextprotocol/protocolVersion': '2026-07-28',
        'io.modelcontextprotocol/clientInfo': { name: 'attack', version: '1' },
        'io.modelcontextprotocol/clientCapabilities': {},
      },
    };
    return {
      body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params }),
      headers: [
        `Authorization: Bearer ${this.token}`,
        'Content-Type: application/json',
        'Accept: application/json, text/event-stream',
        'Mcp-Method: tools/call',
        'Mcp-Name: write_file',
        'Mcp-Protocol-Version: 2026-07-28',
      ],
    };
  }

  /** What is not as it must be: empty when the host came through. */
  async harm(): Promise<string[]> {
    const found: string[] = [];
    const began = performance.now();
    const answer = await this.client.callTool({ name: 'get_version', arguments: {} }).catch(String);
    if (typeof answer === 'string' || answer.isError === true)
      found.push(`a good call is refused: ${JSON.stringify(answer).slice(0, 300)}`);
    if (performance.now() - began > 2000) found.push('a good call takes more than 2 s');
    if (this.host.process.exitCode !== null) found.push('the host ended');
    // Of each attack once, so that the next is judged by itself.
    const now = listing(this.box.workspace);
    if (now !== this.#before) found.push(`the workspace has changed: ${now.slice(0, 2000)}`);
    this.#before = now;
    if (!(await this.host.api('audit.verify', {})).ok) found.push('the log does not verify');
    const told = this.heard.join('\n');
    for (const [what, text] of [
      ['a stack', '    at '],
      ['a source', 'dist/chunk-'],
      ['the home folder', this.box.home],
      ['the panel’s token', this.host.ready.panelToken],
      ['a client’s token', this.token],
    ] as const)
      if (told.includes(text)) found.push(`an answer tells ${what}`);
    return found;
  }
}

/** Names and contents. Links are told, not followed: what they lead to is not the workspace's. */
function listing(folder: string): string {
  const look = (within: string): unknown[] =>
    readdirSync(join(folder, within), { withFileTypes: true })
      .sort((a, b) => (a.name < b.name ? -1 : 1))
      .flatMap((entry) => {
        const name = join(within, entry.name);
        if (entry.isDirectory()) return [[name], ...look(name)];
        if (entry.isSymbolicLink()) return [[name, readlinkSync(join(folder, name))]];
        return [[name, entry.isFile() ? readFileSync(join(folder, name), 'latin1') : '']];
      });
  return JSON.stringify(look('.'));
}
