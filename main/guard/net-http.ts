import { isIP } from 'node:net';
import { connect as secure } from 'node:tls';
import { Agent, fetch } from 'undici';
import type { Net } from './net.ts';
import { plainHost } from './url.ts';

const TLS_MS = 10_000;

export interface HttpClient {
  readonly send: typeof fetch;
  readonly agent: Agent;
}

/**
 * HTTP over connections that were checked as they were made; each serves one request, so none outlives its check.
 * A file of its own, loaded when it is first needed: imported by name, a bundled CommonJS package keeps its names.
 */
export function guardedHttp(connect: Net['connect']): HttpClient {
  const agent = new Agent({
    pipelining: 0,
    connect: (options, callback) => {
      const host = plainHost(options.hostname);
      const isSecure = options.protocol === 'https:';
      const port = options.port === '' ? (isSecure ? 443 : 80) : Number(options.port);
      connect(host, port, AbortSignal.timeout(TLS_MS)).then(
        (socket) => {
          if (!isSecure) {
            callback(null, socket);
            return;
          }
          // The certificate is checked against the name that was asked for, whatever address it led to.
          const tls = secure({
            socket,
            host,
            ALPNProtocols: ['http/1.1'],
            ...(isIP(host) === 0 ? { servername: host } : {}),
          });
          const timer = setTimeout(() => tls.destroy(new Error('TLS took too long')), TLS_MS);
          const onError = (error: Error) => {
            clearTimeout(timer);
            callback(error, null);
          };
          tls.once('error', onError);
          tls.once('secureConnect', () => {
            clearTimeout(timer);
            tls.removeListener('error', onError);
            callback(null, tls);
          });
        },
        (error: unknown) => callback(error instanceof Error ? error : new Error(String(error)), null),
      );
    },
  });
  return { send: fetch, agent };
}
