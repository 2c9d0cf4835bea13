import type { KeyId, KeyInfo } from '../../contract/keys.ts';

/** The keys that tools may use, each at the last moment and under an effect `secret ID` that was allowed. */
export interface Keys {
  list(): Promise<readonly KeyInfo[]>;
  info(id: KeyId): Promise<KeyInfo | undefined>;
  /**
   * The value, and a note of who used it.
   *
   * @throws FastbandError `key_missing`; `keychain_unavailable` when the keychain is locked, missing or does not answer
   */
  use(id: KeyId, client: { readonly id: string; readonly name: string }): Promise<string>;
}
