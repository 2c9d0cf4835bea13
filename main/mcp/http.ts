import {
  createServer,
  type Server as HttpServer,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  type AuthInfo,
  classifyInboundRequest,
  createMcpHandler,
  InMemoryServerEventBus,
  isJsonContentType,
  type McpHttpHandler,
  PROTOCOL_VERSION_META_KEY,
} from '@modelcontextprotocol/server';
import type { Client } from '../../contract/entities.ts';
import type { Caller } from '../core/dispatch.ts';
import { FastbandError } from '../core/errors.ts';
import { boundConnections, connectionsFor, openFilesLimit } from '../guard/connections.ts';
import { Lockout } from '../guard/lockout.ts';
import { boundUrl, foreign, ownHosts, unplain } from '../guard/request.ts';
import type { Clock, Log } from '../ports.ts';
import { BodyError, readJsonBody } from './body.ts';
import { answerDirectly, asDirectCall } from './direct.ts';
import { type Exchange, Exchanges } from './exchanges.ts';
import { RateLimiter } from './rate-limit.ts';
import type { McpServerFactory } from './server.ts';
import { LegacySessions } from './sessions.ts';
import { toWebRequest, writeWebResponse } from './web.ts';

export interface McpHttpOptions {
  readonly factory: McpServerFactory;
  /** The client that a bearer token belongs to; undefined when there is none or it was revoked. */
  readonly authenticate: (token: string) => Client | undefined;
  /** Told of each request without a good token. Must be cheap: an attacker decides how often. */
  readonly onAuthFailure: (what: string) => void;
  /** Requests a minute for one client; 0 for none. */
  readonly callsPerMinute: () => number;
  readonly random: (bytes: number) => Uint8Array;
  readonly clock: Clock;
  readonly log: Log;
  readonly patience?: Patience;
}

/** How long a request may take to arrive, in milliseconds. */
export interface Patience {
  readonly headers: number;
  readonly whole: number;
}

const PATIENCE: Patience = { headers: 20_000, whole: 60_000 };

const PATH = '/mcp';
/** Those that the protocol's transport knows. */
const METHODS = new Set(['GET', 'POST', 'DELETE']);
/** What is being ended may still be answered for so long. */
const LAST_WORDS_MS = 200;
const MAX_CONNECTIONS = 1024;

/**
 * MCP over Streamable HTTP on 127.0.0.1. Each request passes, in this order: path, Host, Origin, token, rate, body;
 * what fails is answered before any of it is parsed further. No CORS headers are ever sent: a browser page of
 * another origin can neither read an answer nor send a token.
 */
export class McpHttp {
  readonly #options: McpHttpOptions;
  readonly #http: HttpServer;
  readonly #limiter: RateLimiter;
  readonly #sessions: LegacySessions;
  readonly #bus = new InMemoryServerEventBus();
  readonly #modern: McpHttpHandler;
  /** The same, answering as a stream from the start: for calls that may wait for a person. */
  readonly #modernStreaming: McpHttpHandler;
  readonly #lockout: Lockout;
  /** As the address that is listened on names them. */
  #hosts: ReadonlySet<string> = new Set();
  /** Requests under way, so that they are bounded, and that revoking a client ends them. */
  readonly #underWay: Exchanges;

