import { z } from 'zod';
import { DiffPreview } from './approvals.ts';
import { WriteOp } from './effects.ts';
import { WireError } from './errors.ts';
import { dailyCents, dailyTokens } from './settings.ts';

/** A folder that clients may work in. */
export const Workspace = z.strictObject({
  /** Unique, fixed for its life: `[A-Za-z0-9._-]`, 1 to 64 characters. */
  name: z.string(),
  /** Absolute real path. */
  root: z.string(),
  readOnly: z.boolean(),
  createdAt: z.int(),
});
export type Workspace = z.infer<typeof Workspace>;

/** What a client used of AI models on a day. */
export const ModelSpend = z.strictObject({
  clientId: z.string(),
  tokens: z.int(),
  /** US cents, of calls whose price is known. */
  cents: z.number(),
});
export type ModelSpend = z.infer<typeof ModelSpend>;

/** An AI client that holds a token. */
export const Client = z.strictObject({
  id: z.string(),
  name: z.string(),
  createdAt: z.int(),
  lastSeenAt: z.int().optional(),
  revokedAt: z.int().optional(),
  /** Names of tools that are switched off for this client alone. */
  toolsOff: z.array(z.string()),
  /** What it alone may use of AI models in a day; absent where the settings say it. */
  dailyTokens: dailyTokens.optional(),
  dailyCents: dailyCents.optional(),
});
export type Client = z.infer<typeof Client>;

/** A client as the panel lists it. */
export const ClientState = Client.extend({
  /** Whether it has something open just now: a stream that it listens on, or a call under way. */
  connected: z.boolean(),
});
export type ClientState = z.infer<typeof ClientState>;

/** Limits of one client. `null`: as the settings say for everybody. */
export const ModelLimits = z.strictObject({
  dailyTokens: dailyTokens.nullable(),
  dailyCents: dailyCents.nullable(),
});
export type ModelLimits = z.infer<typeof ModelLimits>;

export const Risk = z.enum(['read', 'write', 'destructive', 'exec', 'net']);
export type Risk = z.infer<typeof Risk>;

export const ToolInfo = z.strictObject({
  name: z.string(),
  title: z.string(),
  description: z.string(),
  group: z.string(),
  risk: Risk,
  enabled: z.boolean(),
  /** SHA-256 (hex) of the definition. */
  hash: z.string(),
  /** Bytes of name, description and input schema: what a model reads. */
  bytes: z.int(),
  inputSchema: z.record(z.string(), z.unknown()),
});
export type ToolInfo = z.infer<typeof ToolInfo>;

/** One kept pre-image: what a path was before a call changed it. */
export const JournalEntry = z.strictObject({
  id: z.int(),
  callId: z.string(),
  at: z.int(),
  clientName: z.string(),
  tool: z.string(),
  workspace: z.string(),
  path: z.string(),
  op: WriteOp,
  /** Where a move went to. */
  movedTo: z.string().optional(),
  bytes: z.int(),
  undoneBy: z.string().optional(),
  /** False when the pre-image was too large to keep or has been retired. */
  undoable: z.boolean(),
});
export type JournalEntry = z.infer<typeof JournalEntry>;

/** How a workspace's folder is now. */
export const WorkspaceHealth = z.strictObject({
  name: z.string(),
  /** `missing`: gone or moved. `closed`: there, but Fastband's user may not read it. `fixed`: may be read, not changed. */
  folder: z.enum(['ok', 'missing', 'closed', 'fixed']),
  git: z.boolean(),
  policy: z.strictObject({
    /** Rules of the folder's own policy file; null where it has none. */
    rules: z.int().nullable(),
    problem: z.string().optional(),
  }),
});
export type WorkspaceHealth = z.infer<typeof WorkspaceHealth>;

export const HealthCheck = z.strictObject({
  id: z.enum(['database', 'keychain', 'port', 'disk']),
  state: z.enum(['ok', 'warn', 'bad']),
  /** Why it is not well, and what to do; for `ok`, nothing. */
  problem: z.string().optional(),
  /** Bytes left, of the disk. */
  freeBytes: z.number().optional(),
  /** Bytes that the database takes. */
  usedBytes: z.number().optional(),
});
export type HealthCheck = z.infer<typeof HealthCheck>;

/** How one part of this installation's protection is now. */
export const SecurityCheck = z.strictObject({
  id: z.enum([
    'files',
    'user',
    'listen',
    'log',
    'chain',
    'keychain',
    'browser',
    'openings',
    'session',
    'windows',
    'fuses',
    'updates',
  ]),
  /** `unknown`: it cannot be told on this system, or is not in use. */
  state: z.enum(['ok', 'warn', 'unknown']),
  /** Claims of SECURITY.md that stand on it. */
  claims: z.array(z.string()),
  /** What is not well, and what to do. */
  problem: z.string().optional(),
  /** What is so here and is nothing to do about: said in place of the usual text. */
  note: z.string().optional(),
  /** When it was looked at, where that was not now. Milliseconds since the epoch. */
  at: z.int().optional(),
});
export type SecurityCheck = z.infer<typeof SecurityCheck>;

/** What came of a tool that a person tried. */
export const Trial = z.strictObject({
  callId: z.string().optional(),
  durationMs: z.number(),
  /** The answer as a model reads it. A long one is cut, and `cut` is true. */
  text: z.string(),
  cut: z.boolean(),
  error: WireError.optional(),
});
export type Trial = z.infer<typeof Trial>;

/** What a call did to one path, as far as it can still be told. */
export const JournalDiff = z.strictObject({
  workspace: z.string(),
  path: z.string(),
  op: WriteOp,
  /** `shown`: there is a diff. `changed`: what the call left there is no longer there. `other`: no text, or no copy. */
  state: z.enum(['shown', 'changed', 'other']),
  diff: DiffPreview.optional(),
});
export type JournalDiff = z.infer<typeof JournalDiff>;

export const ServerStatus = z.strictObject({
  running: z.boolean(),
  version: z.string(),
  mcp: z.string().optional(),
  panel: z.string().optional(),
  home: z.string(),
  pid: z.int(),
  startedAt: z.int().optional(),
  waitingApprovals: z.int(),
  activeCalls: z.int(),
  /** Health of the audit log: calls are refused unless `ok`. */
  audit: z.enum(['ok', 'failing']),
  /** What a person should know and mend, each with what to do. */
  problems: z.array(z.string()),
});
export type ServerStatus = z.infer<typeof ServerStatus>;
