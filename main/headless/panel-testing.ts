import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { type IncomingHttpHeaders, type IncomingMessage, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CHANNELS } from '../../contract/channels.ts';
import type { HostEvent } from '../../contract/events.ts';
import { DEFAULT_SETTINGS } from '../../contract/settings.ts';
import { FakeClock, silentLog } from '../core/testing.ts';
import { type Panel, type PanelApp, startPanel } from './panel.ts';

export const TOKEN = 'the-token-of-scripts';
export const bearer = { Authorization: `Bearer ${TOKEN}`, 'Content-Type': 'application/json' };

/** The core's face, remembering what it was asked. */
export class FakeApp {
  readonly handled: [string, unknown][] = [];
  readonly failures: string[] = [];
  readonly listeners = new Set<(event: HostEvent) => void>();
  answer: () => unknown = () => DEFAULT_SETTINGS;
  rows: () => AsyncIterable<string> = async function* () {};
  readonly app: PanelApp = {
    handle: async (channel, input) => {
      this.handled.push([channel, input]);
      return CHANNELS[channel].output.parse(this.answer()) as never;
    },
    exportAudit: () => this.rows(),
    picture: async (id, size) => {
      this.handled.push(['picture', { id, size }]);
      return { data: Buffer.from('a picture'), type: 'image/png' };
    },
    subscribe: (listener) => {
      this.listeners.add(listener);
      return () => this.listeners.delete(listener);
    },
    authFailed: (what) => void this.failures.push(what),
  };

  tell(event: HostEvent): void {
    for (const listener of this.listeners) listener(event);
  }
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

export interface Ask {
  method?: string;
  path?: string;
  headers?: Record<string, string>;
  body?: string | Buffer;
}

/** A real panel on a real port, over a core that is none, with a clock that moves when told. */
export class PanelBench {
  readonly home: string;
  readonly clock = new FakeClock();
  readonly fake = new FakeApp();
  readonly #sessionKey = randomBytes(32);
  #panel: Panel | undefined;

  static async open(): Promise<PanelBench> {
    const home = await mkdtemp(join(tmpdir(), 'fastband-panel-'));
    const assets = join(home, 'assets-folder');
    await mkdir(join(assets, 'assets'), { recursive: true });
    await writeFile(join(assets, 'index.html'), '<!doctype html><title>the panel</title>');
    await writeFile(join(assets, 'assets', 'index-Ab3_-9Zk.js'), 'export {};');
    await writeFile(join(assets, 'assets', 'logo.svg'), '<svg/>');
    await writeFile(join(assets, 'assets', 'index-Ab3_-9Zk.js.map'), '{}');
    await writeFile(join(assets, '.private.js'), 'private');
    await writeFile(join(home, 'private.js'), 'private');
    await symlink(join(home, 'private.js'), join(assets, 'assets', 'link.js'));
    const bench = new PanelBench(home);
    await bench.start();
    return bench;
  }

  private constructor(home: string) {
    this.home = home;
  }

  get panel(): Panel {
    if (this.#panel === undefined) throw new Error('the panel was not started');
    return this.#panel;
  }

  get port(): number {
    return Number(new URL(this.panel.url).port);
  }

  async start(more: { key?: Uint8Array; port?: number; assets?: string } = {}): Promise<void> {
    this.#panel = await startPanel({
      app: this.fake.app,
      port: more.port ?? 0,
      token: TOKEN,
      ports: { clock: this.clock, random: (bytes) => randomBytes(bytes), home: this.home },
      assets: more.assets ?? join(this.home, 'assets-folder'),
      sessionKey: more.key ?? this.#sessionKey,
      log: silentLog,
    });
  }

  async stop(): Promise<void> {
    const closed = this.panel.close();
    await this.clock.advance(1000);
    await closed;
  }

  /** On the same port, as a host does after a restart. */
  async restart(key?: Uint8Array, meanwhile: () => Promise<void> = async () => {}): Promise<void> {
    const { port } = this;
    await this.stop();
    await meanwhile();
    await this.start({ port, ...(key === undefined ? {} : { key }) });
  }

  async close(): Promise<void> {
    await this.stop();
    await rm(this.home, { recursive: true, force: true });
  }

  open({ method = 'GET', path = '/', headers = {}, body }: Ask): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      const all = { Connection: 'close', ...headers };
      const req = request({ host: '127.0.0.1', port: this.port, method, path, headers: all }, resolve);
      req.on('error', reject);
      req.end(body);
    });
  }

  async ask(what: Ask): Promise<Answer> {
    const res = await this.open(what);
    const chunks: Buffer[] = [];
    for await (const chunk of res) chunks.push(chunk as Buffer);
    return {
      status: res.statusCode ?? 0,
      headers: res.headers,
      text: Buffer.concat(chunks).toString('utf8'),
    };
  }

  post(channel: string, body: unknown = {}, headers: Record<string, string> = bearer): Promise<Answer> {
    return this.ask({ method: 'POST', path: `/api/${channel}`, headers, body: JSON.stringify(body) });
  }

  async login(url = this.panel.newLoginUrl()): Promise<{ cookie: string; answer: Answer }> {
    const { pathname, search } = new URL(url);
    const answer = await this.ask({ path: pathname + search });
    return { cookie: cookieOf(answer), answer };
  }

  ownOrigin(): Record<string, string> {
    return { Origin: `http://127.0.0.1:${this.port}`, 'Content-Type': 'application/json' };
  }

  /** The headers that the panel's own page sends. */
  asPage(cookie: string, key?: string): Record<string, string> {
    return {
      ...this.ownOrigin(),
      Cookie: cookie,
      ...(key === undefined ? {} : { 'Fastband-Session-Key': key }),
    };
  }
}

export function codeOf(answer: Answer): unknown {
  return JSON.parse(answer.text).error?.code;
}

/** `name=value` of the cookie that an answer sets, or an empty text. */
export function cookieOf(answer: Answer): string {
  return answer.headers['set-cookie']?.[0]?.split(';')[0] ?? '';
}
