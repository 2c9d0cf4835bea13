import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import type { Channel, ChannelInput, ChannelOutput } from '../contract/channels.ts';
import type { WireError } from '../contract/errors.ts';
import { childEndsWithUs, folderEndsWithUs } from './ends-with-us.ts';
import { HAS_KEYCHAIN, startKeychain, type TestKeychain } from './keychain.ts';

export const BIN = join(import.meta.dirname, '..', 'bin', 'fastband');

/** The one line that `serve --json` prints. */
export interface Ready {
  readonly ready: true;
  readonly mcp: string;
  readonly panel: string;
  readonly panelToken: string;
  readonly home: string;
  readonly pid: number;
}

export interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** What comes at once where the machine is not busy may take as long where it is. */
const PATIENCE_MS = 15_000;

/** A folder of a test's own, with a home and a workspace in it, gone afterwards. */
export class Sandbox {
  readonly folder = realpathSync(mkdtempSync(join(tmpdir(), 'fastband-e2e-')));
  readonly home = join(this.folder, 'home');
  readonly workspace = join(this.folder, 'shop');
  readonly #hosts: Host[] = [];
  readonly #clients: Client[] = [];
  readonly #folderIsGone: () => void;
  #keychain: TestKeychain | undefined;

  constructor() {
    this.#folderIsGone = folderEndsWithUs(this.folder);
    mkdirSync(this.workspace);
  }

  /** Starts the real command and waits until it says that it is ready. @param files - that it may have open, at most */
  async serve(
    args: readonly string[] = ['--workspace', this.workspace],
    env: NodeJS.ProcessEnv = {},
    files?: number,
  ): Promise<Host> {
    const ports = ['--home', this.home, '--port', '0', '--panel-port', '0'];
    const host = await Host.start([...ports, ...args], env, files);
    this.#hosts.push(host);
    return host;
  }

  /** A keychain of this sandbox's own, where the system has one to start: what to give to a host or command. */
  async keychain(): Promise<NodeJS.ProcessEnv> {
    if (!HAS_KEYCHAIN) return {};
    this.#keychain ??= await startKeychain(this.folder);
    return this.#keychain.env;
  }

  /** Runs one command to its end, beside whatever serves. */
  async run(
    args: readonly string[],
    options: { readonly env?: NodeJS.ProcessEnv; readonly stdin?: string } = {},
  ): Promise<Ran> {
    // Behind "--" come the words of a command, not options.
    const end = args.includes('--') ? args.indexOf('--') : args.length;
    const child = spawn(
      process.execPath,
      [BIN, ...args.slice(0, end), '--home', this.home, ...args.slice(end)],
      { env: { ...process.env, ...options.env } },
    );
    childEndsWithUs(child);
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    child.stdin.end(options.stdin ?? '');
    const [code] = (await once(child, 'close')) as [number | null];
    return { code, stdout, stderr };
  }

  /** The token of a new client: made by the host that runs here, as a panel does, else by the command. */
  async addClient(name: string): Promise<string> {
    const host = this.#hosts.findLast((one) => one.process.exitCode === null);
    if (host !== undefined) return (await host.api('clients.create', { name })).token;
    const { code, stdout, stderr } = await this.run(['client', 'add', name, '--json']);
    if (code !== 0) throw new Error(stderr);
    return (JSON.parse(stdout) as { token: string }).token;
  }

  /** A client of the current protocol, connected. */
  async connect(
    host: Host,
    token: string,
    options: ConstructorParameters<typeof Client>[1] = {},
  ): Promise<Client> {
    const client = new Client(
      { name: 'e2e', version: '1' },
      { versionNegotiation: { mode: 'auto' }, ...options },
    );
    await client.connect(
      new StreamableHTTPClientTransport(new URL(host.ready.mcp), {
        requestInit: { headers: { Authorization: `Bearer ${token}` } },
      }),
    );
    this.#clients.push(client);
    return client;
  }

