import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { type AddressInfo, createServer as createRawServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createNet, type Net } from './net.ts';

/** Servers on this machine that stand in for the internet, and a name service that leads to them. */
export class LocalWeb {
  readonly #servers: { readonly server: Server; readonly sockets: Set<Socket> }[] = [];
  /** The names that were asked for, in order. */
  readonly asked: string[] = [];
  /** Requests as they arrived: method, host header and path. */
  readonly arrived: string[] = [];
  connections = 0;

  /** @returns the port */
  http(handler: RequestListener): Promise<number> {
    return this.#listen(createServer({ maxHeaderSize: 1024 * 1024 }, this.#noting(handler)));
  }

  https(
    certificate: { readonly key: string; readonly cert: string },
    handler: RequestListener,
  ): Promise<number> {
    return this.#listen(createSecureServer(certificate, this.#noting(handler)));
  }

  /** A server that answers each connection as it likes, once something was asked. */
  raw(answer: (socket: Socket) => void): Promise<number> {
    return this.#listen(createRawServer((socket) => socket.once('data', () => answer(socket))));
  }

  /**
   * A way out on which every name leads to this machine and is allowed to.
   *
   * @param addresses - other answers for some names
   */
  net(
    addresses: Readonly<Record<string, readonly string[]>> = {},
    allowedHosts: readonly string[] = ['*'],
  ): Net {
    return createNet({
      allowedHosts: () =>
        allowedHosts[0] === '*'
          ? ['127.0.0.1:*', 'localhost:*', 'one.example:*', 'two.example:*', 'xn--pple-43d.example:*']
          : allowedHosts,
      ownNetworks: () => [],
      resolve: async (host) => {
        this.asked.push(host);
        return (addresses[host] ?? ['127.0.0.1']).map((address) => ({
          address,
          family: address.includes(':') ? 6 : 4,
        }));
      },
    });
  }

  async close(): Promise<void> {
    for (const { server, sockets } of this.#servers.splice(0)) {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    }
  }

  #noting(handler: RequestListener) {
    return (request: IncomingMessage, response: ServerResponse) => {
      this.arrived.push(`${request.method} ${request.headers.host} ${request.url}`);
      return handler(request, response as Parameters<RequestListener>[1]);
    };
  }

  async #listen(server: Server): Promise<number> {
    const sockets = new Set<Socket>();
    server.on('connection', (socket: Socket) => {
      this.connections++;
      sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => sockets.delete(socket));
    });
    this.#servers.push({ server, sockets });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return (server.address() as AddressInfo).port;
  }
}

export interface TestAuthority {
  readonly ca: string;
  /** A certificate for these names. */
  issue(names: readonly string[]): { readonly key: string; readonly cert: string };
}

/** An authority made for a test with the system's openssl, and gone but for what is returned. */
export function testAuthority(): TestAuthority {
  const made = (
    work: (folder: string, openssl: (...args: string[]) => void) => void,
  ): Record<string, string> => {
    const folder = mkdtempSync(join(tmpdir(), 'fastband-ca-'));
    try {
      work(folder, (...args) => void execFileSync('openssl', args, { cwd: folder, stdio: 'pipe' }));
      return Object.fromEntries(
        ['key.pem', 'cert.pem'].map((name) => [name, readFileSync(join(folder, name), 'utf8')]),
      );
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  };
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', 'key.pem'];
  const authority = made((_, openssl) =>
    openssl('req', '-x509', ...curve, '-out', 'cert.pem', '-days', '2', '-subj', '/CN=Test authority'),
  );
  return {
    ca: authority['cert.pem'] ?? '',
    issue: (names) => {
      const own = made((folder, openssl) => {
        writeFileSync(join(folder, 'ca.pem'), authority['cert.pem'] ?? '');
        writeFileSync(join(folder, 'ca.key'), authority['key.pem'] ?? '');
        const kinds = names.map((name) => `${/^[\d.]+$/.test(name) ? 'IP' : 'DNS'}:${name}`);
        writeFileSync(join(folder, 'names.cnf'), `subjectAltName=${kinds.join(',')}\n`);
        openssl('req', '-new', ...curve, '-out', 'request.pem', '-subj', '/CN=Test');
        openssl(
          ...['x509', '-req', '-in', 'request.pem', '-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial'],
          ...['-out', 'cert.pem', '-days', '2', '-extfile', 'names.cnf'],
        );
      });
      return { key: own['key.pem'] ?? '', cert: own['cert.pem'] ?? '' };
    },
  };
}
