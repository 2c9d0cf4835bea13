import {
  type AuthInfo,
  isInitializeRequest,
  isJSONRPCRequest,
  type RequestId,
  type Server,
  WebStandardStreamableHTTPServerTransport,
} from '@modelcontextprotocol/server';
import type { Client } from '../../contract/entities.ts';
import type { Clock } from '../ports.ts';
import type { McpServerFactory } from './server.ts';

interface Session {
  readonly id: string;
  readonly client: Client;
  readonly server: Server;
  readonly transport: WebStandardStreamableHTTPServerTransport;
  usedAt: number;
  openRequests: number;
}

/** A session that nothing used for so long is closed; its client makes a new one when told 404. */
const IDLE_MS = 60 * 60 * 1000;
const MAX_SESSIONS_PER_CLIENT = 64;

/**
 * Clients of 2025-11-25 and before: one SDK server for each session, as those revisions have it.
 * A session belongs to the client whose token opened it; to any other client it does not exist.
 */
export class LegacySessions {
  readonly #factory: McpServerFactory;
  readonly #random: (bytes: number) => Uint8Array;
  readonly #clock: Clock;
  readonly #sessions = new Map<string, Session>();

  constructor(options: { factory: McpServerFactory; random: (bytes: number) => Uint8Array; clock: Clock }) {
    this.#factory = options.factory;
    this.#random = options.random;
    this.#clock = options.clock;
  }

  /** @param onEnd - registers what to do once the HTTP exchange is over, streams included */
  async handle(
    request: Request,
    body: unknown,
    client: Client,
    authInfo: AuthInfo,
    onEnd: (run: () => void) => void,
  ): Promise<Response> {
    const id = request.headers.get('mcp-session-id');
    if (id === null) {
      if (!isInitializeRequest(body))
        return refuse(
          400,
          'There is no session. Send "initialize" first, then the Mcp-Session-Id that you get.',
        );
      const session = await this.#open(client);
      const response = await session.transport.handleRequest(request, { authInfo, parsedBody: body });
      if (!response.ok) await this.#end(session);
      return response;
    }
    const session = this.#sessions.get(id);
    if (session === undefined || session.client.id !== client.id)
      return refuse(404, 'This session does not exist or has ended. Send "initialize" again.');
    session.usedAt = this.#clock.now();
    session.openRequests++;
    onEnd(() => {
      session.openRequests--;
      session.usedAt = this.#clock.now();
    });
    this.#cancelOnDisconnect(session, request, body);
    return session.transport.handleRequest(
      request,
      body === undefined ? { authInfo } : { authInfo, parsedBody: body },
    );
  }

  toolsChanged(): void {
    for (const { server } of this.#sessions.values()) void server.sendToolListChanged().catch(() => {});
  }

  resourcesChanged(): void {
    for (const { server } of this.#sessions.values()) void server.sendResourceListChanged().catch(() => {});
  }

  hasAny(clientId: string): boolean {
    return [...this.#sessions.values()].some((session) => session.client.id === clientId);
  }

  closeFor(clientId: string): void {
    for (const session of [...this.#sessions.values()])
      if (session.client.id === clientId) void this.#end(session);
  }

  async close(): Promise<void> {
    await Promise.all([...this.#sessions.values()].map((session) => this.#end(session)));
  }

  async #open(client: Client): Promise<Session> {
    await this.#makeRoom(client);
    const id = Buffer.from(this.#random(24)).toString('base64url');
    const server = this.#factory.create({ id: client.id, name: client.name });
    const transport = new WebStandardStreamableHTTPServerTransport({
      sessionIdGenerator: () => id,
      onsessionclosed: () => void this.#sessions.delete(id),
    });
    await server.connect(transport);
    const session: Session = { id, client, server, transport, usedAt: this.#clock.now(), openRequests: 0 };
    this.#sessions.set(id, session);
    return session;
  }

  /** Drops this client's idle sessions, and its oldest one when it has too many. */
  async #makeRoom(client: Client): Promise<void> {
    const now = this.#clock.now();
    for (const session of [...this.#sessions.values()]) {
      if (session.openRequests === 0 && now - session.usedAt > IDLE_MS) await this.#end(session);
    }
    const mine = [...this.#sessions.values()].filter((session) => session.client.id === client.id);
    if (mine.length < MAX_SESSIONS_PER_CLIENT) return;
    const [oldest] = mine.sort((a, b) => a.usedAt - b.usedAt);
    if (oldest !== undefined) await this.#end(oldest);
  }

  async #end(session: Session): Promise<void> {
    this.#sessions.delete(session.id);
    await session.server.close().catch(() => {});
  }

  /**
   * An answer that nobody is there to read must not be worked on, nor wait for a person. These revisions leave it
   * to the client to say so; without resumable streams a lost connection has lost the answer, so it says the same.
   */
  #cancelOnDisconnect(session: Session, request: Request, body: unknown): void {
    const messages: unknown[] = Array.isArray(body) ? body : [body];
    const ids: RequestId[] = messages.filter((one) => isJSONRPCRequest(one)).map((one) => one.id);
    if (ids.length === 0) return;
    request.signal.addEventListener(
      'abort',
      () => {
        for (const requestId of ids) {
          session.transport.onmessage?.({
            jsonrpc: '2.0',
            method: 'notifications/cancelled',
            params: { requestId, reason: 'The connection closed' },
          });
        }
      },
      { once: true },
    );
  }
}

function refuse(status: number, message: string): Response {
  return Response.json(
    { jsonrpc: '2.0', error: { code: status === 404 ? -32001 : -32000, message }, id: null },
    { status },
  );
}
