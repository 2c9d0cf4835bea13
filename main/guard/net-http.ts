import { isIP } from 'node:net';
import { connect as secure } from 'node:tls';
import { Agent, fetch } from 'undici';
import { FastbandError } from '../core/errors.ts';
import type { Net } from './net.ts';
import { plainHost } from './url.ts';

const CONNECT_MS = 10_000;
const TLS_MS = 10_000;
const MAX_HEADER_BYTES = 32 * 1024;

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
    allowH2: false,
    // A flood of headers is an error before it is a burden.
    maxHeaderSize: MAX_HEADER_BYTES,
    connect: (options, callback) => {
      const host = plainHost(options.hostname);
      const isSecure = options.protocol === 'https:';
      const port = options.port === '' ? (isSecure ? 443 : 80) : Number(options.port);
      const slow = new AbortController();
      const connecting = setTimeout(() => slow.abort(tooSlow(host)), CONNECT_MS);
      connect(host, port, slow.signal).then(
        (socket) => {
          clearTimeout(connecting);
          if (!isSecure) {
            callback(null, socket);
            return;
          }
          // The certificate is checked against the name that was asked for, whatever address it led to.
          const tls = secure({
            socket,
            host,
            ALPNProtocols: ['http/1.1'],
            // Said aloud: NODE_TLS_REJECT_UNAUTHORIZED in the environment would switch it off.
            rejectUnauthorized: true,
            ...(isIP(host) === 0 ? { servername: host } : {}),
          });
          const timer = setTimeout(() => tls.destroy(tooSlow(host)), TLS_MS);
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
        (error: unknown) => {
          clearTimeout(connecting);
          callback(error instanceof Error ? error : new Error(String(error)), null);
        },
      );
    },
  });
  return { send: fetch, agent };
}

function tooSlow(host: string): FastbandError {
  return new FastbandError('fetch_failed', `${host} did not answer within 10 s.`);
}
