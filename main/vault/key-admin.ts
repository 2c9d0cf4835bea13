import { readFile, realpath } from 'node:fs/promises';
import { parseEnv } from 'node:util';
import type { ChannelInput } from '../../contract/channels.ts';
import {
  type KeyCheck,
  KeyHost,
  KeyId,
  type KeyImport,
  type KeyInfo,
  KeyValue,
  Provider,
} from '../../contract/keys.ts';
import type { AuditEntry } from '../core/audit-entry.ts';
import { FastbandError } from '../core/errors.ts';
import { writeAtomically } from '../guard/atomic-write.ts';
import { lstatOf, type PathStat } from '../guard/path.ts';
import type { KeyStore } from '../store/keys.ts';
import { keyIdOf } from './environment.ts';
import type { Vault } from './vault.ts';

/** Larger files hold something else. */
const MAX_ENV_BYTES = 256 * 1024;

export interface KeyAdminDeps {
  readonly vault: Vault;
  readonly store: {
    readonly keys: KeyStore;
    transaction<T>(run: () => T): T;
    readonly audit: { append(entry: AuditEntry): unknown };
  };
  /** Called once after each change. */
  readonly changed: () => void;
}

/** What a person changes about keys. Each change and its audit row commit together, or neither does. No row holds a value. */
export class KeyAdmin {
  readonly #deps: KeyAdminDeps;

  constructor(deps: KeyAdminDeps) {
    this.#deps = deps;
  }

  /** Adds a key. @throws FastbandError `conflict` when there is one: it is rotated instead; `keychain_unavailable` */
  async set({ id, value, label, hosts }: ChannelInput<'keys.set'>): Promise<KeyInfo> {
    const { store } = this.#deps;
    if (store.keys.get(id) !== undefined)
      throw new FastbandError('conflict', `There is a key called ${id}. Rotate it, or remove it first.`);
    if (Provider.safeParse(id).success && (hosts?.length ?? 0) > 0)
      throw new FastbandError('invalid_input', 'A provider’s key goes to that provider alone.');
    await this.#keep(
      id,
      value,
      { label: label || labelOf(id), hosts: hosts?.length ? hosts : ownHosts(id, value) },
      'key.added',
      'was added',
    );
    return this.#info(id);
  }

  /**
   * Puts a new value in the place of the old one. A provider's is checked first: until it is known to be valid the old
   * one stays.
   *
   * @throws FastbandError `conflict` when it is not known to be valid, with the reason
   */
  async rotate({ id, value, unchecked }: ChannelInput<'keys.rotate'>): Promise<KeyInfo> {
    const record = this.#record(id);
    const check = unchecked ? undefined : await this.#refuseUnlessValid(id, value);
    await this.#keep(id, value, record, 'key.changed', 'was replaced');
    if (check !== undefined) this.#deps.store.keys.checked(id, check);
    return this.#info(id);
  }

  /** @throws FastbandError `not_found`, `keychain_unavailable` */
  async remove(id: string): Promise<void> {
    const { vault, store } = this.#deps;
    this.#record(id);
    await vault.drop(id, () =>
      store.transaction(() => {
        store.keys.remove(id);
        this.#append('key.removed', id, 'was removed');
      }),
    );
    this.#deps.changed();
  }

  /** @throws FastbandError `not_found`, `invalid_input` */
  async update({ id, label, hosts }: ChannelInput<'keys.update'>): Promise<KeyInfo> {
    const { store } = this.#deps;
    const record = this.#record(id);
    if (hosts !== undefined && Provider.safeParse(id).success)
      throw new FastbandError('invalid_input', 'A provider’s key goes to that provider alone.');
    const about = { label: label || record.label, hosts: hosts ?? record.hosts };
    store.transaction(() => {
      store.keys.update(id, about);
      const where = about.hosts.length === 0 ? 'no host' : about.hosts.join(', ');
      this.#append('key.changed', id, hosts === undefined ? 'was renamed' : `may now be sent to ${where}`, {
        hosts,
      });
    });
    this.#deps.changed();
    return this.#info(id);
  }

  /** @throws FastbandError `key_missing`, `invalid_input` for a key that no provider can be asked about */
  async check(id: string): Promise<KeyInfo> {
    const { vault, store } = this.#deps;
    const check = await vault.check(id);
    store.transaction(() => {
      if (store.keys.get(id) !== undefined) store.keys.checked(id, check);
      const words = { valid: 'is valid', rejected: 'was rejected', unknown: 'could not be checked' }[
        check.result
      ];
      this.#append('key.checked', id, words);
    });
    this.#deps.changed();
    return { ...(await this.#info(id)), check };
  }

  /**
   * Looks for keys in a file of `NAME=value` lines, takes those that are named, and takes their lines out when asked. A
   * provider's key that there is already is replaced as `rotate` does it: once the new one is known to be valid.
   *
   * @throws FastbandError `not_found`, `invalid_input` for what is no such file and for two values of one key, `conflict`
   *   for a new value that is not known to be valid, `keychain_unavailable`. Nothing was taken then, but for the last
   */
  async importEnv({
    path,
    names,
    removeLines,
    unchecked,
  }: ChannelInput<'keys.importEnv'>): Promise<KeyImport> {
    const { store } = this.#deps;
    const { file, text, before } = await readEnv(path);
    const parsed = Object.entries(parseEnv(text)).flatMap(([name, raw]) => {
      const id = keyIdOf(name);
      const value = KeyValue.safeParse(raw).data;
      return id === undefined || value === undefined ? [] : [{ name, id, value }];
    });
    const found = parsed.map(({ name, id, value }) => ({
      name,
      id,
      tail: value.length >= 24 ? value.slice(-4) : '',
      replaces: store.keys.get(id) !== undefined,
    }));
    if (names === undefined) return { found, taken: [], removed: 0 };
    const wanted = parsed.filter(({ name }) => names.includes(name));
    refuseTwoOfOne(wanted);
    for (const { id, value } of wanted)
      if (!unchecked && store.keys.get(id) !== undefined) await this.#refuseUnlessValid(id, value);
    for (const { id, value } of wanted) {
      const record = store.keys.get(id);
      const about = { label: record?.label ?? labelOf(id), hosts: record?.hosts ?? ownHosts(id, value) };
      await this.#keep(
        id,
        value,
        about,
        record === undefined ? 'key.added' : 'key.changed',
        'was taken from a file',
      );
    }
    const taken = wanted.map(({ name }) => name);
    const removed = removeLines && taken.length > 0 ? await takeOut({ file, text, before }, path, taken) : 0;
    return { found, taken, removed };
  }

  /** Of a provider alone: nobody can be asked about a secret of the person's own. */
  /** What the provider said; undefined for a secret, of which nobody can be asked. */
  async #refuseUnlessValid(id: string, value: string): Promise<KeyCheck | undefined> {
    if (!Provider.safeParse(id).success) return undefined;
    const check = await this.#deps.vault.check(id, value);
    if (check.result !== 'valid')
      throw new FastbandError('conflict', `The old key stays. ${check.problem ?? ''}`.trim());
    return check;
  }

  async #keep(
    id: string,
    value: string,
    about: { readonly label: string; readonly hosts: readonly string[] },
    type: 'key.added' | 'key.changed',
    words: string,
  ): Promise<void> {
    const { vault, store } = this.#deps;
    await vault.keep(id, value, () =>
      store.transaction(() => {
        store.keys.put(id, about);
        this.#append(type, id, words);
      }),
    );
    this.#deps.changed();
  }

  #record(id: string) {
    const record = this.#deps.store.keys.get(id);
    if (record !== undefined) return record;
    if (this.#deps.vault.has(id))
      throw new FastbandError('conflict', 'This key comes from the environment: change it where it is set.');
    throw new FastbandError('not_found', `There is no key called ${id}.`);
  }

  async #info(id: string): Promise<KeyInfo> {
    const info = await this.#deps.vault.info(id);
    if (info === undefined) throw new FastbandError('not_found', `There is no key called ${id}.`);
    return info;
  }

  #append(type: AuditEntry['type'], id: string, words: string, detail: Record<string, unknown> = {}): void {
    this.#deps.store.audit.append({
      type,
      actor: 'person',
      summary: `Key ${KeyId.parse(id)} ${words}.`,
      detail: { id, ...detail },
    });
  }
}

