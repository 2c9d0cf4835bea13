import {
  type KeyCheck,
  type KeychainReport,
  type KeychainState,
  type KeyInfo,
  Provider,
} from '../../contract/keys.ts';
import type { Settings } from '../../contract/settings.ts';
import { FastbandError } from '../core/errors.ts';
import type { Net } from '../guard/net.ts';
import type { Clock } from '../ports.ts';
import type { KeyRecord, KeyStore } from '../store/keys.ts';
import { environmentKeys, KEY_VARIABLES } from './environment.ts';
import { type Keychain, keychainWords } from './keychain.ts';
import type { Keys } from './keys.ts';

export interface VaultDeps {
  readonly keychain: Keychain;
  readonly store: KeyStore;
  readonly net: Pick<Net, 'fetch'>;
  readonly clock: Clock;
  readonly settings: () => Settings;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/**
 * The keys: values in the system's keychain, all else in the database. Without a keychain those of the environment can
 * be used, and nothing can be kept: there is no other place for a value.
 */
export class Vault implements Keys {
  readonly #deps: VaultDeps;
  readonly #environment: ReadonlyMap<string, { readonly variable: string; readonly value: string }>;
  /** Values that were read or set, by id: they are masked wherever something is written. */
  readonly #known = new Map<string, string>();
  /** Values on their way into the keychain, or replaced in this run: masked as well. */
  readonly #other = new Set<string>();

  /** What providers said of keys of the environment. It is kept as long as those are. */
  readonly #checks = new Map<string, KeyCheck>();

  constructor(deps: VaultDeps) {
    this.#deps = deps;
    this.#environment = environmentKeys(deps.env);
    for (const { value } of this.#environment.values()) this.#other.add(value);
  }

  /** What must never be written anywhere. */
  readonly values = (): readonly string[] => [...this.#known.values(), ...this.#other];

  /** Reads what there is, so that it is masked from now on, used or not. Never throws. */
  async learn(): Promise<void> {
    for (const { id } of this.#deps.store.list()) {
      if (this.#known.has(id)) continue;
      const value = await this.#deps.keychain.get(id).catch(() => undefined);
      if (value !== undefined) this.#known.set(id, value);
    }
  }

  async report(): Promise<KeychainReport> {
    const state: KeychainState = await this.#deps.keychain.probe();
    return state === 'working' ? { state } : { state, ...keychainWords(state) };
  }

  async list(): Promise<KeyInfo[]> {
    const records = this.#deps.store.list();
    const kept = await Promise.all(records.map((record) => this.#describe(record)));
    const ids = new Set(records.map(({ id }) => id));
    return [
      ...kept,
      ...[...this.#environment.keys()].flatMap((id) => (ids.has(id) ? [] : this.#fromEnvironment(id))),
    ];
  }

  async info(id: string): Promise<KeyInfo | undefined> {
    const record = this.#deps.store.get(id);
    return record === undefined ? this.#fromEnvironment(id)[0] : this.#describe(record);
  }

  async use(id: string, client: { readonly id: string; readonly name: string }): Promise<string> {
    const record = this.#deps.store.get(id);
    const given = this.#environment.get(id);
    if (record === undefined) {
      if (given !== undefined) return given.value;
      throw missing(id);
    }
    const value = await this.#read(id);
    if (value === undefined)
      throw new FastbandError(
        'key_missing',
        `The value of ${id} is no longer in the system's keychain: another program took it out. A person can put it in again in Fastband.`,
      );
    this.#deps.store.used(id, client.name, this.#deps.clock.now());
    return value;
  }

  /** Whether there is one, wherever it comes from. */
  has(id: string): boolean {
    return this.#deps.store.get(id) !== undefined || this.#environment.has(id);
  }

  /**
   * Puts a value into the keychain, then does `commit`; where that fails, the keychain is as it was.
   *
   * @throws FastbandError `keychain_unavailable`, and whatever `commit` throws
   */
  async keep<T>(id: string, value: string, commit: () => T): Promise<T> {
    const { keychain } = this.#deps;
    this.#other.add(value);
    const before = await keychain.get(id);
    if (before !== undefined) this.#other.add(before);
    const undo = () => (before === undefined ? keychain.delete(id) : keychain.set(id, before));
    try {
      await keychain.set(id, value);
      const done = commit();
      this.#known.set(id, value);
      return done;
    } catch (error) {
      await undo().catch(() => {});
      throw error;
    }
  }

  /** Takes a value out, then does `commit`; where that fails, the keychain is as it was. One that is gone is no error. */
  async drop<T>(id: string, commit: () => T): Promise<T> {
    const { keychain } = this.#deps;
    const before = await keychain.get(id);
    if (before !== undefined) this.#other.add(before);
    await keychain.delete(id);
    try {
      const done = commit();
      this.#known.delete(id);
      return done;
    } catch (error) {
      if (before !== undefined) await keychain.set(id, before).catch(() => {});
      throw error;
    }
  }

  /** Asks the provider. @param candidate - in place of the value that is kept. @throws FastbandError `invalid_input`, `key_missing` */
  async check(id: string, candidate?: string): Promise<KeyCheck> {
    const provider = Provider.safeParse(id).data;
    if (provider === undefined)
      throw new FastbandError('invalid_input', 'Only the keys of AI providers can be checked.');
    if (candidate !== undefined) this.#other.add(candidate);
    const kept = this.#deps.store.get(id) !== undefined;
    const value = candidate ?? (kept ? await this.#read(id) : this.#environment.get(id)?.value);
    if (value === undefined) throw missing(id);
    const { checkKey } = await import('./provider-check.ts');
    const { providers } = this.#deps.settings();
    const url = providers[`${provider}Url`];
    const check = await checkKey(this.#deps.net, provider, url, value, this.#deps.clock.now());
    if (candidate === undefined && !kept) this.#checks.set(id, check);
    return check;
  }

  async #read(id: string): Promise<string | undefined> {
    const value = await this.#deps.keychain.get(id);
    if (value === undefined) this.#known.delete(id);
    else this.#known.set(id, value);
    return value;
  }

  async #describe({ lastUsedAt, lastUsedBy, check, ...record }: KeyRecord): Promise<KeyInfo> {
    const state = await this.#read(record.id).then(
      (value) => (value === undefined ? ('gone' as const) : ('ok' as const)),
      () => 'closed' as const,
    );
    return {
      id: record.id,
      label: record.label,
      source: 'keychain',
      state,
      addedAt: record.addedAt,
      ...(lastUsedAt === undefined ? {} : { lastUsedAt }),
      ...(lastUsedBy === undefined ? {} : { lastUsedBy }),
      ...(check === undefined ? {} : { check }),
      hosts: [...record.hosts],
    };
  }

  #fromEnvironment(id: string): KeyInfo[] {
    const found = this.#environment.get(id);
    if (found === undefined) return [];
    const check = this.#checks.get(id);
    return [
      {
        id,
        label: found.variable,
        source: 'environment',
        state: 'ok',
        ...(check === undefined ? {} : { check }),
        hosts: [],
      },
    ];
  }
}

function missing(id: string): FastbandError {
  const variables = Object.entries(KEY_VARIABLES).find(([provider]) => provider === id)?.[1];
  const other = variables === undefined ? '' : ` or start it with ${variables.join(' or ')} set`;
  return new FastbandError(
    'key_missing',
    `There is no key called ${id}. A person can add it in Fastband (Keys)${other}.`,
  );
}
