/** A provider's name, or `secret:NAME` for a secret of the person's own. Also the `provider` of the secret effect. */
export type KeyId = string;

/** What may be told of a key. Never its value. */
export interface KeyInfo {
  readonly id: KeyId;
  readonly label: string;
  readonly source: 'keychain' | 'environment';
  /** Milliseconds since the epoch; absent for one from the environment. */
  readonly addedAt?: number;
  readonly lastUsedAt?: number;
  /** Name of the client that used it last. */
  readonly lastUsedBy?: string;
  /** Hosts that a named secret may be sent to: `api.example.com`, `*.example.com`, `host:port`. Empty: to none. */
  readonly hosts: readonly string[];
}

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
