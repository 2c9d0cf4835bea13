import type { Provider as ProviderName } from '../../contract/keys.ts';
import { FastbandError } from '../core/errors.ts';
import type { Net } from '../guard/net.ts';
import type { Keys } from '../vault/keys.ts';
import type { Budget, Price } from './budget.ts';
import { costOf } from './budget.ts';
import { failureOf, type LastAnswer, ProviderFailure, silenceOf } from './failure.ts';
import type { Connection, ModelProvider, ModelRequest, Usage } from './provider.ts';
import { PATIENCE, type Patience, Resilience } from './resilience.ts';
import { Silence } from './silence.ts';

/** One provider and model that may answer. */
export interface Candidate {
  readonly provider: ProviderName;
  readonly model: string;
  readonly baseUrl: string;
  /** It is asked without a key. */
  readonly keyless?: true;
}

export interface ModelsDeps {
  readonly net: Pick<Net, 'fetch'>;
  readonly keys: Pick<Keys, 'use'>;
  readonly budget: Budget;
  /** Tests are less patient. */
  readonly patience?: Patience;
}

export interface Completion {
  readonly provider: ProviderName;
  readonly model: string;
  readonly text: string;
  readonly stop: string;
  readonly usage: Usage;
  /** US cents; absent where the price is not known. */
  readonly cents?: number;
}

interface Call {
  readonly client: { readonly id: string; readonly name: string };
  readonly signal: AbortSignal;
  readonly progress: (message: string) => void;
}

/** Longest answer, in characters. */
const MAX_TEXT = 1_000_000;
/** Told to the client at most this often, in characters. */
const TELL_EVERY = 400;
const LIST_MS = 5 * 60_000;
/** The SDK wants one; servers that need none do not look at it. */
const NO_KEY = 'no-key';

/** AI models: which provider answers, what happens when it does not, and what it costs. */
export class Models {
  readonly #deps: ModelsDeps;
  readonly #patience: Patience;
  readonly #resilience = new Map<ProviderName, Resilience>();
  readonly #lists = new Map<string, { at: number; names: readonly string[] }>();

  constructor(deps: ModelsDeps) {
    this.#deps = deps;
    this.#patience = deps.patience ?? PATIENCE;
  }

  /**
   * Asks the first candidate; the next ones only where another provider may do better.
   *
   * @throws FastbandError `provider_failed`, `limit_reached`, `key_missing`, `url_refused`, `output_too_large`
   */
  async complete(
    candidates: readonly Candidate[],
    request: Omit<ModelRequest, 'model'>,
    call: Call,
  ): Promise<Completion> {
    const failures: string[] = [];
    for (const candidate of candidates) {
      try {
        return await this.#ask(candidate, { ...request, model: candidate.model }, call);
      } catch (error) {
        call.signal.throwIfAborted();
        const another =
          (error instanceof ProviderFailure && error.kind !== 'refused') ||
          (error instanceof FastbandError &&
            ['key_missing', 'url_refused', 'keychain_unavailable'].includes(error.code));
        if (!another || candidates.length === 1) throw error;
        failures.push(error instanceof Error ? error.message : '');
        call.progress(`${candidate.provider} failed; asking the next one.`);
      }
    }
    throw new ProviderFailure('down', `No provider could answer. ${failures.join(' ')}`);
  }

