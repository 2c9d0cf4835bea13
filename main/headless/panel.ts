import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { z } from 'zod';
import type { App } from '../app.ts';
import { FastbandError } from '../core/errors.ts';
import { steadyClock } from '../core/steady-clock.ts';
import { boundConnections, connectionsFor, openFilesLimit } from '../guard/connections.ts';
import { Lockout } from '../guard/lockout.ts';
import { boundUrl, foreign, ownHosts, unplain } from '../guard/request.ts';
import { type Asset, loadAssets, SECURITY_HEADERS } from '../panel-files.ts';
import { picturePath } from '../picture-path.ts';
import type { Log, Ports } from '../ports.ts';
import { answerChannel, readBody } from './panel-api.ts';
import { fromAnotherPage, fromOwnPage, isJson, readCookie, sameSecret } from './panel-guard.ts';
import { LoginCodes } from './panel-login.ts';
import {
  badLinkPage,
  DEFAULT_LINK_HINT,
  lockedPage,
  notBuiltPage,
  PLAIN_CSS,
  signedOutPage,
} from './panel-pages.ts';
import { HttpRefusal, send, sendError, sendPage, sendValue } from './panel-reply.ts';
import { type Session, Sessions } from './panel-session.ts';
import { SignedOut } from './panel-signed-out.ts';
import { EventStreams } from './panel-sse.ts';

/** As much of the core as the panel touches. */
export type PanelApp = Pick<App, 'handle' | 'exportAudit' | 'picture' | 'subscribe' | 'authFailed'>;

export interface PanelOptions {
  readonly app: PanelApp;
  /** 0 for any free one. */
  readonly port: number;
  /** The bearer token of scripts. It lives in this process and in the answer of `serve --json` alone. */
  readonly token: string;
  readonly ports: Pick<Ports, 'clock' | 'random' | 'home'>;
  /** The built renderer. */
  readonly assets?: string;
  /** Signs session cookies: see `sessionKeyFrom`. */
  readonly sessionKey: Uint8Array;
  readonly log: Log;
  /** A sentence for the pages of browsers that are not logged in: how to get a new link from this host. */
  readonly linkHint?: string;
}

export interface Panel {
  readonly url: string;
  /** Logs one browser in, once, within ten minutes. */
  readonly loginUrl: string;
  /** Another such link, for another browser or after the first has lapsed. */
  newLoginUrl(): string;
  close(): Promise<void>;
}

/** Who asks: a script with the panel's token, or a browser with a session. */
type Caller = { readonly by: 'token' } | { readonly by: 'session'; readonly session: Session };

const BindInput = z.strictObject({ key: z.string().min(32).max(200) });
const KEY_HEADER = 'fastband-session-key';
const MAX_CONNECTIONS = 256;
/** Answers that are on their way get so long to leave when the panel closes. */
const LAST_WORDS_MS = 200;

/**
 * Serves the panel on 127.0.0.1. Every request passes Host and Origin first; everything under `/api/`, `/pictures/` and `/session/`
 * then needs the token or a session. No CORS headers are ever sent.
 *
 * @throws FastbandError `port_in_use`
 */
export async function startPanel(options: PanelOptions): Promise<Panel> {
  const { home } = options.ports;
  // A clock that is set back gives no session and no link more time.
  const clock = steadyClock(options.ports.clock);
  const [assets, signedOut] = await Promise.all([
    loadAssets(options.assets),
    SignedOut.load({ home, clock, log: options.log }),
  ]);
  const server = new PanelServer({ ...options, ports: { ...options.ports, clock } }, assets, signedOut);
  const url = await server.listen();
  return {
    url,
    loginUrl: server.newLoginUrl(),
    newLoginUrl: () => server.newLoginUrl(),
    close: () => server.close(),
  };
}

