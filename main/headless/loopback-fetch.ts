import { Agent, request } from 'node:http';
import { Readable } from 'node:stream';
import type { FetchLike } from '@modelcontextprotocol/client';

const agent = new Agent({ keepAlive: true });

/** `fetch` over plain HTTP without timeouts of its own: for a server on this machine that may answer much later. */
export const loopbackFetch: FetchLike = (url, init = {}) =>
  new Promise((resolve, reject) => {
    const headers = Object.fromEntries(new Headers(init.headers));
    const { signal } = init;
    const body = typeof init.body === 'string' ? init.body : undefined;
    const outgoing = request(
      url,
      {
        agent,
        method: init.method ?? 'GET',
        headers: body === undefined ? headers : { ...headers, 'content-length': Buffer.byteLength(body) },
        ...(signal ? { signal } : {}),
      },
      (incoming) => {
        const status = incoming.statusCode ?? 500;
        const replyHeaders = new Headers();
        for (const [name, value] of Object.entries(incoming.headers)) {
          for (const one of Array.isArray(value) ? value : [value ?? '']) replyHeaders.append(name, one);
        }
        // A status that has no body must not be given one.
        const empty = status === 204 || status === 205 || status === 304;
        if (empty) incoming.resume();
        const stream = empty ? null : (Readable.toWeb(incoming) as ReadableStream<Uint8Array>);
        resolve(new Response(stream, { status, headers: replyHeaders }));
      },
    );
    outgoing.on('error', reject);
    outgoing.end(body);
  });
