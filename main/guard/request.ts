import type { IncomingMessage } from 'node:http';

/** Of these Node keeps the first and drops the others; whoever stands before it may have looked at the last. */
const ONCE = new Set(['host', 'authorization', 'content-type']);

/**
 * Why a request is not plain HTTP/1, which alone is served: Node reads `POST /mcp` without a version, and a second
 * `Host`, as if nothing were wrong with them. RFC 9112, 2.3 and 3.2.
 */
export function unplain({ httpVersionMajor, rawHeaders }: IncomingMessage): string | undefined {
  if (httpVersionMajor !== 1) return 'Only HTTP/1.1 is spoken here.';
  const seen = new Set<string>();
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = (rawHeaders[i] ?? '').toLowerCase();
    if (ONCE.has(name) && seen.size === seen.add(name).size) return 'A header is there twice.';
  }
  return undefined;
}