  constructor(options: McpHttpOptions) {
    this.#options = options;
    const { factory, clock, log, random, patience = PATIENCE } = options;
    this.#underWay = new Exchanges(clock);
    this.#lockout = new Lockout(clock);
    this.#limiter = new RateLimiter(() => clock.monotonic());
    this.#sessions = new LegacySessions({ factory, random, clock });
    const onerror = (error: Error) => log.debug({ reason: error.message }, 'mcp request refused');
    const serve = ({ authInfo }: { authInfo?: AuthInfo }) => factory.create(callerOf(authInfo));
    const shared = { legacy: 'reject', bus: this.#bus, onerror } as const;
    this.#modern = createMcpHandler(serve, shared);
    this.#modernStreaming = createMcpHandler(serve, { ...shared, responseMode: 'sse' });
    this.#http = createServer(
      {
        keepAliveTimeout: 65_000,
        headersTimeout: patience.headers,
        requestTimeout: patience.whole,
        // Node looks every half a minute by itself, which would be half a minute more.
        connectionsCheckingInterval: patience.headers / 10,
      },
      (req, res) => {
        this.#handle(req, res).catch((error: unknown) => {
          log.error({ err: error }, 'mcp request failed');
          if (!res.headersSent) jsonRpcError(res, 500, -32603, 'Internal error');
          else res.destroy();
        });
      },
    );
  }

  /**
   * @param port - 0 for any free one
   * @returns the address of the endpoint
   * @throws FastbandError `port_in_use`
   */
  async listen(port: number): Promise<string> {
    const connections = connectionsFor(await openFilesLimit(), MAX_CONNECTIONS, 4);
    boundConnections(this.#http, connections);
    // No client fills all of them.
    this.#underWay.most = connections / 2;
    await new Promise<void>((resolve, reject) => {
      const onError = (error: NodeJS.ErrnoException) => {
        reject(
          error.code === 'EADDRINUSE' || error.code === 'EACCES'
            ? new FastbandError(
                'port_in_use',
                `Port ${port} on 127.0.0.1 is ${error.code === 'EACCES' ? 'not permitted' : 'in use by another program'}. Stop that program, or choose another port with --port or the setting server.port.`,
                { cause: error },
              )
            : error,
        );
      };
      this.#http.once('error', onError);
      this.#http.listen(port, '127.0.0.1', () => {
        this.#http.off('error', onError);
        resolve();
      });
    });
    const address = this.#http.address() as AddressInfo;
    this.#hosts = ownHosts(address.port);
    return boundUrl(address, PATH);
  }

  /** Tells every client of both eras that the list of tools changed. */
  toolsChanged(): void {
    this.#bus.publish({ kind: 'tools_list_changed' });
    this.#sessions.toolsChanged();
  }

  /** Tells every client of both eras that the list of resources changed. */
  resourcesChanged(): void {
    this.#bus.publish({ kind: 'resources_list_changed' });
    this.#sessions.resourcesChanged();
  }

  /** Whether a client has something open: a stream that it listens on, or a request under way. */
  isConnected(clientId: string): boolean {
    return this.#underWay.has(clientId);
  }

  /** Ends everything that a client has open, after a moment for the answers that say why. Its token is refused already. */
  disconnect(clientId: string): void {
    this.#limiter.forget(clientId);
    if (!this.#underWay.has(clientId) && !this.#sessions.hasAny(clientId)) return;
    this.#options.clock.after(LAST_WORDS_MS, () => {
      this.#underWay.abort(clientId);
      this.#sessions.closeFor(clientId);
    });
  }

  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#http.close(() => resolve()));
    await this.#lastWords();
    await Promise.all([this.#modern.close(), this.#modernStreaming.close(), this.#sessions.close()]);
    this.#http.closeIdleConnections();
    // Whoever does not read an answer is cut off.
    const stop = this.#options.clock.after(LAST_WORDS_MS, () => this.#http.closeAllConnections());
    await closed;
    stop();
  }

  /** Answers that are on their way get a moment to leave: closing a protocol's handler drops what it has not written. */
  async #lastWords(): Promise<void> {
    const { clock } = this.#options;
    const until = clock.monotonic() + LAST_WORDS_MS;
    while (this.#underWay.size > 0 && clock.monotonic() < until) {
      await new Promise<void>((resolve) => clock.after(10, resolve));
    }
  }

  async #handle(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const { clock } = this.#options;
    const wrong = unplain(req);
    if (wrong !== undefined) return jsonRpcError(res, 400, -32000, wrong);
    if (req.url !== PATH) return jsonRpcError(res, 404, -32000, `Not found. MCP is served at ${PATH}.`);
    const stranger = foreign(req.headers, this.#hosts);
    if (stranger !== undefined) return jsonRpcError(res, 403, -32000, stranger);
    const client = this.#authenticate(req, res);
    if (client === undefined) return;
    const exchange = this.#underWay.begin(client.id, res);
    if (!this.#mayGoOn(client, exchange, 1, res)) return;
    const revoked = () => void clock.after(0, () => res.destroy());
    exchange.signal.addEventListener('abort', revoked, { once: true });
    await this.#serve(req, res, client, exchange);
    exchange.wrote();
  }

  /**
   * Rate and number of what a client sends.
   *
   * @param messages - that came with one request: one, or those of a batch
   * @returns false when that was too many, which has been answered
   */
  #mayGoOn(client: Client, exchange: Exchange, messages: number, res: ServerResponse): boolean {
    if (!exchange.brought(messages)) {
      res.setHeader('Retry-After', '1');
      jsonRpcError(res, 429, -32000, 'Too many requests are under way. Wait for their answers.');
      return false;
    }
    // The first one of a batch was counted when its request came.
    const wait = this.#limiter.take(
      client.id,
      this.#options.callsPerMinute(),
      messages === 1 ? 1 : messages - 1,
    );
    if (wait === 0) return true;
    res.setHeader('Retry-After', String(wait));
    jsonRpcError(res, 429, -32000, `Too many requests. Try again in ${wait} s.`);
    return false;
  }

  #authenticate(req: IncomingMessage, res: ServerResponse): Client | undefined {
    const header = req.headers.authorization;
    const token = header !== undefined && /^bearer /i.test(header) ? header.slice(7).trim() : undefined;
    const client = token === undefined ? undefined : this.#options.authenticate(token);
    if (client !== undefined) return client;
    // The right token passes above, however often others were wrong.
    const wait = token === undefined ? 0 : this.#lockout.secondsLeft();
    if (wait > 0) {
      res.setHeader('Retry-After', String(wait));
      jsonRpcError(res, 429, -32000, `Too many wrong tokens. Try again in ${wait} s.`);
      return undefined;
    }
    if (token !== undefined) this.#lockout.fail();
    this.#options.onAuthFailure(
      token === undefined ? 'a request without a token' : 'a request with an unknown or revoked token',
    );
    res.setHeader('WWW-Authenticate', token === undefined ? 'Bearer' : 'Bearer error="invalid_token"');
    jsonRpcError(
      res,
      401,
      -32000,
      'This needs the token of a known client: Authorization: Bearer …. Make one with "fastband client add NAME".',
    );
    return undefined;
  }

  async #serve(req: IncomingMessage, res: ServerResponse, client: Client, exchange: Exchange): Promise<void> {
    const { signal } = exchange;
    let body: unknown;
    if (!METHODS.has(req.method ?? '')) {
      res.setHeader('Allow', [...METHODS].join(', '));
      return jsonRpcError(res, 405, -32000, 'This method is not served here.');
    }
    if (req.method === 'POST') {
      if (!isJsonContentType(req.headers['content-type'] ?? null)) {
        return jsonRpcError(res, 415, -32000, 'Content-Type must be application/json.');
      }
      try {
        body = await readJsonBody(req, (bytes) => exchange.took(bytes));
      } catch (error) {
        if (!(error instanceof BodyError)) throw error;
        if (error.status !== 400) res.setHeader('Connection', 'close');
        return jsonRpcError(res, error.status, error.rpcCode, error.message);
      }
    }
    if (Array.isArray(body) && body.length > 1 && !this.#mayGoOn(client, exchange, body.length, res)) return;
    const authInfo: AuthInfo = { token: '', clientId: client.id, scopes: [], extra: { name: client.name } };
    const direct = this.#shouldStream(body) ? undefined : asDirectCall(req, body);
    if (direct !== undefined) {
      const caller = { id: client.id, name: client.name };
      const server = this.#options.factory.create(caller, direct.classification.revision);
      const answer = await answerDirectly(direct, server, res, authInfo, signal);
      if (answer !== undefined) await writeWebResponse(answer, res, exchange);
      return;
    }
    const request = toWebRequest(req, signal);
    const options = body === undefined ? { authInfo } : { authInfo, parsedBody: body };
    const legacy = isLegacy(req, body);
    const response = legacy
      ? await this.#sessions.handle(request, body, client, authInfo, (run) => res.once('close', run))
      : await (this.#shouldStream(body) ? this.#modernStreaming : this.#modern).fetch(request, options);
    await writeWebResponse(response, res, exchange);
  }

  #shouldStream(body: unknown): boolean {
    const { method, params } = (body ?? {}) as { method?: unknown; params?: { name?: unknown } };
    return (
      method === 'tools/call' &&
      typeof params?.name === 'string' &&
      this.#options.factory.mayWait(params.name)
    );
  }
}

