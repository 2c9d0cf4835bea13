import { EventEmitter } from 'node:events';
import { type ClientRequest, type RequestOptions, request } from 'node:http';

/** Electron's requests are Node's in all that an updater uses. Plain http: the double reaches servers of tests only. */
export const net = {
  request(
    options: RequestOptions & { readonly session?: unknown; readonly redirect?: string },
  ): ClientRequest {
    const { session: _session, redirect: _redirect, ...rest } = options;
    return request(rest);
  },
};

/** The system's own updater; only told of. */
export const autoUpdater = new EventEmitter();
