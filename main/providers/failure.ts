import type { Provider } from '../../contract/keys.ts';
import { FastbandError } from '../core/errors.ts';

/** `busy`: the same provider may answer soon. `down`: another may. `refused`: nobody will take this request as it is. */
export type FailureKind = 'busy' | 'down' | 'refused';

export class ProviderFailure extends FastbandError {
  readonly kind: FailureKind;
  /** How long the provider asks to be left alone, in milliseconds. */
  readonly retryAfterMs: number | undefined;

  constructor(
    kind: FailureKind,
    message: string,
    options: { retryAfterMs?: number | undefined; cause?: unknown } = {},
  ) {
    super('provider_failed', message, { cause: options.cause });
    this.kind = kind;
    this.retryAfterMs = options.retryAfterMs;
  }
}

/** What the last answer of a provider said, seen by the fetch that it came through. */
export interface LastAnswer {
  status?: number;
  retryAfterMs?: number | undefined;
}

const NAMES = { anthropic: 'Anthropic', openai: 'OpenAI', google: 'Google' } as const;

/** In words of ours: an SDK's error may carry headers and bodies, and a key in them. */
export function failureOf(error: unknown, provider: Provider, last: LastAnswer, key: string): unknown {
  if (error instanceof FastbandError) {
    // The guard's own words, or the network's.
    if (error.code === 'fetch_failed')
      return new ProviderFailure(PASSING.test(codeOf(error)) ? 'busy' : 'down', error.message, {
        cause: error,
      });
    return error;
  }
  for (let one: unknown = error; one instanceof Error; one = one.cause)
    if (one instanceof FastbandError) return failureOf(one, provider, last, key);
  const name = NAMES[provider];
  const { status, retryAfterMs } = last;
  const fail = (kind: FailureKind, message: string) =>
    new ProviderFailure(kind, message, { retryAfterMs, cause: error });
  if (status === undefined) return fail('down', `${name} could not be reached.`);
  if (status === 401 || status === 403)
    return fail('down', `${name} does not take the key. A person can replace it in Fastband (Keys).`);
  if (status === 404)
    return fail('refused', `${name} knows no such model. list_models says which there are.`);
  if (status === 413)
    return fail('refused', `${name} finds this request too large. Send less text or fewer images.`);
  if (status === 429) return fail('busy', `${name} asks for fewer requests. Try again later.`);
  if (status >= 300 && status < 400)
    return fail(
      'down',
      `${name} answered with a redirect, which is not followed. Check its address in the settings.`,
    );
  if (status >= 500 || status === 408 || status === 409)
    return fail('busy', `${name} has a problem of its own (${status}). Try again later.`);
  if (status >= 400)
    return fail('refused', `${name} refused this request (${status}).${reasonIn(error, key)}`);
  return fail('busy', `The answer of ${name} broke off.`);
}

/** Why a connection fails that may well be made a moment later. */
const PASSING =
  /^(?:ECONNREFUSED|ECONNRESET|ECONNABORTED|EPIPE|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH|EAI_AGAIN|UND_ERR_SOCKET)$/;

function codeOf(error: unknown): string {
  let code = '';
  for (let one: unknown = error; one instanceof Error; one = one.cause)
    if (!(one instanceof FastbandError) && 'code' in one) code = String(one.code);
  return code;
}

/** It was asked and said nothing, or stopped in the midst of its answer: the tokens of that were used. */
export function silenceOf(provider: Provider, ms: number, written: number): ProviderFailure {
  const seconds = Math.ceil(ms / 1000);
  return written === 0
    ? new ProviderFailure('busy', `${NAMES[provider]} sent nothing for ${seconds} s. Try again later.`)
    : new ProviderFailure(
        'down',
        `${NAMES[provider]} stopped in the midst of its answer and sent nothing for ${seconds} s. Try again later.`,
      );
}

/** The provider's own sentence about what is wrong with the request: text of theirs, in short. */
function reasonIn(error: unknown, key: string): string {
  const body = error instanceof Error && 'error' in error ? error.error : undefined;
  const message = findMessage(body);
  return message === undefined
    ? ''
    : ` It says: "${message.replaceAll(key, '[key]').replace(/\s+/g, ' ').slice(0, 300)}"`;
}

function findMessage(body: unknown): string | undefined {
  if (typeof body !== 'object' || body === null) return undefined;
  if ('message' in body && typeof body.message === 'string') return body.message;
  return 'error' in body ? findMessage(body.error) : undefined;
}