/** Which era a request speaks, by the SDK's own classification; one that claims the new era is answered by it, right or wrong. */
function isLegacy(req: IncomingMessage, body: unknown): boolean {
  if (!Array.isArray(body) && claimsModern(body)) return false;
  const header = (name: string) => {
    const value = req.headers[name];
    return Array.isArray(value) ? value[0] : value;
  };
  const protocolVersionHeader = header('mcp-protocol-version');
  const mcpMethodHeader = header('mcp-method');
  const mcpNameHeader = header('mcp-name');
  const outcome = classifyInboundRequest({
    httpMethod: req.method ?? 'GET',
    ...(protocolVersionHeader === undefined ? {} : { protocolVersionHeader }),
    ...(mcpMethodHeader === undefined ? {} : { mcpMethodHeader }),
    ...(mcpNameHeader === undefined ? {} : { mcpNameHeader }),
    ...(body === undefined ? {} : { body }),
  });
  return outcome.kind === 'legacy';
}

function claimsModern(body: unknown): boolean {
  const { params } = (body ?? {}) as { params?: { _meta?: Record<string, unknown> } };
  return typeof params?._meta?.[PROTOCOL_VERSION_META_KEY] === 'string';
}

function callerOf(authInfo: AuthInfo | undefined): Caller {
  const name = authInfo?.extra?.name;
  if (authInfo === undefined || typeof name !== 'string')
    throw new TypeError('a request came through without its client');
  return { id: authInfo.clientId, name };
}

/** An answer to a request that went no further. It never repeats what the request said. */
function jsonRpcError(res: ServerResponse, status: number, code: number, message: string): void {
  const text = JSON.stringify({ jsonrpc: '2.0', error: { code, message }, id: null });
  res.writeHead(status, { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(text) });
  res.end(text);
}
