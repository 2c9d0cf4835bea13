import { FastbandError } from '../core/errors.ts';
import type { KeyInfo, Keys } from './keys.ts';

/** Where each provider's key may stand; the first that is set counts. */
export const KEY_VARIABLES: Readonly<Record<string, readonly string[]>> = {
  anthropic: ['ANTHROPIC_API_KEY'],
  openai: ['OPENAI_API_KEY'],
  google: ['GOOGLE_API_KEY', 'GEMINI_API_KEY'],
};

/** Keys that were in the environment when the host began: to be used, not to be changed. */
export function environmentKeys(env: Readonly<Record<string, string | undefined>>): Keys {
  const found = new Map(
    Object.entries(KEY_VARIABLES).flatMap(([id, names]) => {
      const name = names.find((one) => (env[one] ?? '').trim() !== '');
      return name === undefined ? [] : [[id, { name, value: (env[name] ?? '').trim() }] as const];
    }),
  );
  const infoOf = (id: string): KeyInfo | undefined => {
    const one = found.get(id);
    return one === undefined ? undefined : { id, label: one.name, source: 'environment', hosts: [] };
  };
  return {
    list: async () => [...found.keys()].flatMap((id) => infoOf(id) ?? []),
    info: async (id) => infoOf(id),
    use: async (id) => {
      const one = found.get(id);
      if (one === undefined)
        throw new FastbandError(
          'key_missing',
          `There is no key for ${id}. A person can add one in Fastband.`,
        );
      return one.value;
    },
  };
}
