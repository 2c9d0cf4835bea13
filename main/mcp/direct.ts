import type { IncomingMessage, ServerResponse } from 'node:http';
import {
  type AuthInfo,
  classifyInboundRequest,
  isJSONRPCRequest,
  isJSONRPCResultResponse,
  type JSONRPCMessage,
  type JSONRPCRequest,
  type JSONRPCResultResponse,
  type MessageClassification,
  PerRequestHTTPServerTransport,
  PROTOCOL_VERSION_META_KEY,
  type Server,
  type TransportSendOptions,
} from '@modelcontextprotocol/server';

/**
 * The SDK's transport for one exchange, that hands a plain result over as it is. Errors, which have statuses of their
 * own, take the SDK's way.
 */
class DirectTransport extends PerRequestHTTPServerTransport {
  readonly #deliver: (message: JSONRPCResultResponse) => void;

  constructor(classification: MessageClassification, deliver: (message: JSONRPCResultResponse) => void) {
    super({ classification, responseMode: 'json' });
    this.#deliver = deliver;
  }

  override async send(message: JSONRPCMessage, options?: TransportSendOptions): Promise<void> {
    if (!isJSONRPCResultResponse(message)) return super.send(message, options);
    this.#deliver(message);
    queueMicrotask(() => void this.close());
  }
}

/** A call that can be answered without the detour over web-standard requests and responses. */
export interface DirectCall {
  readonly message: JSONRPCRequest;
  readonly classification: MessageClassification;
}

/**
 * The call in a body, when it is a plain `tools/call` of 2026-07-28 whose headers say to the letter what its body says
 * and which asks for no progress. Whatever else it is, or has wrong, is for the SDK's own handler to answer.
 */
export function asDirectCall(req: IncomingMessage, body: unknown): DirectCall | undefined {
  if (!isJSONRPCRequest(body) || body.method !== 'tools/call') return undefined;
  const params = (body.params ?? {}) as { name?: unknown; _meta?: Record<string, unknown> };
  const { headers } = req;
  const plain =
    params._meta !== undefined &&
    params._meta.progressToken === undefined &&
    headers['mcp-method'] === body.method &&
    headers['mcp-name'] === params.name &&
    headers['mcp-protocol-version'] === params._meta[PROTOCOL_VERSION_META_KEY] &&
    headers.accept?.includes('application/json') === true;
  if (!plain) return undefined;
  const outcome = classifyInboundRequest({
    httpMethod: 'POST',
    body,
    mcpMethodHeader: 'tools/call',
    ...(typeof params.name === 'string' ? { mcpNameHeader: params.name } : {}),
    ...(typeof headers['mcp-protocol-version'] === 'string'
      ? { protocolVersionHeader: headers['mcp-protocol-version'] }
      : {}),
  });
  if (outcome.kind !== 'modern' || outcome.classification.revision !== SERVED_REVISION) return undefined;
  return { message: body, classification: outcome.classification };
}

/** The revision whose plain calls are answered here; a later one takes the SDK's way until it has been looked at. */
const SERVED_REVISION = '2026-07-28';

/**
 * Answers a call through a server of its own.
 *
 * @returns the SDK's response when there is one to write; undefined when the answer has been written, or nobody waits
 */
export async function answerDirectly(
  call: DirectCall,
  server: Server,
  res: ServerResponse,
  authInfo: AuthInfo,
  signal: AbortSignal,
): Promise<Response | undefined> {
  let written = false;
  const transport = new DirectTransport(call.classification, (message) => {
    written = true;
    if (res.destroyed) return;
    // As bytes: a string would be gone through twice, once to count it and once to send it.
    const bytes = Buffer.from(JSON.stringify(message));
    res.writeHead(200, { 'content-type': 'application/json', 'content-length': bytes.length });
    res.end(bytes);
  });
  const close = () => void transport.close();
  signal.addEventListener('abort', close, { once: true });
  try {
    await server.connect(transport);
    return await transport.handleMessage(call.message, { authInfo });
  } catch (error) {
    // Closed: by the answer that was written, or because the client went away.
    if (written || signal.aborted) return undefined;
    throw error;
  } finally {
    signal.removeEventListener('abort', close);
  }
}