function labelOf(id: string): string {
  return { anthropic: 'Anthropic', openai: 'OpenAI', google: 'Google' }[id] ?? id.replace(/^secret:/, '');
}

/** Where a secret may be sent that says so itself: a database's URL names its server. All else is sent nowhere yet. */
function ownHosts(id: string, value: string): string[] {
  const url = URL.parse(value);
  if (!id.startsWith('secret:') || url === null || !/^postgres(?:ql)?:$/.test(url.protocol)) return [];
  const host = KeyHost.safeParse(`${url.hostname.toLowerCase()}:${url.port || 5432}`);
  return host.success ? [host.data] : [];
}

/** Two names may stand for one key: the second value would replace the first, and then both lines would go. */
function refuseTwoOfOne(wanted: readonly { name: string; id: string; value: string }[]): void {
  for (const { name, id, value } of wanted) {
    const other = wanted.find((one) => one.id === id && one.value !== value);
    if (other !== undefined)
      throw new FastbandError(
        'invalid_input',
        `${name} and ${other.name} have different values, and both would be the key ${id}. Take one of them.`,
      );
  }
}

interface EnvFile {
  readonly file: string;
  readonly text: string;
  /** As it was before it was read: what somebody wrote since then is not overwritten. */
  readonly before: PathStat | null;
}

async function readEnv(path: string): Promise<EnvFile> {
  let file: string;
  let before: PathStat | null;
  let bytes: Buffer;
  try {
    file = await realpath(path);
    before = await lstatOf(file);
    bytes = await readFile(file);
  } catch (error) {
    throw new FastbandError('not_found', 'There is no such file, or it cannot be read.', { cause: error });
  }
  if (bytes.length > MAX_ENV_BYTES || bytes.includes(0))
    throw new FastbandError('invalid_input', 'This is no file of NAME=value lines.');
  return { file, text: bytes.toString('utf8'), before };
}

/** Takes whole lines out, each `NAME=value` on one line; a value that goes over several lines stays. */
async function takeOut(
  { file, text, before }: EnvFile,
  asked: string,
  names: readonly string[],
): Promise<number> {
  let removed = 0;
  const kept = text.split(/(?<=\n)/).filter((line) => {
    const name = /^\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=/.exec(line)?.[1];
    const whole = name !== undefined && parseEnv(line)[name] === parseEnv(text)[name];
    if (name === undefined || !names.includes(name) || !whole) return true;
    removed++;
    return false;
  });
  if (removed > 0) await writeAtomically(file, kept.join(''), { before, requested: asked });
  return removed;
}
