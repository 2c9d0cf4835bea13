import type { JSONRPCMessage, RequestId, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import type { FastbandError } from '../core/errors.ts';

/** What goes to the client: the host's messages as they are, and the errors of those that did not get through. */
export type Outgoing =
  | JSONRPCMessage
  | { readonly jsonrpc: '2.0'; readonly id: null; readonly error: Problem['error'] };

/** Why a message did not get through. */
export interface Problem {
  /** What the client is told, as a JSON-RPC error. */
  readonly error: { readonly code: number; readonly message: string };
  /** Why nothing will get through any more; false when the next message may. */
  readonly fatal: FastbandError | false;
}

type HttpTransport = Pick<
  StreamableHTTPClientTransport,
  'send' | 'close' | 'terminateSession' | 'setProtocolVersion' | 'onmessage' | 'onerror'
>;

const PARSE_ERROR = -32700;
const INVALID_REQUEST = -32600;
/** How long ending a session may take: the client has closed its end and waits for this process to go. */
const GOODBYE_MS = 300;

/**
 * Messages from lines to HTTP and back. The SDK's transport makes the headers of each era from the message itself
 * (`MCP-Protocol-Version`, `Mcp-Method`, `Mcp-Name`; the session's id for 2025-11-25 and before); here is what lies
 * between: which requests are under way, what cancels them, and what is said when one is lost.
 */
export class StdioBridge {
  readonly #http: HttpTransport;
  readonly #write: (message: Outgoing) => void;
  readonly #explain: (cause: unknown) => Problem;
  readonly #open = new Map<RequestId, AbortController>();
  readonly #sending = new Set<Promise<void>>();
  #initialize: RequestId | undefined;
  #fail: (error: FastbandError) => void = () => {};
  #idle: () => void = () => {};
  #closed = false;
  /** Rejects once nothing can get through any more, after every open request was told so. */
  readonly failed: Promise<never>;

  constructor(http: HttpTransport, write: (message: Outgoing) => void, explain: (cause: unknown) => Problem) {
    this.#http = http;
    this.#write = write;
    this.#explain = explain;
    this.failed = new Promise((_, reject) => {
      this.#fail = reject;
    });
    // Looked at when it is raced against; until then it is no defect of this process.
    this.failed.catch(() => {});
    http.onmessage = (message) => this.#deliver(message);
    http.onerror = () => {};
  }

  /** Takes one line from the client. */
  receive(line: string): void {
    if (line.trim() === '' || this.#closed) return;
    let message: unknown;
    try {
      message = JSON.parse(line);
    } catch {
      this.#refuse(PARSE_ERROR, 'This line is not valid JSON.');
      return;
    }
    if (!isMessage(message)) {
      this.#refuse(INVALID_REQUEST, 'This line is no JSON-RPC 2.0 message.');
      return;
    }
    if ('method' in message && message.method === 'notifications/cancelled') {
      const { requestId } = (message.params ?? {}) as { requestId?: RequestId };
      // Over HTTP, closing a request's stream is what cancels it, and no message can overtake it there.
      if (requestId !== undefined) this.#open.get(requestId)?.abort();
      this.#settle(requestId);
      return;
    }
    const sent = this.#send(message).finally(() => {
      this.#sending.delete(sent);
      this.#tellIdle();
    });
    this.#sending.add(sent);
  }

  /** Resolves when every request has its answer. */
  idle(): Promise<void> {
    return new Promise((resolve) => {
      this.#idle = resolve;
      this.#tellIdle();
    });
  }

  /** Cancels what is open and ends the session. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    for (const controller of this.#open.values()) controller.abort();
    this.#open.clear();
    const timeout = new Promise<void>((resolve) => setTimeout(resolve, GOODBYE_MS).unref());
    await Promise.race([this.#http.terminateSession().catch(() => {}), timeout]);
    await this.#http.close();
  }

  async #send(message: JSONRPCMessage): Promise<void> {
    const id = 'method' in message && 'id' in message ? message.id : undefined;
    const controller = new AbortController();
    if (id !== undefined) this.#open.set(id, controller);
    if (id !== undefined && 'method' in message && message.method === 'initialize') this.#initialize = id;
    try {
      await this.#http.send(message, {
        requestSignal: controller.signal,
        onRequestStreamEnd: () => this.#lost(id, new Error('the stream ended without an answer')),
      });
    } catch (error) {
      if (!controller.signal.aborted) this.#lost(id, error);
    }
  }

  #deliver(message: JSONRPCMessage): void {
    if (this.#closed) return;
    if (!('method' in message)) {
      if (message.id !== undefined && message.id === this.#initialize && 'result' in message) {
        const { protocolVersion } = message.result;
        if (typeof protocolVersion === 'string') this.#http.setProtocolVersion(protocolVersion);
      }
      this.#open.delete(message.id as RequestId);
    }
    this.#write(message);
    this.#tellIdle();
  }

  /** A message that did not get through, or an answer that never came. */
  #lost(id: RequestId | undefined, cause: unknown): void {
    if (this.#closed) return;
    if (id !== undefined && !this.#open.has(id)) return;
    const { error, fatal } = this.#explain(cause);
    for (const open of fatal !== false ? [...this.#open.keys()] : id === undefined ? [] : [id]) {
      this.#write({ jsonrpc: '2.0', id: open, error });
      this.#settle(open);
    }
    if (fatal !== false) this.#fail(fatal);
  }

  #settle(id: RequestId | undefined): void {
    if (id !== undefined) this.#open.delete(id);
    this.#tellIdle();
  }

  #refuse(code: number, message: string): void {
    this.#write({ jsonrpc: '2.0', id: null, error: { code, message } });
  }

  #tellIdle(): void {
    if (this.#open.size === 0 && this.#sending.size === 0) this.#idle();
  }
}

/** As much as decides how to pass it on; the host checks the rest. Batches left the protocol in 2025-06-18. */
function isMessage(value: unknown): value is JSONRPCMessage {
  if (typeof value !== 'object' || value === null || !('jsonrpc' in value) || value.jsonrpc !== '2.0')
    return false;
  if ('method' in value) return typeof value.method === 'string' && (!('id' in value) || isId(value.id));
  return 'id' in value && isId(value.id) && ('result' in value || 'error' in value);
}

function isId(value: unknown): value is RequestId {
  return typeof value === 'string' || typeof value === 'number';
}
