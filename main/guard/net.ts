import type { LookupAddress } from 'node:dns';
import { connect as dial, isIP, type LookupFunction, type Socket } from 'node:net';
import { networkInterfaces } from 'node:os';
import type { RequestInit, Response } from 'undici';
import { FastbandError } from '../core/errors.ts';
import type { HttpClient } from './net-http.ts';
import { checkAddress, parseTarget, plainHost, rangeOf, type Target } from './url.ts';

/** The one way out to the network. Every address is checked at the moment it is dialled, and no other is dialled. */
export interface Net {
  /** @throws FastbandError `url_refused` */
  parse(url: string, schemes?: readonly string[]): Target;
  /** The target's addresses, every one of them fit to be dialled. @throws FastbandError `url_refused`, `fetch_failed` */
  lookup(
    target: Pick<Target, 'host' | 'port' | 'allowedByPerson'>,
    signal?: AbortSignal,
  ): Promise<readonly LookupAddress[]>;
  /**
   * A TCP connection to a host that is checked as a URL's would be.
   *
   * @param host - a name, or an address without brackets
   * @throws FastbandError `url_refused`, `fetch_failed`; the signal's reason
   */
  connect(host: string, port: number, signal: AbortSignal): Promise<Socket>;
  /** One request. Redirects are answered, not followed; proxies that the environment names are not used. */
  fetch(url: string | URL, init?: RequestInit): Promise<Response>;
}

export interface NetOptions {
  /** The setting `web.allowedHosts`, as of now. */
  readonly allowedHosts: () => readonly string[];
  /** Every address of a name; tests give their own. */
  readonly resolve?: (host: string) => Promise<readonly LookupAddress[]>;
  /** Ports of this machine where Fastband itself listens: no tool reaches them, whatever a person allowed. */
  readonly closedPorts?: () => readonly number[];
  /** The networks that this machine is in, in CIDR form; tests give their own. */
  readonly ownNetworks?: () => readonly string[];
}

const CONNECT_MS = 10_000;

export function createNet({
  allowedHosts,
  resolve = resolveAll,
  closedPorts = () => [],
  ownNetworks = networksOfInterfaces,
}: NetOptions): Net {
  const parse: Net['parse'] = (url, schemes) => parseTarget(url, allowedHosts(), schemes);

  const lookup: Net['lookup'] = async ({ host, port, allowedByPerson }, signal) => {
    const found = await addressesOf(host, resolve, signal);
    if (found.length === 0) throw new FastbandError('fetch_failed', `The name ${host} has no address.`);
    const own = ownNetworks();
    // One bad address spoils the name: whoever controls it chooses the order.
    for (const { address } of found) {
      checkAddress(address, host, port, allowedByPerson, own);
      if (rangeOf(address) === 'loopback' && closedPorts().includes(port))
        throw new FastbandError('url_refused', 'Fastband’s own address is not for tools to reach.');
    }
    return found;
  };

  const connect: Net['connect'] = async (host, port, signal) => {
    const shown = host.includes(':') ? `[${host}]` : host;
    const target = parse(`https://${shown}:${port}/`);
    // A host with a slash or an @ in it would be read as another one.
    if (target.host !== plainHost(host) || target.port !== port)
      throw new FastbandError('url_refused', 'This is not the name of a host.');
    const addresses = await lookup(target, signal);
    signal.throwIfAborted();
    return open(target, addresses, signal);
  };

  let client: Promise<HttpClient> | undefined;
  const fetch: Net['fetch'] = async (url, init = {}) => {
    parse(String(url));
    client ??= import('./net-http.ts').then(({ guardedHttp }) => guardedHttp(connect));
    const { send, agent } = await client;
    try {
      return await send(url, { credentials: 'omit', ...init, redirect: 'manual', dispatcher: agent });
    } catch (error) {
      if (init.signal?.aborted === true) throw init.signal.reason;
      throw plainError(error, String(url));
    }
  };
  return { parse, lookup, connect, fetch };
}

