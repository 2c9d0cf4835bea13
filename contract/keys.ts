import { z } from 'zod';

/** Providers of AI models, whose keys have a place of their own. */
export const PROVIDERS = ['anthropic', 'openai', 'google'] as const;
export const Provider = z.enum(PROVIDERS);
export type Provider = z.infer<typeof Provider>;

/** A provider's name, or `secret:NAME` for a secret of the person's own. Also what rules and effects call it. */
export const KeyId = z.union([Provider, z.string().regex(/^secret:[A-Za-z][A-Za-z0-9_-]{0,63}$/)]);
export type KeyId = string;

/** `api.example.com`, `*.example.com`, each with or without `:port`. */
export const KeyHost = z
  .string()
  .max(260)
  .regex(
    /^(?:\*\.)?[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?(?::[1-9][0-9]{0,4})?$/,
    'a host such as api.example.com',
  );

/** What the provider said of a key. `unknown`: it could not be asked, which says nothing about the key. */
export const KeyCheck = z.strictObject({
  result: z.enum(['valid', 'rejected', 'unknown']),
  /** Milliseconds since the epoch. */
  at: z.int(),
  /** Why it is not known to be valid, and what to do. */
  problem: z.string().optional(),
});
export type KeyCheck = z.infer<typeof KeyCheck>;

/** What may be told of a key. Never its value. */
export const KeyInfo = z.strictObject({
  id: z.string(),
  label: z.string(),
  /** One from the environment can be used, not changed. */
  source: z.enum(['keychain', 'environment']),
  /** `gone`: another program took it out of the keychain. `closed`: the keychain does not answer. */
  state: z.enum(['ok', 'gone', 'closed']),
  addedAt: z.int().optional(),
  lastUsedAt: z.int().optional(),
  /** Name of the client that used it last. */
  lastUsedBy: z.string().optional(),
  check: KeyCheck.optional(),
  /** Hosts that a named secret may be sent to. Empty: to none. */
  hosts: z.array(z.string()),
});
export type KeyInfo = z.infer<typeof KeyInfo>;

/**
 * `absent`: the native module is not there. `session`: no D-Bus session, over which it would be reached.
 * `missing`: no keychain runs. `locked`: it is there and does not open. `hanging`: it does not answer. `restarted`: the
 * one that Fastband had used is gone.
 */
export const KeychainState = z.enum([
  'working',
  'locked',
  'hanging',
  'missing',
  'session',
  'absent',
  'restarted',
]);
export type KeychainState = z.infer<typeof KeychainState>;

export const KeychainReport = z.strictObject({
  state: KeychainState,
  problem: z.string().optional(),
  /** A command that mends it, where one does. */
  command: z.string().optional(),
});
export type KeychainReport = z.infer<typeof KeychainReport>;

/** A key as a person types it: without line breaks, at most as long as keychains take everywhere. */
export const KeyValue = z
  .string()
  .trim()
  .min(1)
  .max(8192)
  .regex(/^[^\p{Cc}]*$/u, 'no line breaks or control characters');

export const KeySetInput = z.strictObject({
  id: KeyId,
  value: KeyValue,
  label: z.string().trim().max(100).optional(),
  hosts: z.array(KeyHost).max(20).optional(),
});

export const KeyRotateInput = z.strictObject({
  id: KeyId,
  value: KeyValue,
  /** Takes it though the provider did not say that it is valid. */
  unchecked: z.boolean().default(false),
});

export const KeyUpdateInput = z.strictObject({
  id: KeyId,
  label: z.string().trim().max(100).optional(),
  hosts: z.array(KeyHost).max(20).optional(),
});

export const KeyImportInput = z.strictObject({
  /** A file of lines `NAME=value`, on the host's machine. */
  path: z.string().min(1).max(4096),
  /** Which of the names found to take; absent asks what there is and changes nothing. */
  names: z.array(z.string().max(200)).max(200).optional(),
  /** Takes the lines out of the file once their values are in the keychain. */
  removeLines: z.boolean().default(false),
  /** Replaces keys though their provider did not say that the new ones are valid. */
  unchecked: z.boolean().default(false),
});

export const KeyImport = z.strictObject({
  found: z.array(
    z.strictObject({
      name: z.string(),
      id: z.string(),
      /** The last four characters of a long value. */
      tail: z.string(),
      /** There is a key of this id, which it would replace. */
      replaces: z.boolean(),
    }),
  ),
  taken: z.array(z.string()),
  /** How many lines were taken out of the file. */
  removed: z.int(),
});
export type KeyImport = z.infer<typeof KeyImport>;