  async close(): Promise<void> {
    await Promise.all(this.#clients.map((client) => client.close().catch(() => {})));
    await Promise.all(this.#hosts.map((host) => host.kill()));
    this.#keychain?.stop();
    rmSync(this.folder, { recursive: true, force: true });
    this.#folderIsGone();
  }
}

/** A running `fastband serve`. */
export class Host {
  readonly ready: Ready;
  readonly process: ChildProcess;
  readonly #output: { stdout: string; stderr: string };

  private constructor(ready: Ready, child: ChildProcess, output: { stdout: string; stderr: string }) {
    this.ready = ready;
    this.process = child;
    this.#output = output;
  }

  static async start(args: readonly string[], env: NodeJS.ProcessEnv, files?: number): Promise<Host> {
    const command = [process.execPath, BIN, 'serve', '--json', ...args];
    const within = files === undefined ? [] : ['sh', '-c', `ulimit -n ${files} && exec "$@"`, 'sh'];
    const [program = '', ...rest] = [...within, ...command];
    const child = spawn(program, rest, {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    childEndsWithUs(child);
    const output = { stdout: '', stderr: '' };
    child.stderr.setEncoding('utf8').on('data', (text: string) => (output.stderr += text));
    child.stdout.setEncoding('utf8').on('data', (text: string) => (output.stdout += text));
    const line = createInterface({ input: child.stdout })[Symbol.asyncIterator]().next();
    const first = await Promise.race([line, once(child, 'exit').then(() => undefined)]);
    if (first === undefined || first.done === true) throw new Error(`serve ended: ${output.stderr}`);
    return new Host(JSON.parse(first.value) as Ready, child, output);
  }

  get stdout(): string {
    return this.#output.stdout;
  }

  get stderr(): string {
    return this.#output.stderr;
  }

  /** Calls the panel's API as the person. @throws Error with the refusal's code */
  async api<C extends Channel>(
    channel: C,
    input: Partial<ChannelInput<C>> | Record<string, unknown> = {},
  ): Promise<ChannelOutput<C>> {
    const response = await fetch(new URL(`api/${channel}`, this.ready.panel), {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${this.ready.panelToken}` },
      body: JSON.stringify(input),
    });
    const answer = (await response.json()) as
      | { ok: true; value: ChannelOutput<C> }
      | { ok: false; error: WireError };
    if (answer.ok) return answer.value;
    throw Object.assign(new Error(answer.error.message), { code: answer.error.code });
  }

  /** A one-time link that logs a browser in, as SIGUSR2 has the host print it. */
  async loginLink(): Promise<string> {
    const from = this.#output.stderr.length;
    this.process.kill('SIGUSR2');
    for (const end = performance.now() + PATIENCE_MS; performance.now() < end; ) {
      const link = /http:\S+\/login\?code=\S+/.exec(this.#output.stderr.slice(from))?.[0];
      if (link !== undefined) return link;
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
    throw new Error('the host printed no link');
  }

  /** The one approval that waits, once it does. */
  async waiting(): Promise<ChannelOutput<'approvals.get'>> {
    for (const end = performance.now() + PATIENCE_MS; performance.now() < end; ) {
      const [first] = await this.api('approvals.list', { status: 'waiting' });
      if (first !== undefined) return first;
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
    throw new Error('nothing waits for an answer');
  }

  async allow(more: Record<string, unknown> = {}): Promise<void> {
    const { id } = await this.waiting();
    await this.api('approvals.decide', { id, decision: 'allow', ...more });
  }

  /** Sends a signal and waits for the end. @returns exit code and milliseconds */
  async stop(signal: NodeJS.Signals): Promise<{ code: number | null; ms: number }> {
    const began = performance.now();
    const ended = once(this.process, 'exit') as Promise<[number | null]>;
    this.process.kill(signal);
    const [code] = await ended;
    return { code, ms: performance.now() - began };
  }

  async kill(): Promise<void> {
    if (this.process.exitCode !== null || this.process.signalCode !== null) return;
    const ended = once(this.process, 'exit');
    this.process.kill('SIGKILL');
    await ended;
  }
}
