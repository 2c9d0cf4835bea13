import type { Channel, ChannelOutput, ChannelRequest } from '../../contract/channels.ts';
import type { ErrorCode } from '../../contract/errors.ts';
import type { HostEvent } from '../../contract/events.ts';
import { desktop, type Envelope } from './bridge.ts';
import { eventsOf } from './event-stream.ts';
import { messages } from './language.ts';
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

const ALIVE_MS = 10_000;

/** How far this computer's clock is behind the host's, in milliseconds. The panel may be open on another computer. */
let skew = 0;

/** The host's time, in milliseconds since the epoch. */
export function hostNow(): number {
  return Date.now() + skew;
}

/** What to tell a person about whatever was thrown. */
export function errorText(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Asks the host: over the desktop's bridge where there is one, else over HTTP. @throws HostError */
export async function ask<C extends Channel>(
  channel: C,
  input: ChannelRequest<C>,
): Promise<ChannelOutput<C>> {
  const bridge = desktop();
  if (bridge === undefined) return (await post(`/api/${channel}`, input)) as ChannelOutput<C>;
  return (await answerOf(bridge.channels[channel], input)) as ChannelOutput<C>;
}

/** Asks for what only the desktop can do. @throws HostError also when this is no desktop */
export async function askDesktop(name: string, input: unknown = {}): Promise<unknown> {
  return answerOf(desktop()?.desktop[name], input);
}

/** Ties this browser's session to the key of this page: see `page-key.ts`. @throws HostError */
export async function bindSession(): Promise<void> {
  if (desktop() === undefined) await post('/session/bind', { key: pageKey() });
}

/** Logs this browser out. @throws HostError */
export async function endSession(): Promise<void> {
  await post('/session/end', {});
}

/** What a download of this page must send along with its cookie. */
export function sessionHeaders(): Readonly<Record<string, string>> {
  return { 'Content-Type': 'application/json', 'Fastband-Session-Key': pageKey() };
}

/**
 * What the host tells, from now until the connection ends. The first `undefined` says that it is open.
 *
 * @param heard - called for whatever comes, heartbeats too
 * @throws HostError
 */
export async function* listen(signal: AbortSignal, heard: () => void): AsyncGenerator<HostEvent | undefined> {
  const bridge = desktop();
  if (bridge !== undefined) {
    // Within one program there is no line that could die in silence.
    const alive = setInterval(heard, ALIVE_MS);
    try {
      yield* bridgeEvents(bridge.subscribe, signal);
    } finally {
      clearInterval(alive);
    }
    return;
  }
  const response = await reach('/api/events', { headers: sessionHeaders(), signal });
  if (!response.ok || response.body === null) throw await refusal(response);
  yield undefined;
  for await (const data of eventsOf(response.body, heard)) yield JSON.parse(data) as HostEvent;
}

async function* bridgeEvents(
  subscribe: (listener: (event: HostEvent) => void) => () => void,
  signal: AbortSignal,
): AsyncGenerator<HostEvent | undefined> {
  const queue: HostEvent[] = [];
  let wake = () => {};
  const end = subscribe((event) => {
    queue.push(event);
    wake();
  });
  signal.addEventListener('abort', () => wake(), { once: true });
  try {
    yield undefined;
    while (!signal.aborted) {
      const event = queue.shift();
      if (event !== undefined) yield event;
      else
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
    }
  } finally {
    end();
  }
}

async function answerOf(
  call: ((input: unknown) => Promise<Envelope>) | undefined,
  input: unknown,
): Promise<unknown> {
  if (call === undefined) throw new HostError('forbidden', messages().errors.notHere);
  const { ok, value, error } = await call(input);
  if (ok) return value;
  throw new HostError((error?.code ?? 'internal') as ErrorCode, error?.message ?? messages().errors.unknown);
}

async function post(path: string, body: unknown): Promise<unknown> {
  const response = await reach(path, {
    method: 'POST',
    headers: sessionHeaders(),
    body: JSON.stringify(body),
  });
  if (!response.ok) throw await refusal(response);
  return ((await response.json()) as Envelope).value;
}

/**
 * Gives a person a channel's answer as a file, in a browser. Cancelling the task ends it.
 *
 * @throws HostError
 */
export async function download(
  channel: 'audit.export',
  input: ChannelRequest<'audit.export'>,
): Promise<void> {
  const response = await reach(`/api/${channel}`, {
    method: 'POST',
    headers: sessionHeaders(),
    body: JSON.stringify(input),
  });
  if (!response.ok) throw await refusal(response);
  const name = /filename="([^"]+)"/.exec(response.headers.get('Content-Disposition') ?? '')?.[1];
  let blob: Blob;
  try {
    blob = await response.blob();
  } catch {
    throw new HostError('cancelled', messages().errors.cutShort);
  }
  const url = URL.createObjectURL(blob);
  const link = document.createElement('a');
  link.href = url;
  link.download = name ?? 'fastband';
  link.click();
  // The download has its own hold on what it saves once it has begun.
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

/**
 * A picture of the gallery, as what an image can show. Fetched and not named in the image: a picture needs the page's
 * key as everything else does, and an image cannot send one.
 *
 * @throws HostError
 */
export async function loadPicture(id: string, size: 'full' | 'small'): Promise<string> {
  const path = `/pictures/${encodeURIComponent(id)}${size === 'small' ? '/small' : ''}`;
  const response = await reach(path, { headers: sessionHeaders() });
  if (!response.ok) throw await refusal(response);
  const blob = await response.blob();
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(String(reader.result));
    reader.onerror = () => reject(new HostError('internal', messages().errors.cutShort));
    reader.readAsDataURL(blob);
  });
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
    throw new HostError('unreachable', messages().errors.unreachable);
  }
}

async function refusal(response: Response): Promise<HostError> {
  try {
    const { error } = (await response.json()) as Envelope;
    if (error !== undefined) return new HostError(error.code as ErrorCode, error.message);
  } catch {
    // Not ours: a proxy on the way answered.
  }
  return new HostError('unreachable', messages().errors.unreachable);
}
