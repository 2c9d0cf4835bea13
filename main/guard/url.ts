import ipaddr from 'ipaddr.js';
import { FastbandError } from '../core/errors.ts';

/** A URL that may be asked for, as far as can be told before its name is looked up. */
export interface Target {
  readonly url: URL;
  /** Lower case, no brackets, no trailing dot. A name in ASCII (punycode), or an address in its usual form. */
  readonly host: string;
  readonly port: number;
  /** A person named this host and port in `web.allowedHosts`. */
  readonly allowedByPerson: boolean;
}

const DEFAULT_PORTS: Readonly<Record<string, number>> = {
  'http:': 80,
  'https:': 443,
  'ws:': 80,
  'wss:': 443,
};

/**
 * Ports that no web page is served from, and where an HTTP request could be read as another protocol's words.
 * Source: WHATWG Fetch, "bad port".
 */
const BAD_PORTS = new Set([
  0, 1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 77, 79, 87, 95, 101, 102, 103, 104,
  109, 110, 111, 113, 115, 117, 119, 123, 135, 137, 139, 143, 161, 179, 389, 427, 465, 512, 513, 514, 515,
  526, 530, 531, 532, 540, 548, 554, 556, 563, 587, 601, 636, 989, 990, 993, 995, 1719, 1720, 1723, 2049,
  3659, 4045, 4190, 5060, 5061, 6000, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 10080,
]);

/** What a person may open with `web.allowedHosts`. All else that is not public stays closed. */
const OPENABLE = new Set(['loopback', 'private', 'uniqueLocal', 'carrierGradeNat']);

/**
 * Parses a URL and refuses what can be refused by looking at it.
 *
 * @param allowedHosts - `host:port` or `host:*`, as in the setting
 * @param schemes - with the colon
 * @throws FastbandError `url_refused`
 */
export function parseTarget(
  text: string,
  allowedHosts: readonly string[],
  schemes: readonly string[] = ['http:', 'https:'],
): Target {
  const url = URL.parse(text);
  if (url === null) throw refused('This is not a whole URL. It begins with http:// or https://.');
  if (!schemes.includes(url.protocol))
    throw refused(`Only ${schemes.map((one) => one.slice(0, -1)).join(' and ')} URLs can be reached.`);
  if (url.username !== '' || url.password !== '')
    throw refused('A URL with a name or password in it is refused. Send credentials as a named secret.');
  const host = plainHost(url.hostname);
  if (host === '') throw refused('This URL names no host.');
  const port = url.port === '' ? (DEFAULT_PORTS[url.protocol] ?? 0) : Number(url.port);
  if (BAD_PORTS.has(port)) throw refused(`Port ${port} is not one that web pages are served from.`);
  const allowedByPerson = isAllowed(host, port, allowedHosts);
  if (ipaddr.isValid(host)) checkAddress(host, host, port, allowedByPerson);
  else if (!allowedByPerson && /(?:^|\.)localhost$/.test(host)) throw privateTarget(host, port);
  return { url, host, port, allowedByPerson };
}

/**
 * Refuses an address that is not on the public internet.
 *
 * @param host - what was asked for; the address is one that it stands for
 * @throws FastbandError `url_refused`
 */
export function checkAddress(address: string, host: string, port: number, allowedByPerson: boolean): void {
  const range = rangeOf(address);
  if (range === 'unicast') return;
  if (allowedByPerson && OPENABLE.has(range) && (!isLocalName(host) || range === 'loopback')) return;
  throw privateTarget(host, port, address);
}

/** The kind of address, in the words of the IANA special-purpose registries; `unicast` is the public internet. */
export function rangeOf(address: string): string {
  if (!ipaddr.isValid(address) || address.includes('%')) return 'invalid';
  const parsed = ipaddr.parse(address);
  const range: string = parsed.range();
  // Of IPv6, only 2000::/3 is given out (RFC 4291 and IANA's registry); what lies outside may mean anything.
  if (range === 'unicast' && parsed instanceof ipaddr.IPv6 && ((parsed.parts[0] ?? 0) & 0xe000) !== 0x2000)
    return 'reserved';
  return range;
}

/** The host as it is compared and shown. */
export function plainHost(hostname: string): string {
  const bare = hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '');
  return bare.toLowerCase();
}

function isAllowed(host: string, port: number, allowedHosts: readonly string[]): boolean {
  return allowedHosts.some((entry) => {
    const colon = entry.lastIndexOf(':');
    const allowedPort = entry.slice(colon + 1);
    return plainHost(entry.slice(0, colon)) === host && (allowedPort === '*' || Number(allowedPort) === port);
  });
}

function isLocalName(host: string): boolean {
  return host === 'localhost' || host.endsWith('.localhost');
}

function privateTarget(host: string, port: number, address = host): FastbandError {
  const which = address === host ? host : `${host} (${address})`;
  return refused(
    `${which} is not on the public internet. A person can allow it in Fastband's settings: Web, ${host.includes(':') ? `[${host}]` : host}:${port}.`,
  );
}

function refused(message: string): FastbandError {
  return new FastbandError('url_refused', message);
}
