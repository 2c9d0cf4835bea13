import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

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

/** Where a server listens, as its socket says and not as it was asked to: what is shown of it is what is so. */
export function boundUrl({ address, family, port }: AddressInfo, path: string): string {
  return `http://${family === 'IPv6' ? `[${address}]` : address}:${port}${path}`;
}

/**
 * The exact `Host` values that a server on 127.0.0.1 answers to. A name that an attacker points at 127.0.0.1 (DNS
 * rebinding) is none of them.
 */
export function ownHosts(port: number): ReadonlySet<string> {
  return new Set([`127.0.0.1:${port}`, `localhost:${port}`, `[::1]:${port}`]);
}

/**
 * Why a request is not for us, before anything else of it is looked at; undefined when it is. A page on another port
 * of this machine is another origin (RFC 6454, 4).
 */
export function foreign(
  { host, origin }: Pick<IncomingHttpHeaders, 'host' | 'origin'>,
  hosts: ReadonlySet<string>,
): string | undefined {
  if (host === undefined || !hosts.has(host))
    return 'This Host is not served here. Use the address that Fastband printed.';
  if (origin !== undefined && origin !== `http://${host}`) return 'This Origin is not served here.';
  return undefined;
}
