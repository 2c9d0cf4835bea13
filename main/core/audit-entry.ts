import type { z } from 'zod';
import type { AuditDecision, AuditOutcome, AuditRow, AuditType } from '../../contract/audit.ts';
import { middleCut } from '../../contract/display.ts';
import type { EffectKind } from '../../contract/effects.ts';
import type { Explanation } from '../../contract/policy.ts';
import { toWireError } from './errors.ts';
import type { Redactor } from './redact.ts';

/** A row as the core hands it over: redacted, not yet numbered or chained. */
export interface AuditEntry {
  readonly type: AuditType;
  readonly callId?: string;
  readonly actor: string;
  readonly clientId?: string;
  readonly tool?: string;
  readonly kinds?: readonly EffectKind[];
  readonly decision?: z.infer<typeof AuditDecision>;
  readonly outcome?: z.infer<typeof AuditOutcome>;
  readonly durationMs?: number;
  readonly summary: string;
  readonly detail?: Record<string, unknown>;
}

/** Where rows go. `append` returns once the row is committed, or throws `audit_unavailable`. */
export interface AuditSink {
  append(entry: AuditEntry): AuditRow;
}

/** What a call's rows are made from. */
export interface CallRecord {
  readonly callId: string;
  readonly client: { readonly id: string; readonly name: string };
  readonly tool: string;
  readonly input: unknown;
  explanation?: Explanation;
  planHash?: string;
  readonly approvalId?: string;
  /** The call's first row holds input and effects already. */
  readonly brief?: boolean;
}

/** Longest text kept of one argument, in characters: the log says what was asked, it does not store files. */
const MAX_TEXT = 2000;
const MAX_ITEMS = 200;

/** One row about a call, redacted first and shortened after, so that no cut can hide a secret from the redactor. */
export function callDetail(
  redactor: Redactor,
  type: AuditType,
  record: CallRecord,
  more: {
    readonly kinds: readonly EffectKind[];
    readonly summary: string;
    readonly outcome?: z.infer<typeof AuditOutcome>;
    readonly durationMs?: number;
    readonly error?: unknown;
  },
): AuditEntry {
  const detail: Record<string, unknown> = {};
  if (record.brief !== true) {
    detail.input = shorten(redactor.json(record.input ?? {}), 0);
    const effects = record.explanation?.effects ?? [];
    if (effects.length > 0) {
      detail.effects = shorten(
        redactor.json(
          effects.slice(0, MAX_ITEMS).map((one) => ({
            ...one.effect,
            decision: one.decision,
            by: `${one.reason.by}:${one.reason.id}`,
          })),
        ),
        0,
      );
    }
    if (effects.length > MAX_ITEMS) detail.effectsOmitted = effects.length - MAX_ITEMS;
    if (record.planHash !== undefined) detail.planHash = record.planHash;
    if (record.approvalId !== undefined) detail.approvalId = record.approvalId;
  }
  if (more.error !== undefined) detail.code = toWireError(more.error).code;
  const decision = record.explanation?.decision;
  return {
    type,
    callId: record.callId,
    actor: record.client.name,
    clientId: record.client.id,
    tool: record.tool.slice(0, 100),
    kinds: more.kinds,
    ...(decision === undefined ? {} : { decision }),
    ...(more.outcome === undefined ? {} : { outcome: more.outcome }),
    ...(more.durationMs === undefined ? {} : { durationMs: Math.round(more.durationMs * 100) / 100 }),
    summary: middleCut(redactor.text(more.summary), MAX_TEXT),
    detail,
  };
}

function shorten(value: unknown, depth: number): unknown {
  if (typeof value === 'string') return value.length > MAX_TEXT ? middleCut(value, MAX_TEXT) : value;
  if (typeof value !== 'object' || value === null) return value;
  if (depth > 12) return '…';
  if (Array.isArray(value)) {
    const kept = value.slice(0, MAX_ITEMS).map((one) => shorten(one, depth + 1));
    return value.length > MAX_ITEMS ? [...kept, `… ${value.length - MAX_ITEMS} more`] : kept;
  }
  const entries = Object.entries(value);
  const kept = entries
    .slice(0, MAX_ITEMS)
    .map(([key, field]) => [key.slice(0, 200), shorten(field, depth + 1)] as const);
  return Object.fromEntries(kept);
}
