import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Exchange } from './exchanges.ts';

/** The headers that the protocol gives a meaning to. The token among the others has done its work. */
const HEADERS = [
  'accept',
  'content-type',
  'mcp-protocol-version',
  'mcp-session-id',
  'mcp-method',
  'mcp-name',
  'last-event-id',
];

const SHORT_BYTES = 16 * 1024;

/** The web-standard face of a Node request, without its body: that has been read and parsed already. */
export function toWebRequest(req: IncomingMessage, signal: AbortSignal): Request {
  const headers: [string, string][] = [];
  for (const name of HEADERS) {
    const value = req.headers[name];
    if (value !== undefined) headers.push([name, Array.isArray(value) ? value.join(', ') : value]);
  }
  for (const [name, value] of Object.entries(req.headers)) {
    if (name.startsWith('mcp-param-') && typeof value === 'string') headers.push([name, value]);
  }
  const request = new Request(`http://127.0.0.1${req.url ?? '/'}`, { method: req.method ?? 'GET', headers });
  // Given to the constructor, the signal and all that listens to it would be kept in a registry until V8 collects the
  // old, and with it every header: half a gigabyte after some ten thousand requests.
  return Object.defineProperty(request, 'signal', { value: signal });
}

/** Writes a web-standard response to a Node one, at the reader's pace; a reader that goes away ends it. */
export async function writeWebResponse(
  response: Response,
  res: ServerResponse,
  exchange: Pick<Exchange, 'wrote'>,
): Promise<void> {
  const headers: Record<string, string> = {};
  for (const [name, value] of response.headers) headers[name] = value;
  if (response.body === null) {
    res.writeHead(response.status, headers);
    res.end();
    return;
  }
  if (headers['content-type']?.startsWith('application/json')) {
    const bytes = Buffer.from(await response.arrayBuffer());
    headers['content-length'] = String(bytes.length);
    res.writeHead(response.status, headers);
    // A short text goes out in one piece with the headers; a long one is not decoded only to be encoded again.
    res.end(bytes.length < SHORT_BYTES ? bytes.toString('utf8') : bytes);
    return;
  }
  res.writeHead(response.status, headers);
  res.flushHeaders();
  const reader = response.body.getReader();
  res.on('close', () => void reader.cancel().catch(() => {}));
  for (;;) {
    const { done, value } = await reader.read();
    if (done || res.destroyed) break;
    if (res.write(value)) continue;
    exchange.wrote();
    await drained(res);
  }
  res.end();
}

function drained(res: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      res.off('drain', done);
      res.off('close', done);
      resolve();
    };
    res.on('drain', done);
    res.on('close', done);
  });
}
