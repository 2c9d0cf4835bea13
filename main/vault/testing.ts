import { FastbandError } from '../core/errors.ts';
import type { Keys } from './keys.ts';

/** Keys held in memory, and a record of who used them. */
export function fakeKeys(
  values: Readonly<Record<string, string | { readonly value: string; readonly hosts: readonly string[] }>>,
): Keys & { readonly used: { id: string; by: string }[] } {
  const used: { id: string; by: string }[] = [];
  const entry = (id: string) => {
    const one = Object.hasOwn(values, id) ? values[id] : undefined;
    return typeof one === 'string' ? { value: one, hosts: [] } : one;
  };
  const info = (id: string) => {
    const one = entry(id);
    return one === undefined
      ? undefined
      : {
          id,
          label: id,
          source: 'keychain' as const,
          state: 'ok' as const,
          addedAt: 0,
          hosts: [...one.hosts],
        };
  };
  return {
    used,
    list: async () => Object.keys(values).flatMap((id) => info(id) ?? []),
    info: async (id) => info(id),
    use: async (id, client) => {
      const one = entry(id);
      if (one === undefined) throw new FastbandError('key_missing', `There is no key for ${id}.`);
      used.push({ id, by: client.name });
      return one.value;
    },
  };
}
