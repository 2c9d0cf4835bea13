import type { Channel, ChannelOutput, ChannelRequest } from '../../contract/channels.ts';
import type { ErrorCode } from '../../contract/errors.ts';
import type { HostEvent } from '../../contract/events.ts';
import { eventsOf } from './event-stream.ts';
import { pageKey } from './page-key.ts';

/** A refusal by the host, or `unreachable` when there was no answer. */
export class HostError extends Error {
  readonly code: ErrorCode | 'unreachable';

  constructor(code: ErrorCode | 'unreachable', message: string) {
    super(message);
    this.name = 'HostError';
    this.code = code;
  }
}

interface Envelope {
  readonly ok: boolean;
  readonly value?: unknown;
  readonly error?: { readonly code: ErrorCode; readonly message: string };
}

const UNREACHABLE = 'Fastband does not answer. Check that it is running, and that the tunnel to it is open.';
const HEADERS = { 'Content-Type': 'application/json', 'Fastband-Session-Key': pageKey() };

/** How far this computer's clock is behind the host's, in milliseconds. The panel may be open on another computer. */
let skew = 0;

/** The host's time, in milliseconds since the epoch. */
export function hostNow(): number {
  return Date.now() + skew;
}

/** Asks the host. @throws HostError */
export async function ask<C extends Channel>(
  channel: C,
  input: ChannelRequest<C>,
): Promise<ChannelOutput<C>> {
  return (await post(`/api/${channel}`, input)) as ChannelOutput<C>;
}

/** Ties this browser's session to the key of this page: see `page-key.ts`. @throws HostError */
export async function bindSession(): Promise<void> {
  await post('/session/bind', { key: pageKey() });
}

/** Logs this browser out. @throws HostError */
export async function endSession(): Promise<void> {
  await post('/session/end', {});
}

/**
 * What the host tells, from now until the connection ends. The first `undefined` says that it is open.
 *
 * @param heard - called for whatever comes, heartbeats too
 * @throws HostError
 */
export async function* listen(signal: AbortSignal, heard: () => void): AsyncGenerator<HostEvent | undefined> {
  const response = await reach('/api/events', { headers: HEADERS, signal });
  if (!response.ok || response.body === null) throw await refusal(response);
  yield undefined;
  for await (const data of eventsOf(response.body, heard)) yield JSON.parse(data) as HostEvent;
}

async function post(path: string, body: unknown): Promise<unknown> {
  const response = await reach(path, { method: 'POST', headers: HEADERS, body: JSON.stringify(body) });
  if (!response.ok) throw await refusal(response);
  return ((await response.json()) as Envelope).value;
}

async function reach(path: string, init: RequestInit): Promise<Response> {
  try {
    const response = await fetch(path, { ...init, credentials: 'same-origin', cache: 'no-store' });
    const told = Date.parse(response.headers.get('Date') ?? '');
    // The header counts whole seconds: less than two says nothing.
    if (!Number.isNaN(told)) skew = Math.abs(told - Date.now()) > 2000 ? told - Date.now() : 0;
    return response;
  } catch (error) {
    if (init.signal?.aborted) throw error;
    throw new HostError('unreachable', UNREACHABLE);
  }
}

async function refusal(response: Response): Promise<HostError> {
  try {
    const { error } = (await response.json()) as Envelope;
    if (error !== undefined) return new HostError(error.code, error.message);
  } catch {
    // Not ours: a proxy on the way answered.
  }
  return new HostError('unreachable', UNREACHABLE);
}
