import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Net } from '../../guard/net.ts';
import type { Ports } from '../../ports.ts';
import { SITE_HOST } from './launch-options.ts';

/** What one set of pages may reach, asked for every connection. */
export interface ProxyRules {
  /** @throws FastbandError when this host must not be reached */
  check(method: string, url: string): void;
  /** A connection that was allowed could not be made, or was refused as it was dialled. */
  failed(host: string, port: number, error: unknown): void;
  /** A file of the workspace. */
  site(method: string, path: string): Promise<SiteAnswer>;
  readonly signal: AbortSignal;
}

export interface SiteAnswer {
  readonly status: number;
  readonly type: string;
  readonly body: Buffer;
}

/** RFC 9110, 7.6.1: for this connection alone. */
const HOP_BY_HOP = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/**
 * The only way out of our browsers: an HTTP proxy on 127.0.0.1. Each set of pages has credentials of its own, by which
 * it is known; whoever has none, the browser's own services too, is refused. Addresses are dialled by `Net.connect`,
 * so that the one that was checked is the one that is dialled.
 */
export class GuardProxy {
  readonly #net: Net;
  readonly #random: Ports['random'];
  readonly #server: Server;
  readonly #rules = new Map<string, ProxyRules>();

  private constructor(net: Net, random: Ports['random']) {
    this.#net = net;
    this.#random = random;
    this.#server = createServer((req, res) => void this.#request(req, res).catch(() => res.destroy()));
    this.#server.on('connect', (req: IncomingMessage, client: Duplex, head: Buffer) => {
      client.on('error', () => client.destroy());
      void this.#tunnel(req, client, head).catch(() => client.destroy());
    });
    this.#server.on('clientError', (_error, socket) => socket.destroy());
  }

  static async start(net: Net, random: Ports['random']): Promise<GuardProxy> {
    const proxy = new GuardProxy(net, random);
    await new Promise<void>((resolve, reject) => {
      proxy.#server.once('error', reject);
      proxy.#server.listen(0, '127.0.0.1', resolve);
    });
    proxy.#server.unref();
    return proxy;
  }

  /** `http://127.0.0.1:port` */
  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Lets a set of pages out. `remove` ends it. */
  admit(rules: ProxyRules): { username: string; password: string; remove: () => void } {
    const word = () => Buffer.from(this.#random(18)).toString('base64url');
    const [username, password] = [word(), word()];
    const key = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
    this.#rules.set(key, rules);
    return { username, password, remove: () => void this.#rules.delete(key) };
  }

  async close(): Promise<void> {
    this.#rules.clear();
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.#server.closeAllConnections();
    await closed;
  }

  #rulesFor(req: IncomingMessage): ProxyRules | undefined {
    return this.#rules.get(req.headers['proxy-authorization'] ?? '');
  }

  async #tunnel(req: IncomingMessage, client: Duplex, head: Buffer): Promise<void> {
    const rules = this.#rulesFor(req);
    if (rules === undefined) {
      client.end(
        'HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm="fastband"\r\n\r\n',
      );
      return;
    }
    const url = URL.parse(`https://${req.url ?? ''}/`);
    if (url === null || url.hostname === SITE_HOST) return refuse(client);
    const port = url.port === '' ? 443 : Number(url.port);
    const host = bare(url.hostname);
    let upstream: Socket;
    try {
      rules.check('GET', url.href);
      upstream = await this.#net.connect(host, port, rules.signal);
    } catch (error) {
      rules.failed(host, port, error);
      return refuse(client);
    }
    joinStreams(client, upstream, rules.signal);
    client.write('HTTP/1.1 200 Connection established\r\n\r\n');
    if (head.length > 0) upstream.write(head);
    client.pipe(upstream);
    upstream.pipe(client);
  }

  async #request(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const rules = this.#rulesFor(req);
    if (rules === undefined) {
      res.writeHead(407, { 'Proxy-Authenticate': 'Basic realm="fastband"', 'Content-Length': 0 });
      res.end();
      return;
    }
    const url = URL.parse(req.url ?? '');
    // Not a proxy's form of a request: somebody speaks to this port as if it were a site.
    if (url === null || url.protocol !== 'http:') return void res.destroy();
    const method = req.method ?? 'GET';
    if (url.hostname === SITE_HOST) return this.#site(rules, method, url, res);
    const port = url.port === '' ? 80 : Number(url.port);
    const host = bare(url.hostname);
    try {
      rules.check(method, url.href);
      const socket = await this.#net.connect(host, port, rules.signal);
      await forward(req, res, url, socket, rules.signal);
    } catch (error) {
      rules.failed(host, port, error);
      // An answer of ours would pass for the site's: the page is to see a connection that broke.
      res.destroy();
    }
  }

  async #site(rules: ProxyRules, method: string, url: URL, res: ServerResponse): Promise<void> {
    const { status, type, body } = await rules.site(method, url.pathname);
    res.writeHead(status, {
      'Content-Type': type,
      'Content-Length': body.length,
      'X-Content-Type-Options': 'nosniff',
      'Cache-Control': 'no-store',
      // Only pages of the workspace itself may load these files, not a stranger's page within one.
      'Cross-Origin-Resource-Policy': 'same-origin',
      'Content-Security-Policy': "frame-ancestors 'self'",
    });
    res.end(method === 'HEAD' ? undefined : body);
  }
}

function forward(
  req: IncomingMessage,
  res: ServerResponse,
  url: URL,
  socket: Socket,
  signal: AbortSignal,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const headers: string[] = [];
    for (let i = 0; i + 1 < req.rawHeaders.length; i += 2) {
      const name = req.rawHeaders[i] ?? '';
      if (!HOP_BY_HOP.has(name.toLowerCase())) headers.push(name, req.rawHeaders[i + 1] ?? '');
    }
    const upstream = request(
      {
        method: req.method ?? 'GET',
        path: `${url.pathname}${url.search}`,
        headers: [...headers, 'Connection', 'close'],
        setHost: false,
        createConnection: () => socket,
        signal,
      },
      (answer) => {
        const back: string[] = [];
        for (let i = 0; i + 1 < answer.rawHeaders.length; i += 2) {
          const name = answer.rawHeaders[i] ?? '';
          if (!HOP_BY_HOP.has(name.toLowerCase())) back.push(name, answer.rawHeaders[i + 1] ?? '');
        }
        res.writeHead(answer.statusCode ?? 502, back);
        answer.pipe(res);
        answer.on('error', () => res.destroy());
        res.on('close', () => answer.destroy());
        resolve();
      },
    );
    upstream.on('error', reject);
    res.on('close', () => upstream.destroy());
    req.pipe(upstream);
  });
}

/** Ends both when one ends, and both when the pages behind them are gone. */
function joinStreams(client: Duplex, upstream: Socket, signal: AbortSignal): void {
  const end = () => {
    client.destroy();
    upstream.destroy();
  };
  signal.addEventListener('abort', end, { once: true });
  const over = () => {
    signal.removeEventListener('abort', end);
    end();
  };
  for (const stream of [client, upstream]) stream.on('error', over).on('close', over);
  if (signal.aborted) end();
}

function refuse(client: Duplex): void {
  client.end('HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n');
}

function bare(hostname: string): string {
  return hostname.replace(/^\[|\]$/g, '');
}
