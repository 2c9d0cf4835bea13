import { isIP } from 'node:net';
import { domainToUnicode } from 'node:url';
import ipaddr from 'ipaddr.js';
import type { Warning } from '../../contract/approvals.ts';
import { warning } from '../../contract/sentences.ts';
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
const OPENABLE = new Set(['loopback', 'private', 'uniqueLocal', 'carrierGradeNat', 'own']);

/**
 * Where clouds hand out the machine's own credentials, in ranges that are public or that a person may open:
 * AWS and Google over IPv6, Alibaba, Azure's wire server. The usual 169.254.169.254 is link-local.
 */
const METADATA = new Set(['fd00:ec2::254', 'fd20:ce::254', '100.100.100.200', '168.63.129.16']);

/**
 * Names as they are looked up, in ASCII: no empty part, and nothing that a rule's pattern would read as more than
 * one host (`*`). Underscores are in real names. Lengths: RFC 1035, 2.3.4.
 */
const NAME =
  /^(?=.{1,253}$)[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?(?:\.[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?)*$/;

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
  // Of other schemes the WHATWG parser leaves the host as it was written, so that no look at it could be trusted.
  if (!schemes.includes(url.protocol) || !Object.hasOwn(DEFAULT_PORTS, url.protocol))
    throw refused(`Only ${schemes.map((one) => one.slice(0, -1)).join(' and ')} URLs can be reached.`);
  if (url.username !== '' || url.password !== '')
    throw refused('A URL with a name or password in it is refused. Send credentials as a named secret.');
  const host = plainHost(url.hostname);
  if (host === '') throw refused('This URL names no host.');
  if (isIP(host) === 0 && !NAME.test(host)) throw refused(`${host.slice(0, 253)} is not the name of a host.`);
  const port = url.port === '' ? (DEFAULT_PORTS[url.protocol] ?? 0) : Number(url.port);
  if (BAD_PORTS.has(port)) throw refused(`Port ${port} is not one that web pages are served from.`);
  const allowedByPerson = isAllowed(host, port, allowedHosts);
  if (isIP(host) !== 0) checkAddress(host, host, port, allowedByPerson);
  else if (!allowedByPerson && /(?:^|\.)localhost$/.test(host)) throw privateTarget(host, port);
  return { url, host, port, allowedByPerson };
}

/**
 * Refuses an address that is not on the public internet.
 *
 * @param host - what was asked for; the address is one that it stands for
 * @param ownNetworks - in CIDR form, what this machine's interfaces are in: a public address may still be this
 *   machine's or its neighbour's, behind the same firewall
 * @throws FastbandError `url_refused`
 */
export function checkAddress(
  address: string,
  host: string,
  port: number,
  allowedByPerson: boolean,
  ownNetworks: readonly string[] = [],
): void {
  const general = rangeOf(address);
  const range = general === 'unicast' && isWithinAny(address, ownNetworks) ? 'own' : general;
  if (range === 'unicast') return;
  if (allowedByPerson && OPENABLE.has(range) && (!isLocalName(host) || range === 'loopback')) return;
  throw privateTarget(host, port, address);
}

/** The kind of address, in the words of the IANA special-purpose registries; `unicast` is the public internet. */
export function rangeOf(address: string): string {
  // What `isIP` does not know is no address as a resolver gives it, however a library might read it.
  if (isIP(address) === 0 || address.includes('%')) return 'invalid';
  const parsed = ipaddr.parse(address);
  if (METADATA.has(parsed.toString())) return 'metadata';
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
    // Read as a URL's host is, so that an address may be written in any form.
    const allowedHost = URL.parse(`http://${entry.slice(0, colon)}/`)?.hostname ?? '';
    return plainHost(allowedHost) === host && (allowedPort === '*' || Number(allowedPort) === port);
  });
}

/**
 * What a person should know of a host before they allow it: how a name in another script is written, as
 * `xn--pple-43d.com` looks like a name they know. Source: RFC 5891, UTS #39.
 */
export function hostWarnings(host: string): Warning[] {
  if (!/(?:^|\.)xn--/.test(host)) return [];
  const shown = domainToUnicode(host);
  return [warning('foreignLetters', host, shown === host ? '' : shown)];
}

function isWithinAny(address: string, networks: readonly string[]): boolean {
  const parsed = ipaddr.parse(address);
  return networks.some((network) => {
    const [base, bits] = ipaddr.parseCIDR(network);
    return parsed.kind() === base.kind() && parsed.match(base, bits);
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
