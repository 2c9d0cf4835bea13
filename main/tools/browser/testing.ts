import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { PictureInfo } from '../../../contract/pictures.ts';
import { Gallery } from '../../core/gallery.ts';
import { createRedactor } from '../../core/redact.ts';
import { fakePorts, realClock, silentLog } from '../../core/testing.ts';
import type { Plan, PlanContext, RunContext, Tool, ToolResult } from '../../core/tool.ts';
import { createNet } from '../../guard/net.ts';
import { openStore, type Store } from '../../store/open.ts';
import { fakeKeys } from '../../vault/testing.ts';
import type { ToolServices } from '../services.ts';
import { ToolBench } from '../testing.ts';
import { browserTools } from './browser-tools.ts';
import { Browsers } from './browsers.ts';

type Answer = (req: IncomingMessage, res: ServerResponse) => void;

/** A site on loopback that counts who comes. */
export class Site {
  readonly hits: string[] = [];
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  /** @param pages - by path; what is not there is answered 404 */
  static async start(pages: Readonly<Record<string, string | Answer>> = {}): Promise<Site> {
    const server = createServer();
    const site = new Site(server);
    server.on('request', (req: IncomingMessage, res: ServerResponse) => {
      const path = (req.url ?? '/').split('?')[0] ?? '/';
      site.hits.push(`${req.method} ${req.url}`);
      const page = pages[path];
      if (typeof page === 'function') return page(req, res);
      res.writeHead(page === undefined ? 404 : 200, { 'content-type': 'text/html; charset=utf-8' });
      res.end(page ?? 'none');
    });
    server.on('upgrade', (req: IncomingMessage, socket) => {
      site.hits.push(`UPGRADE ${req.url}`);
      socket.destroy();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return site;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  url(path = '/'): string {
    return `http://127.0.0.1:${this.port}${path}`;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

/** The browser tools with a real browser, a real gallery, and time as it is. */
export class BrowserBench {
  readonly bench: ToolBench;
  readonly services: ToolServices;
  readonly browsers: Browsers;
  readonly gallery: Gallery;
  /** The setting `web.allowedHosts`. */
  readonly allowed: string[] = [];
  readonly #store: Store;
  readonly #tools: ReadonlyMap<string, Tool>;

  private constructor(bench: ToolBench, store: Store) {
    this.bench = bench;
    this.#store = store;
    const ports = fakePorts(realClock, { home: bench.home, env: process.env });
    const net = createNet({ allowedHosts: () => this.allowed });
    const settings = () => bench.settings;
    this.gallery = new Gallery({
      rows: store.pictures,
      home: bench.home,
      clock: realClock,
      random: ports.random,
      settings,
      redactor: createRedactor(() => []),
      audit: (entry) => void store.audit.append(entry),
    });
    this.browsers = new Browsers({ net, ports, settings, audit: () => {} });
    this.services = {
      net,
      ports,
      keys: fakeKeys({}),
      pictures: this.gallery,
      browsers: this.browsers,
      models: () => Promise.reject(new Error('no model is asked here')),
    };
    this.#tools = new Map(browserTools(this.services).tools.map((tool) => [tool.name, tool]));
  }

  static async create(files: Readonly<Record<string, string | Buffer>> = {}): Promise<BrowserBench> {
    const bench = await ToolBench.create(files);
    return new BrowserBench(bench, openStore({ home: bench.home, clock: realClock, log: silentLog }));
  }

  allow(...sites: readonly Site[]): void {
    this.allowed.push(...sites.map((site) => `127.0.0.1:${site.port}`));
  }

  tool(name: string): Tool {
    const tool = this.#tools.get(name);
    if (tool === undefined) throw new Error(`no tool ${name}`);
    return tool;
  }

  planContext(clientId = 'k1'): PlanContext {
    const context = this.bench.planContext();
    return {
      ...context,
      client: { id: clientId, name: `Client ${clientId}` },
      ports: { ...context.ports, clock: realClock },
    };
  }

  plan(name: string, input: unknown, clientId?: string): Promise<Plan> {
    const tool = this.tool(name);
    return Promise.resolve(tool.plan(tool.input.parse(input), this.planContext(clientId)));
  }

  runContext(clientId?: string): RunContext {
    return { ...this.bench.runContext(), ...this.planContext(clientId) };
  }

  /** Plans and runs, as after a person said yes. */
  async call(name: string, input: unknown, clientId?: string): Promise<ToolResult<Record<string, unknown>>> {
    const plan = await this.plan(name, input, clientId);
    const tool = this.tool(name);
    const result = await tool.run(plan, this.runContext(clientId));
    tool.output.parse(result.output);
    return result as ToolResult<Record<string, unknown>>;
  }

  /** All text of an answer. */
  async text(name: string, input: unknown, clientId?: string): Promise<string> {
    return textOf(await this.call(name, input, clientId));
  }

  pictures(): PictureInfo[] {
    return this.gallery.list({ limit: 200 }).pictures;
  }

  async close(): Promise<void> {
    await this.browsers.settled();
    await this.browsers.close();
    this.#store.close();
    await this.bench.remove();
  }
}

export function textOf(result: ToolResult<unknown>): string {
  return (result.content ?? []).map((one) => ('text' in one ? one.text : '')).join('\n');
}
