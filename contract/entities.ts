import { z } from 'zod';
import { WriteOp } from './effects.ts';

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

/** An AI client that holds a token. */
export const Client = z.strictObject({
  id: z.string(),
  name: z.string(),
  createdAt: z.int(),
  lastSeenAt: z.int().optional(),
  revokedAt: z.int().optional(),
});
export type Client = z.infer<typeof Client>;

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
