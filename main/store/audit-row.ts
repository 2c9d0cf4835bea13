import { createHmac, hash } from 'node:crypto';
import type { AuditRow, AuditType } from '../../contract/audit.ts';
import { EFFECT_KINDS, type EffectKind } from '../../contract/effects.ts';

/** A row as the table holds it, in the order of its columns (better-sqlite3's raw mode); `hash` in lower-case hex. */
export type RawAuditRow = readonly [
  seq: number,
  at: number,
  type: string,
  callId: string | null,
  actor: string,
  clientId: string | null,
  tool: string | null,
  kinds: string,
  decision: string | null,
  outcome: string | null,
  durationMs: number | null,
  summary: string,
  detail: string,
  hash: string,
];

/** Columns to select for a `RawAuditRow`. Hex is one string to make and compare; a blob would be an object each. */
export const AUDIT_COLUMNS =
  'seq, at, type, call_id, actor, client_id, tool, kinds, decision, outcome, duration_ms, summary, detail, lower(hex(hash))';

/** What the first row of all follows. */
export const GENESIS = '0'.repeat(64);

/**
 * The hash of a row: SHA-256 over the hash of the row before it and every other column. Each text is preceded by its
 * length in UTF-16 units and null is a mark of its own, so that no two different rows are written the same.
 *
 * @param prev - lower-case hex
 * @returns lower-case hex
 */
export function auditHash(prev: string, row: RawAuditRow): string {
  const text =
    `1,${prev},${row[0]},${row[1]},${part(row[2])}${part(row[3])}${part(row[4])}${part(row[5])}${part(row[6])}` +
    `${part(row[7])}${part(row[8])}${part(row[9])}${row[10] ?? '-'},${part(row[11])}${part(row[12])}`;
  return hash('sha256', text, 'hex');
}

function part(text: string | null): string {
  return text === null ? '-,' : `${text.length}:${text},`;
}

/** Whether every column is of the type that a row of ours has: a blob could read like a text, and hash like it. */
export function isWellTyped(row: readonly unknown[]): row is RawAuditRow {
  const text = (value: unknown) => typeof value === 'string';
  const textOrNull = (value: unknown) => value === null || typeof value === 'string';
  return (
    Number.isSafeInteger(row[0]) &&
    Number.isSafeInteger(row[1]) &&
    text(row[2]) &&
    textOrNull(row[3]) &&
    text(row[4]) &&
    textOrNull(row[5]) &&
    textOrNull(row[6]) &&
    text(row[7]) &&
    textOrNull(row[8]) &&
    textOrNull(row[9]) &&
    (row[10] === null || typeof row[10] === 'number') &&
    text(row[11]) &&
    text(row[12]) &&
    text(row[13])
  );
}

/** Kinds as they are stored: each once, in the order of `EFFECT_KINDS`, with commas. */
export function kindsText(kinds: readonly EffectKind[]): string {
  if (kinds.length < 2) return kinds[0] ?? '';
  return EFFECT_KINDS.filter((kind) => kinds.includes(kind)).join(',');
}

export function kindsOf(text: string): EffectKind[] {
  if (text === '') return [];
  return text
    .split(',')
    .filter((kind): kind is EffectKind => (EFFECT_KINDS as readonly string[]).includes(kind));
}

/** A stored row as it is told. What someone else wrote into the table is shown as far as it can be; `verify` judges. */
export function toAuditRow(raw: RawAuditRow, prev: string, detail = parseDetail(raw[12])): AuditRow {
  return {
    seq: raw[0],
    at: raw[1],
    type: raw[2] as AuditType,
    callId: raw[3],
    actor: raw[4],
    clientId: raw[5],
    tool: raw[6],
    kinds: kindsOf(raw[7]),
    decision: raw[8] as AuditRow['decision'],
    outcome: raw[9] as AuditRow['outcome'],
    durationMs: raw[10],
    summary: raw[11],
    detail,
    prev,
    hash: raw[13],
  };
}

export function parseDetail(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value))
      return value as Record<string, unknown>;
  } catch {
    // Not ours: shown as it is.
  }
  return { unreadable: text };
}

/** What retention left in place of the rows that it removed. */
export interface Checkpoint {
  /** The last row that went. */
  readonly upTo: number;
  readonly at: number;
  /** How many went, ever. */
  readonly rows: number;
  /** Hash of the last row that went, hex: what the first one that stayed follows. */
  readonly hash: string;
}

/** Vouches for a checkpoint: without the key in the home folder nobody can make one that passes. */
export function checkpointMac(key: Uint8Array, { upTo, at, rows, hash: last }: Checkpoint): Buffer {
  return createHmac('sha256', key).update(`checkpoint 1,${upTo},${at},${rows},${last}`).digest();
}
