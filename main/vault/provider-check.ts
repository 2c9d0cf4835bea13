import type { KeyCheck, Provider } from '../../contract/keys.ts';
import { FastbandError } from '../core/errors.ts';
import type { Net } from '../guard/net.ts';
import { openaiBase } from './openai-base.ts';

const CHECK_MS = 10_000;

/**
 * The cheapest question that only a good key is answered: which models there are. Free with all three. The headers are
 * those that each provider's own SDK sends.
 */
const QUESTIONS: Readonly<
  Record<Provider, { readonly path: string; headers(key: string): Record<string, string> }>
> = {
  anthropic: {
    path: 'v1/models?limit=1',
    headers: (key) => ({ authorization: `Bearer ${key}`, 'anthropic-version': '2026-10-21' }),
  },
  openai: { path: 'v1/models', headers: (key) => ({ authorization: `Bearer ${key}` }) },
  google: { path: 'v1beta/models?pageSize=1', headers: (key) => ({ 'x-goog-api-key': key }) },
};

/**
 * Asks a provider whether it takes a key. Not being able to ask is no "valid".
 *
 * @param base - the provider's address, from the settings
 * @param now - milliseconds since the epoch
 */
export async function checkKey(
  net: Pick<Net, 'fetch'>,
  provider: Provider,
  base: string,
  key: string,
  now: number,
): Promise<KeyCheck> {
  const { path, headers } = QUESTIONS[provider];
  const unknown = (problem: string): KeyCheck => ({ result: 'unknown', at: now, problem });
  try {
    const own = provider === 'openai' ? openaiBase(base) : base;
    const url = new URL(path, own.endsWith('/') ? own : `${own}/`);
    const response = await net.fetch(url, { headers: headers(key), signal: AbortSignal.timeout(CHECK_MS) });
    const { status } = response;
    // What it says is of no interest, and may be long.
    const text = status === 400 ? await response.text().catch(() => '') : '';
    if (status !== 400) await response.body?.cancel().catch(() => {});
    if (status === 200) return { result: 'valid', at: now };
    // Google answers a bad key with 400.
    if (status === 401 || status === 403 || (status === 400 && text.includes('API_KEY_INVALID')))
      return {
        result: 'rejected',
        at: now,
        problem: 'The provider does not take this key. Make a new one there, and put it in its place here.',
      };
    return unknown(
      `The provider answered ${status}, which says nothing about the key. Check it again later.`,
    );
  } catch (error) {
    if (error instanceof FastbandError) return unknown(`${error.message} So the key could not be checked.`);
    return unknown(
      'The provider did not answer in time, so the key could not be checked. Check it again later.',
    );
  }
}
