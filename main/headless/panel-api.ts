import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { z } from 'zod';
import { CHANNELS, type Channel } from '../../contract/channels.ts';
import type { App } from '../app.ts';
import { FastbandError } from '../core/errors.ts';
import { hasProtoKey } from '../core/proto-key.ts';
import { BodyError, readJsonBody } from '../mcp/body.ts';
import { isJson } from './panel-guard.ts';
import { HttpRefusal, sendValue } from './panel-reply.ts';

const EXPORT_TYPES = { jsonl: 'application/x-ndjson', csv: 'text/csv; charset=utf-8' } as const;

/** Answers `POST /api/<channel>`. The caller is known already. @throws FastbandError */
export async function answerChannel(
  app: Pick<App, 'handle' | 'exportAudit'>,
  name: string,
  req: IncomingMessage,
  res: ServerResponse,
  now: number,
): Promise<void> {
  // Own keys only: "constructor" is no channel.
  if (!isChannel(name)) throw new FastbandError('unknown_channel', 'There is no such channel.');
  const body = await readBody(req);
  if (name === 'audit.export') return await sendExport(app, body, res, now);
  sendValue(res, await app.handle(name, body));
}

/**
 * The JSON body; an absent one stands for `{}`.
 *
 * @throws HttpRefusal 400, 413, 415
 */
export async function readBody(req: IncomingMessage): Promise<unknown> {
  const type = req.headers['content-type'];
  const empty =
    req.headers['transfer-encoding'] === undefined && Number(req.headers['content-length'] ?? 0) === 0;
  if (type === undefined && empty) return {};
  if (!isJson(type)) throw new HttpRefusal(415, 'invalid_input', 'Content-Type must be application/json.');
  if (empty) return {};
  let body: unknown;
  try {
    body = await readJsonBody(req);
  } catch (error) {
    if (!(error instanceof BodyError)) throw error;
    // What is left of the body is not read: the connection goes with it.
    if (error.status === 413) throw new HttpRefusal(413, 'too_large', error.message, { Connection: 'close' });
    throw new HttpRefusal(400, 'invalid_input', error.message);
  }
  if (hasProtoKey(body)) throw new HttpRefusal(400, 'invalid_input', 'The body holds a key "__proto__".');
  return body;
}

function isChannel(name: string): name is Channel {
  return Object.hasOwn(CHANNELS, name);
}

/** The log as a file, at the reader's pace, while it may grow. Whoever goes away ends the reading. */
async function sendExport(
  app: Pick<App, 'exportAudit'>,
  body: unknown,
  res: ServerResponse,
  now: number,
): Promise<void> {
  const parsed = CHANNELS['audit.export'].input.safeParse(body);
  if (!parsed.success) throw new FastbandError('invalid_input', z.prettifyError(parsed.error).slice(0, 1000));
  const { format } = parsed.data;
  const gone = new AbortController();
  res.on('close', () => gone.abort());
  const chunks = app.exportAudit(parsed.data)[Symbol.asyncIterator]();
  try {
    // The first piece before the headers: what fails at once is told as an error, not as a torn file.
    let next = await chunks.next();
    const day = new Date(now).toISOString().slice(0, 10);
    res.writeHead(200, {
      'Content-Type': EXPORT_TYPES[format],
      'Content-Disposition': `attachment; filename="fastband-audit-${day}.${format}"`,
      'Cache-Control': 'no-store',
    });
    while (next.done !== true && !gone.signal.aborted) {
      if (!res.write(next.value)) await once(res, 'drain', { signal: gone.signal }).catch(() => {});
      next = await chunks.next();
    }
    res.end();
  } finally {
    await chunks.return?.();
  }
}
