import { z } from 'zod';
import { EffectKind } from './effects.ts';

export const AUDIT_TYPES = [
  'call.started',
  'call.finished',
  'call.refused',
  'approval.asked',
  'approval.settled',
  'auth.failed',
  'client.added',
  'client.changed',
  'client.revoked',
  'workspace.added',
  'workspace.changed',
  'workspace.removed',
  'rule.added',
  'rule.changed',
  'rule.removed',
  'grant.added',
  'grant.revoked',
  'tool.enabled',
  'tool.disabled',
  'key.added',
  'key.changed',
  'key.removed',
  'key.checked',
  'picture.removed',
  'browser.fetched',
  'settings.changed',
  'server.started',
  'server.stopped',
  'undo',
  'audit.retired',
  'backup.created',
  'backup.restored',
] as const;
export const AuditType = z.enum(AUDIT_TYPES);
export type AuditType = z.infer<typeof AuditType>;

export const AuditOutcome = z.enum(['ok', 'error', 'denied', 'cancelled', 'timeout']);
export type AuditOutcome = z.infer<typeof AuditOutcome>;
export const AuditDecision = z.enum(['allow', 'ask', 'deny']);

/** One row of the append-only log. `hash` covers every other field and the hash of the row before it. */
export const AuditRow = z.strictObject({
  seq: z.int(),
  /** Milliseconds since the epoch. */
  at: z.int(),
  type: AuditType,
  /** Ties the rows of one call together. */
  callId: z.string().nullable(),
  /** A client's name, or `person` or `fastband` where no client acted. */
  actor: z.string(),
  clientId: z.string().nullable(),
  tool: z.string().nullable(),
  /** Kinds of effect, in the order of `EFFECT_KINDS`. */
  kinds: z.array(EffectKind),
  decision: AuditDecision.nullable(),
  outcome: AuditOutcome.nullable(),
  durationMs: z.number().nullable(),
  /** One redacted line for a person. */
  summary: z.string(),
  /** Redacted details: input, effects with reasons, plan hash, error code, … */
  detail: z.record(z.string(), z.unknown()),
  prev: z.string(),
  hash: z.string(),
});
export type AuditRow = z.infer<typeof AuditRow>;

export const AuditFilter = z.strictObject({
  type: z.array(AuditType).optional(),
  client: z.string().optional(),
  tool: z.string().optional(),
  kind: EffectKind.optional(),
  decision: AuditDecision.optional(),
  outcome: AuditOutcome.optional(),
  callId: z.string().optional(),
  /** Milliseconds since the epoch, inclusive. */
  from: z.int().optional(),
  /** Milliseconds since the epoch, exclusive. */
  to: z.int().optional(),
  /** Words that must all occur (prefixes count); never an FTS expression. */
  text: z.string().max(500).optional(),
});
export type AuditFilter = z.infer<typeof AuditFilter>;

export const AuditSearchInput = AuditFilter.extend({
  /** Newest first. Rows with a lower `seq` than this one. */
  cursor: z.int().optional(),
  /** Only rows with a higher `seq` than this one. */
  after: z.int().optional(),
  limit: z.int().min(1).max(1000).default(100),
  /** Leaves `detail` out, for lists. */
  brief: z.boolean().optional(),
});
export type AuditSearchInput = z.infer<typeof AuditSearchInput>;

export const AuditSearchOutput = z.strictObject({
  rows: z.array(AuditRow),
  /** Pass as `cursor` for the next page; null at the end. */
  next: z.int().nullable(),
});
export type AuditSearchOutput = z.infer<typeof AuditSearchOutput>;

export const AuditVerifyOutput = z.strictObject({
  ok: z.boolean(),
  rows: z.int(),
  firstSeq: z.int().nullable(),
  lastSeq: z.int().nullable(),
  lastHash: z.string().nullable(),
  /** The first row that does not fit, and how. */
  bad: z.strictObject({ seq: z.int(), problem: z.string() }).nullable(),
});
export type AuditVerifyOutput = z.infer<typeof AuditVerifyOutput>;

export const AuditIndexInput = z.strictObject({
  filter: AuditFilter.optional(),
  /** How many rows lie between two anchors. */
  every: z.int().min(50).max(1000).default(200),
});
export type AuditIndexInput = z.infer<typeof AuditIndexInput>;

/**
 * Where the rows of a filter are, so that any place of a long list can be shown at once: page `i` is `audit.search`
 * with the `cursor` `anchors[i] + 1` and the limit `every`.
 */
export const AuditIndexOutput = z.strictObject({
  total: z.int(),
  /** The last row of the log when this was made, whatever the filter; 0 for none. */
  newest: z.int(),
  /** `seq` of every `every`-th row, newest first, from the first one on. */
  anchors: z.array(z.int()),
});
export type AuditIndexOutput = z.infer<typeof AuditIndexOutput>;

export const AuditStatsInput = z.strictObject({
  by: z.enum(['time', 'tool', 'client']),
  /** Milliseconds since the epoch, inclusive. Default: 30 days before `to`. */
  from: z.int().optional(),
  /** Milliseconds since the epoch, exclusive. Default: now. */
  to: z.int().optional(),
  /** Stretches of time of equal length, for `by: 'time'`. */
  buckets: z.int().min(1).max(500).default(60),
});
export type AuditStatsInput = z.infer<typeof AuditStatsInput>;

/** Calls that ended (finished, failed or refused) with something in common. */
export const AuditStatsGroup = z.strictObject({
  /** A stretch's beginning in milliseconds since the epoch, a tool's name, or a client's id. */
  key: z.string(),
  /** A client's name; else the key. */
  name: z.string(),
  calls: z.int(),
  ok: z.int(),
  error: z.int(),
  denied: z.int(),
  cancelled: z.int(),
  timeout: z.int(),
  /** Of those that ran; null when none did. */
  meanMs: z.number().nullable(),
  lastAt: z.int().nullable(),
});
export type AuditStatsGroup = z.infer<typeof AuditStatsGroup>;

export const AuditStatsOutput = z.strictObject({
  from: z.int(),
  to: z.int(),
  /** By time: every stretch in order, empty ones too. Else the most calls first. */
  groups: z.array(AuditStatsGroup),
});
export type AuditStatsOutput = z.infer<typeof AuditStatsOutput>;

/** The task under which the index of the log is made: by itself, when a search wants one and rows are missing in it. */
export const INDEX_TASK = 'audit-index';

/** Names a long task, chosen by who starts it, to follow its progress and to cancel it. */
export const TaskId = z.string().regex(/^[A-Za-z0-9_-]{1,64}$/);
