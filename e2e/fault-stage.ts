import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { CallToolResult, Client } from '@modelcontextprotocol/client';
import { expect } from 'vitest';
import { BIN, type Host, type Ran, Sandbox } from './host.ts';
import { contentFor, Ledger } from './ledger.ts';
import { type Decisions, decisions, layDownRules, looser } from './permissions.ts';

/** A host that has work behind it, to which something then happens, and what it is held to afterwards. */
export class FaultStage {
  readonly box = new Sandbox();
  readonly ledger = new Ledger(this.box.home, this.box.workspace);
  #host: Host | undefined;
  #client: Client | undefined;
  #token = '';
  #before: Decisions = new Map();
  #count = 0;

  /** The host that runs, or ran last. */
  get host(): Host {
    if (this.#host === undefined) throw new Error('begin() first');
    return this.#host;
  }

  /** Starts the host, lays down rules, and has one client work. */
  async begin(env: NodeJS.ProcessEnv = {}): Promise<void> {
    for (const folder of ['free', 'asked', 'secret']) mkdirSync(join(this.box.workspace, folder));
    writeFileSync(join(this.box.workspace, 'base.txt'), 'base\n');
    writeFileSync(join(this.box.workspace, 'secret', 'key.txt'), 'hidden\n');
    this.#host = await this.box.serve(undefined, env);
    await this.host.api('settings.update', { limits: { callsPerMinute: 0 } });
    await layDownRules(this.host);
    this.#token = (await this.host.api('clients.create', { name: 'One' })).token;
    this.#client = await this.box.connect(this.host, this.#token);
    this.#before = await decisions(this.host);
    await this.work();
  }

  async call(name: string, args: Record<string, unknown>): Promise<CallToolResult> {
    if (this.#client === undefined) throw new Error('begin() first');
    return this.#client.callTool({ name, arguments: args });
  }

  /** Reads, writes by a rule, is refused by one and is let by a person: all of it acknowledged. */
  async work(): Promise<void> {
    const n = this.#count++;
    const read = await this.call('read_file', { path: 'base.txt' });
    expect(read.isError).toBeFalsy();
    this.ledger.calls.add(String(read._meta?.['fastband/callId']));
    await this.#written(`free/${n}.txt`, false);
    await this.#written(`asked/${n}.txt`, true);
    const locked = `locked/${n}.txt`;
    const denied = await this.call('write_file', { path: locked, content: 'x' });
    expect(denied._meta).toMatchObject({ 'fastband/code': 'denied_by_rule' });
    this.ledger.refused.add(locked);
  }

  async #written(path: string, asks: boolean): Promise<void> {
    const content = contentFor(path, 50);
    const call = this.call('write_file', { path, content });
    if (asks) {
      const { id } = await this.host.waiting();
      await this.host.api('approvals.decide', { id, decision: 'allow' });
      this.ledger.settled.add(id);
    }
    const result = await call;
    expect(result.isError).toBeFalsy();
    const callId = String(result._meta?.['fastband/callId']);
    this.ledger.calls.add(callId);
    this.ledger.written.set(path, { callId, content });
  }

  /** Stops the host and keeps a copy of its home. @returns what puts the copy back */
  async stopAndCopy(): Promise<() => void> {
    await this.#stop();
    const copy = join(this.box.folder, 'copy');
    cpSync(this.box.home, copy, { recursive: true });
    return () => {
      rmSync(this.box.home, { recursive: true, force: true });
      cpSync(copy, this.box.home, { recursive: true });
    };
  }

  /** Ends what a test left behind. */
  async close(): Promise<void> {
    await this.#host?.kill();
    await this.box.close();
  }

  async #stop(): Promise<void> {
    const { exitCode, signalCode } = this.host.process;
    if (exitCode === null && signalCode === null) expect((await this.host.stop('SIGTERM')).code).toBe(0);
  }

  /** Starts the host again, and its client with it. */
  async again(args: readonly string[] = [], env: NodeJS.ProcessEnv = {}): Promise<void> {
    this.#host = await this.box.serve(args, env);
    this.#client = await this.box.connect(this.host, this.#token);
  }

  /** A start that must not come about. @returns how it ended */
  async refusedStart(args: readonly string[] = ['--port', '0', '--panel-port', '0']): Promise<Ran> {
    const child = spawn(process.execPath, [BIN, 'serve', '--json', '--home', this.box.home, ...args], {
      env: { ...process.env, FASTBAND_LOG: 'error' },
      timeout: 30_000,
      killSignal: 'SIGKILL',
    });
    let [stdout, stderr] = ['', ''];
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    const [code] = (await once(child, 'close')) as [number | null];
    return { code, stdout, stderr };
  }

  /**
   * What holds after every fault: a host that runs ends in good order, the next one starts, nothing that was answered
   * is lost, the log verifies, nothing is decided less strictly than before, and the client works on.
   */
  async afterwards(): Promise<void> {
    await this.#stop();
    await this.again();
    expect(await this.ledger.check(this.host)).toEqual([]);
    expect(looser(this.#before, await decisions(this.host))).toEqual([]);
    expect(await this.host.api('server.status')).toMatchObject({ audit: 'ok', problems: [] });
    await this.work();
    const verified = await this.box.run(['audit', 'verify', '--json']);
    expect([verified.code, JSON.parse(verified.stdout)]).toMatchObject([0, { ok: true, bad: null }]);
    expect(this.ledger.lost()).toBe(0);
  }
}