/** Dials the addresses given and nothing else: the name is not looked up again. */
function open(target: Target, addresses: readonly LookupAddress[], signal: AbortSignal): Promise<Socket> {
  const given: LookupFunction = (_host, options, callback) => {
    if (options.all === true) callback(null, [...addresses]);
    else callback(null, addresses[0]?.address ?? '', addresses[0]?.family);
  };
  return new Promise((fulfil, reject) => {
    const socket = dial({ host: target.host, port: target.port, lookup: given, autoSelectFamily: true });
    const timer = setTimeout(
      () => fail(new FastbandError('fetch_failed', `${target.host} did not answer within 10 s.`)),
      CONNECT_MS,
    );
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
      socket.removeListener('error', fail);
    };
    const fail = (error: unknown) => {
      done();
      socket.on('error', () => {});
      socket.destroy();
      reject(plainError(error, target.host));
    };
    const onAbort = () => fail(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
    socket.once('error', fail);
    socket.once('connect', () => {
      done();
      fulfil(socket);
    });
  });
}

/** An address stands for itself; a name is asked for, for as long as the signal lets it. */
async function addressesOf(
  host: string,
  resolve: NonNullable<NetOptions['resolve']>,
  signal: AbortSignal | undefined,
): Promise<readonly LookupAddress[]> {
  const family = isIP(host);
  if (family !== 0) return [{ address: host, family }];
  signal?.throwIfAborted();
  let stop = () => {};
  const stopped = new Promise<never>((_, reject) => {
    stop = () => reject(signal?.reason);
    signal?.addEventListener('abort', stop, { once: true });
  });
  try {
    return await Promise.race([resolve(host), stopped]);
  } catch (error) {
    if (signal?.aborted === true) throw signal.reason;
    throw new FastbandError('fetch_failed', `The name ${host} could not be found.`, { cause: error });
  } finally {
    signal?.removeEventListener('abort', stop);
  }
}

/** What the interfaces are in. A prefix so short that it holds much of the internet says nothing of neighbours. */
function networksOfInterfaces(): string[] {
  return Object.values(networkInterfaces()).flatMap((addresses = []) =>
    addresses.flatMap(({ cidr, address, family }) => {
      if (address.includes('%')) return [];
      const bits = Number(cidr?.split('/')[1]);
      return bits >= (family === 'IPv4' ? 16 : 48)
        ? [`${address}/${bits}`]
        : [`${address}/${family === 'IPv4' ? 32 : 128}`];
    }),
  );
}

async function resolveAll(host: string): Promise<readonly LookupAddress[]> {
  const { lookup } = await import('node:dns/promises');
  return lookup(host, { all: true, order: 'verbatim' });
}

const WRONG_HTTP = /^(?:HPE_|UND_ERR_(?:HEADERS_OVERFLOW|RESPONSE|RES_))/;
const BAD_CERTIFICATE = /CERT|ALTNAME|SELF_SIGNED|UNABLE_TO_(?:GET|VERIFY)/;

/** What went wrong, for people; ours, and the caller's own stop, pass as they are. */
function plainError(error: unknown, what: string): unknown {
  for (let one: unknown = error; one instanceof Error; one = one.cause)
    if (one instanceof FastbandError || one.name === 'AbortError' || one.name === 'TimeoutError') return one;
  const innermost = (one: unknown): unknown =>
    one instanceof Error && one.cause !== undefined ? innermost(one.cause) : one;
  const cause = innermost(error);
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  const why = BAD_CERTIFICATE.test(code)
    ? 'has a certificate that cannot be trusted'
    : WRONG_HTTP.test(code)
      ? 'did not answer in proper HTTP'
      : 'could not be reached';
  return new FastbandError('fetch_failed', `${hostIn(what)} ${why}${code === '' ? '' : ` (${code})`}.`, {
    cause: error,
  });
}

function hostIn(what: string): string {
  return URL.parse(what)?.host ?? what;
}
