import type { Provider } from '../../contract/keys.ts';

/** Where each provider's key may stand; the first that is set counts. */
export const KEY_VARIABLES: Readonly<Record<Provider, readonly string[]>> = {
  anthropic: ['ANTHROPIC_API_KEY'],
  openai: ['OPENAI_API_KEY'],
  google: ['GOOGLE_API_KEY', 'GEMINI_API_KEY'],
};

/** Keys that were in the environment when Fastband began: to be used, not to be changed. */
export function environmentKeys(
  env: Readonly<Record<string, string | undefined>>,
): ReadonlyMap<string, { readonly variable: string; readonly value: string }> {
  return new Map(
    Object.entries(KEY_VARIABLES).flatMap(([id, names]) => {
      const variable = names.find((one) => (env[one] ?? '').trim() !== '');
      return variable === undefined ? [] : [[id, { variable, value: (env[variable] ?? '').trim() }] as const];
    }),
  );
}

/** The key that a variable of this name holds: a provider's, or a named secret. */
export function keyIdOf(variable: string): string | undefined {
  const provider = Object.entries(KEY_VARIABLES).find(([, names]) => names.includes(variable))?.[0];
  if (provider !== undefined) return provider;
  return /^[A-Za-z][A-Za-z0-9_-]{0,63}$/.test(variable) ? `secret:${variable}` : undefined;
}
