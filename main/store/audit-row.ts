import { createHmac, hash } from 'node:crypto';
import { AuditDecision, AuditOutcome, type AuditRow, AuditType } from '../../contract/audit.ts';
import { EFFECT_KINDS, type EffectKind } from '../../contract/effects.ts';

/** A row as the table holds it, in the order of its columns (better-sqlite3's raw mode). */
export type RawAuditRow = readonly [
  seq: number,
  at: number,
  type: string,
  callId: string | null,
  actor: string,
  clientId: string | null,
  tool: string | null,
  kinds: number,
  decision: string | null,
  outcome: string | null,
  durationMs: number | null,
  summary: string,
  detail: string,
  hash: Buffer,
];

export const AUDIT_COLUMNS = 'seq, at, type, call_id, actor, client_id, tool, kinds, decision, outcome, duration_ms, summary, detail, hash';

/** What the first row of all follows. */
export const GENESIS = Buffer.alloc(32);

/**
 * The hash of a row: SHA-256 over the hash of the row before it and every other column, as one JSON array, so that no
 * two different rows read the same.
 */
export function auditHash(prev: Buffer, row: RawAuditRow): Buffer {
  const [seq, at, type, callId, actor, clientId, tool, kinds, decision, outcome, durationMs, summary, detail] = row;
  const text = JSON.stringify([prev.toString('base64'), seq, at, type, callId, actor, clientId, tool, kinds, decision, outcome, durationMs, summary, detail]);
  return hash('sha256', text, 'buffer');
}

export function kindBits(kinds: readonly EffectKind[]): number {
  return kinds.reduce((bits, kind) => bits | (1 << EFFECT_KINDS.indexOf(kind)), 0);
}

export function kindsOfBits(bits: number): EffectKind[] {
  return EFFECT_KINDS.filter((_, index) => (bits & (1 << index)) !== 0);
}

export function toAuditRow(raw: RawAuditRow, prev: Buffer): AuditRow {
  const [seq, at, type, callId, actor, clientId, tool, kinds, decision, outcome, durationMs, summary, detail, own] = raw;
  return {
    seq,
    at,
    type: AuditType.parse(type),
    callId,
    actor,
    clientId,
    tool,
    kinds: kindsOfBits(kinds),
    decision: decision === null ? null : AuditDecision.parse(decision),
    outcome: outcome === null ? null : AuditOutcome.parse(outcome),
    durationMs,
    summary,
    detail: JSON.parse(detail) as Record<string, unknown>,
    prev: prev.toString('hex'),
    hash: own.toString('hex'),
  };
}

/** What vouches for a checkpoint: nobody without the key in the home folder can make one. */
export function checkpointMac(key: Buffer, upTo: number, at: number, rows: number, last: Buffer): Buffer {
  return createHmac('sha256', key).update(JSON.stringify([upTo, at, rows, last.toString('base64')])).digest();
}