class PanelServer {
  readonly #options: PanelOptions;
  readonly #assets: ReadonlyMap<string, Asset>;
  readonly #sessions: Sessions;
  readonly #codes: LoginCodes;
  readonly #streams: EventStreams;
  readonly #linkLockout: Lockout;
  readonly #tokenLockout: Lockout;
  readonly #linkHint: string;
  readonly #http: Server;
  #port = 0;
  #hosts: ReadonlySet<string> = new Set();

  constructor(options: PanelOptions, assets: ReadonlyMap<string, Asset>, signedOut: SignedOut) {
    const { clock, random } = options.ports;
    this.#options = options;
    this.#assets = assets;
    this.#linkHint = options.linkHint ?? DEFAULT_LINK_HINT;
    this.#sessions = new Sessions({ key: options.sessionKey, random, clock, signedOut });
    this.#codes = new LoginCodes({ clock, random });
    this.#streams = new EventStreams(clock, (listener) => options.app.subscribe(listener));
    this.#linkLockout = new Lockout(clock);
    this.#tokenLockout = new Lockout(clock);
    // Whoever sends a request byte by byte (slowloris) is cut off.
    const limits = {
      headersTimeout: 10_000,
      requestTimeout: 30_000,
      keepAliveTimeout: 5_000,
      connectionsCheckingInterval: 2_000,
    };
    this.#http = createServer(limits, (req, res) => {
      for (const [name, value] of Object.entries(SECURITY_HEADERS)) res.setHeader(name, value);
      this.#answer(req, res).catch((error: unknown) => {
        if (!(error instanceof FastbandError)) options.log.error({ err: error }, 'panel request failed');
        if (res.headersSent) res.destroy();
        else sendError(res, error);
      });
    });
  }

  async listen(): Promise<string> {
    const { port } = this.#options;
    boundConnections(this.#http, connectionsFor(await openFilesLimit(), MAX_CONNECTIONS, 8));
    await new Promise<void>((resolve, reject) => {
      this.#http.once('error', reject);
      this.#http.listen(port, '127.0.0.1', () => {
        this.#http.off('error', reject);
        resolve();
      });
    }).catch((error: NodeJS.ErrnoException) => {
      this.#streams.close();
      if (error.code !== 'EADDRINUSE' && error.code !== 'EACCES') throw error;
      const why = error.code === 'EACCES' ? 'not permitted' : 'in use by another program';
      throw new FastbandError(
        'port_in_use',
        `Port ${port} on 127.0.0.1 is ${why}, so the panel could not start. Stop that program, or choose another port with --panel-port or the setting server.panelPort.`,
        { cause: error },
      );
    });
    const address = this.#http.address() as AddressInfo;
    this.#port = address.port;
    this.#hosts = ownHosts(this.#port);
    return boundUrl(address, '/');
  }

  newLoginUrl(): string {
    return `http://127.0.0.1:${this.#port}/login?code=${this.#codes.create().code}`;
  }

  async close(): Promise<void> {
    this.#streams.close();
    const closed = new Promise<void>((resolve) => this.#http.close(() => resolve()));
    this.#http.closeIdleConnections();
    const stop = this.#options.ports.clock.after(LAST_WORDS_MS, () => this.#http.closeAllConnections());
    await closed;
    stop();
  }

  async #answer(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const wrong = unplain(req);
    if (wrong !== undefined) throw new FastbandError('invalid_input', wrong);
    const why = foreign(req.headers, this.#hosts);
    if (why !== undefined) throw new FastbandError('forbidden', why);
    const [path = '', query = ''] = (req.url ?? '').split('?', 2);
    if (path === '/api/events') return this.#events(req, res);
    if (path.startsWith('/api/')) return await this.#channel(path.slice('/api/'.length), req, res);
    if (path.startsWith('/pictures/')) return await this.#picture(path, req, res);
    if (path.startsWith('/session/')) return await this.#session(path, req, res);
    if (path === '/login') return this.#login(query, req, res);
    if (req.method !== 'GET' && req.method !== 'HEAD') throw notAllowed('GET');
    if (path === '/' || path === '/index.html') return this.#start(req, res);
    if (path === '/plain.css')
      return send(res, 200, 'text/css; charset=utf-8', PLAIN_CSS, { 'Cache-Control': 'no-cache' });
    const asset = this.#assets.get(path);
    if (asset === undefined || asset.type.startsWith('text/html'))
      throw new FastbandError('not_found', 'There is no such page.');
    send(res, 200, asset.type, asset.body, {
      'Cache-Control': asset.hashed ? 'public, max-age=31536000, immutable' : 'no-cache',
    });
  }

  async #channel(name: string, req: IncomingMessage, res: ServerResponse): Promise<void> {
    if (req.method !== 'POST') throw notAllowed('POST');
    this.#caller(req, true);
    await answerChannel(this.#options.app, name, req, res, this.#options.ports.clock.now());
  }

  /** Fetched with the session's key, as all else is: a cookie alone goes to every port of this host. */
  async #picture(path: string, req: IncomingMessage, res: ServerResponse): Promise<void> {
    if (req.method !== 'GET') throw notAllowed('GET');
    this.#caller(req, true);
    const asked = picturePath(path);
    if (asked === undefined) throw new FastbandError('not_found', 'There is no such picture.');
    const { data, type } = await this.#options.app.picture(asked.id, asked.size);
    send(res, 200, type, data, { 'Cache-Control': 'no-store' });
  }

  #events(req: IncomingMessage, res: ServerResponse): void {
    if (req.method !== 'GET') throw notAllowed('GET');
    const caller = this.#caller(req, true);
    if (this.#streams.isFull)
      throw new HttpRefusal(503, 'rate_limited', 'Too many panels are open. Close some of them.');
    const session = caller.by === 'session' ? caller.session : undefined;
    const isLive = () => session === undefined || this.#sessions.isLive(session);
    this.#streams.open({ res, sessionId: session?.id, isLive });
  }

  async #session(path: string, req: IncomingMessage, res: ServerResponse): Promise<void> {
    if (req.method !== 'POST') throw notAllowed('POST');
    // Binding brings the key in its body.
    const caller = this.#caller(req, path !== '/session/bind');
    const body = await readBody(req);
    if (path === '/session/link') return sendValue(res, { url: this.newLoginUrl() });
    if (caller.by === 'session' && path === '/session/bind') return this.#bind(caller.session, body, res);
    if (caller.by === 'session' && path === '/session/end') {
      this.#streams.endSession(caller.session.id);
      await this.#sessions.end(caller.session);
      return sendValue(res, {}, { 'Set-Cookie': this.#cookie('', 0) });
    }
    throw new FastbandError('not_found', 'There is no such page.');
  }

  #bind(session: Session, body: unknown, res: ServerResponse): void {
    const input = BindInput.safeParse(body);
    if (!input.success) throw new FastbandError('invalid_input', 'A key of 32 to 200 characters is needed.');
    const bound = this.#sessions.bind(session, input.data.key);
    if (bound === undefined)
      throw this.#unauthorized('a panel request with a session cookie but not its key');
    sendValue(res, {}, { 'Set-Cookie': this.#sessionCookie(bound) });
  }

  #login(query: string, req: IncomingMessage, res: ServerResponse): void {
    if (req.method !== 'GET') throw notAllowed('GET');
    const { headers } = req;
    // A browser that only loads ahead, or a picture on somebody's page, must not use the link up.
    const ahead = String(headers['sec-purpose'] ?? '').includes('prefetch');
    if (ahead || !['document', undefined].includes(headers['sec-fetch-dest']?.toString())) {
      throw new FastbandError('forbidden', 'Open the link itself.');
    }
    const wait = this.#linkLockout.secondsLeft();
    if (wait > 0) {
      sendPage(res, 429, lockedPage(wait), { 'Retry-After': String(wait) });
      return;
    }
    if (this.#codes.use(new URLSearchParams(query).get('code') ?? '')) {
      const session = this.#sessions.issue();
      res.writeHead(303, {
        Location: '/',
        'Cache-Control': 'no-store',
        'Content-Length': 0,
        'Set-Cookie': this.#sessionCookie(session),
      });
      res.end();
      return;
    }
    // A page of another site could open wrong links to lock the person out.
    if (!fromAnotherPage(headers)) this.#linkLockout.fail();
    this.#options.app.authFailed('a panel link that is wrong, used or too old');
    sendPage(res, 401, badLinkPage(this.#linkHint));
  }

  #start(req: IncomingMessage, res: ServerResponse): void {
    const index = this.#assets.get('/index.html');
    if (this.#sessions.read(this.#cookieOf(req)) === undefined)
      sendPage(res, 401, signedOutPage(this.#linkHint));
    else if (index === undefined) sendPage(res, 503, notBuiltPage());
    else sendPage(res, 200, index.body.toString('utf8'));
  }

  /**
   * Who asks. An `Authorization` header is taken at its word: a wrong one is not saved by a cookie.
   *
   * @param withKey - a bound session needs its key too
   * @throws HttpRefusal 401, 403, 415, 429
   */
  #caller(req: IncomingMessage, withKey: boolean): Caller {
    const { headers, method } = req;
    if (headers.authorization !== undefined) return this.#byToken(headers.authorization);
    const session = this.#sessions.read(this.#cookieOf(req));
    if (session === undefined) throw this.#unauthorized('a panel request without a token or session');
    if (fromAnotherPage(headers))
      throw new FastbandError('forbidden', 'This request comes from another page.');
    if (method === 'POST') {
      if (!fromOwnPage(headers))
        throw new FastbandError(
          'forbidden',
          'A request with a session cookie must say that it comes from the panel: send its Origin.',
        );
      if (!isJson(headers['content-type']))
        throw new HttpRefusal(415, 'invalid_input', 'Content-Type must be application/json.');
    }
    if (withKey && !this.#sessions.hasKey(session, headers[KEY_HEADER]?.toString())) {
      throw this.#unauthorized('a panel request with a session cookie but not its key');
    }
    return { by: 'session', session };
  }

  #byToken(authorization: string): Caller {
    const token = /^bearer +(\S+)$/i.exec(authorization)?.[1];
    if (token !== undefined && sameSecret(token, this.#options.token)) return { by: 'token' };
    // The right token passes above, however often others were wrong.
    const wait = this.#tokenLockout.secondsLeft();
    if (wait > 0)
      throw new HttpRefusal(429, 'rate_limited', `Too many wrong tokens. Try again in ${wait} s.`, {
        'Retry-After': String(wait),
      });
    this.#tokenLockout.fail();
    throw this.#unauthorized('a panel request with a wrong token');
  }

  #unauthorized(what: string): HttpRefusal {
    this.#options.app.authFailed(what);
    return new HttpRefusal(
      401,
      'unauthorized',
      "This needs the panel's token, or a browser that is logged in. Open the link that Fastband printed.",
      {
        'WWW-Authenticate': 'Bearer',
      },
    );
  }

  #cookieOf(req: IncomingMessage): string | undefined {
    return readCookie(req.headers.cookie, this.#cookieName());
  }

  #sessionCookie(session: Session): string {
    const seconds = Math.max(0, Math.floor((session.expires - this.#options.ports.clock.now()) / 1000));
    return this.#cookie(this.#sessions.sign(session), seconds);
  }

  #cookie(value: string, maxAge: number): string {
    return `${this.#cookieName()}=${value}; Path=/; HttpOnly; SameSite=Strict; Max-Age=${maxAge}`;
  }

  /** With the port: cookies are shared by all ports of a host, and two panels must not log each other out. */
  #cookieName(): string {
    return `fastband_${this.#port}`;
  }
}

function notAllowed(allow: 'GET' | 'POST'): HttpRefusal {
  return new HttpRefusal(405, 'invalid_input', `Only ${allow} is served here.`, { Allow: allow });
}
