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
  'client.revoked',
  'workspace.added',
  'workspace.removed',
  'rule.added',
  'rule.removed',
  'grant.added',
  'grant.revoked',
  'tool.enabled',
  'tool.disabled',
  'settings.changed',
  'server.started',
  'server.stopped',
  'undo',
  'audit.retired',
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
  limit: z.int().min(1).max(1000).default(100),
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