  /** The names of a provider's models, at most five minutes old. @throws as `complete` */
  async list(
    { provider, baseUrl, keyless }: Omit<Candidate, 'model'>,
    call: Call,
  ): Promise<readonly string[]> {
    const known = this.#lists.get(`${provider} ${baseUrl}`);
    if (known !== undefined && performance.now() - known.at < LIST_MS) return known.names;
    const adapter = await load(provider);
    const key = keyless ? NO_KEY : await this.#deps.keys.use(provider, call.client);
    const last: LastAnswer = {};
    const silence = new Silence(this.#patience.silenceMs);
    try {
      const names = await adapter.listModels(
        this.#connection(key, baseUrl, last, silence),
        AbortSignal.any([call.signal, silence.signal]),
      );
      this.#lists.set(`${provider} ${baseUrl}`, { at: performance.now(), names });
      return names;
    } catch (error) {
      call.signal.throwIfAborted();
      if (silence.signal.aborted) throw silenceOf(provider, this.#patience.silenceMs, 0);
      throw failureOf(error, provider, last, key);
    } finally {
      silence.stop();
    }
  }

  async #ask(
    { provider, baseUrl, keyless }: Candidate,
    request: ModelRequest,
    call: Call,
  ): Promise<Completion> {
    const adapter = await load(provider);
    const estimate = estimateOf(request);
    const reserve = () =>
      this.#deps.budget.reserve(call.client.id, request.model, {
        input: estimate,
        output: request.maxTokens,
      });
    let settle: ReturnType<typeof reserve> | undefined = reserve();
    let used: Usage = { input: 0, output: 0 };
    try {
      const key = keyless ? NO_KEY : await this.#deps.keys.use(provider, call.client);
      const done = await this.#patient(provider).run(
        provider,
        async () => {
          // Each try is charged, so each needs room of its own.
          const charge = settle ?? reserve();
          settle = undefined;
          let now: Usage = { input: 0, output: 0 };
          try {
            return await this.#once(adapter, key, baseUrl, request, call, estimate, (spent) => {
              now = spent;
            });
          } finally {
            used = { input: used.input + now.input, output: used.output + now.output };
            charge(now);
          }
        },
        call.signal,
      );
      const price: Price | undefined = this.#deps.budget.priceOf(request.model);
      return {
        provider,
        model: request.model,
        text: done.text,
        stop: done.stop,
        usage: used,
        ...(price === undefined ? {} : { cents: costOf(used, price) / 1e6 }),
      };
    } finally {
      settle?.({ input: 0, output: 0 });
    }
  }

  /** One try. What it used is told to `spent`, also when it breaks off. */
  async #once(
    adapter: ModelProvider,
    key: string,
    baseUrl: string,
    request: ModelRequest,
    call: Call,
    estimate: number,
    spent: (usage: Usage) => void,
  ): Promise<{ text: string; stop: string }> {
    const last: LastAnswer = {};
    let told: Usage | undefined;
    let length = 0;
    let heard = 0;
    const tooLong = new AbortController();
    const silence = new Silence(this.#patience.silenceMs);
    try {
      const answer = await adapter.complete(this.#connection(key, baseUrl, last, silence), request, {
        signal: AbortSignal.any([call.signal, tooLong.signal, silence.signal]),
        onUsage: (usage) => {
          told = usage;
        },
        onText: (piece) => {
          length += piece.length;
          if (length > MAX_TEXT)
            tooLong.abort(
              new FastbandError('output_too_large', `The answer is longer than ${MAX_TEXT} characters.`),
            );
          if (length - heard >= TELL_EVERY) {
            heard = length;
            call.progress(`${adapter.name} has written ${length} characters`);
          }
        },
      });
      spent(told ?? { input: estimate, output: Math.ceil(length / 3) });
      if (length > MAX_TEXT) tooLong.signal.throwIfAborted();
      return answer;
    } catch (error) {
      // Where the provider did not say what was used, it is charged as it was guessed.
      if (told !== undefined) spent({ ...told, output: Math.max(told.output, Math.ceil(length / 3)) });
      else if (length > 0) spent({ input: estimate, output: Math.ceil(length / 3) });
      call.signal.throwIfAborted();
      if (tooLong.signal.aborted) throw tooLong.signal.reason;
      if (silence.signal.aborted) throw silenceOf(adapter.name, this.#patience.silenceMs, length);
      throw failureOf(error, adapter.name, last, key);
    } finally {
      silence.stop();
    }
  }

  #connection(key: string, baseUrl: string, last: LastAnswer, silence: Silence): Connection {
    const fetch = async (input: string | URL | Request, init?: RequestInit): Promise<Response> => {
      const url = typeof input === 'string' || input instanceof URL ? String(input) : input.url;
      delete last.status;
      // The guard's fetch is undici's, of which Node's own is a copy: they differ in their types' names alone.
      const answer = await this.#deps.net.fetch(url, init as Parameters<Net['fetch']>[1]);
      last.status = answer.status;
      last.retryAfterMs = retryAfter(answer.headers.get('retry-after'));
      return answer as unknown as Response;
    };
    return { key, baseUrl, fetch: silence.listen(fetch as typeof globalThis.fetch) };
  }

  #patient(provider: ProviderName): Resilience {
    let one = this.#resilience.get(provider);
    if (one === undefined) {
      one = new Resilience(this.#patience);
      this.#resilience.set(provider, one);
    }
    return one;
  }
}

/** Each SDK is loaded when its provider is first asked. */
async function load(provider: ProviderName): Promise<ModelProvider> {
  if (provider === 'anthropic') return (await import('./anthropic.ts')).anthropic;
  if (provider === 'openai') return (await import('./openai.ts')).openai;
  return (await import('./google.ts')).google;
}

/** Tokens of a request, guessed high: three characters each, and an image as the largest that providers count. */
export function estimateOf({ system, prompt, images, schema }: Omit<ModelRequest, 'model'>): number {
  const chars =
    prompt.length + (system?.length ?? 0) + (schema === undefined ? 0 : JSON.stringify(schema).length);
  return Math.ceil(chars / 3) + images.length * 1600;
}

/** RFC 9110, section 10.2.3: seconds, or a date. */
function retryAfter(value: string | null): number | undefined {
  if (value === null) return undefined;
  if (/^\d+$/.test(value)) return Number(value) * 1000;
  const at = Date.parse(value);
  return Number.isNaN(at) ? undefined : Math.max(0, at - Date.now());
}
