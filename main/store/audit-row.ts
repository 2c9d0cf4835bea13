import { createHmac, hash } from 'node:crypto';
import type { AuditRow, AuditType } from '../../contract/audit.ts';
import type { EffectKind } from '../../contract/effects.ts';

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
  durationUs: number | null,
  summary: string,
  detail: string,
  hash: string,
];

/** Columns to select for a `RawAuditRow`. Hex is one string to make and compare; a blob would be an object each. */
export const AUDIT_COLUMNS =
  'seq, at, type, call_id, actor, client_id, tool, kinds, decision, outcome, duration_us, summary, detail, lower(hex(hash))';

/** What the first row of all follows. */
export const GENESIS = '0'.repeat(64);

/**
 * A row as the text that is hashed with the hash before it. Each text is preceded by its length in bytes of UTF-8, and
 * null has none, so that no two different rows read the same. `ROW_TEXT` is the same in SQL: a log of a million rows
 * is verified without making fourteen million values of it first.
 */
export function rowText(row: RawAuditRow): string {
  return (
    `${row[0]},${row[1]},${part(row[2])}${part(row[3])}${part(row[4])}${part(row[5])}${part(row[6])}` +
    `${part(row[7])}${part(row[8])}${part(row[9])}${row[10] ?? ''},${part(row[11])}${part(row[12])}`
  );
}

const TEXTS_BEFORE = ['type', 'call_id', 'actor', 'client_id', 'tool', 'kinds', 'decision', 'outcome'];
const sqlPart = (column: string) => `octet_length(${column}), ':', ${column}, ','`;
export const ROW_TEXT = `concat(seq, ',', at, ',', ${TEXTS_BEFORE.map(sqlPart).join(', ')}, duration_us, ',', ${sqlPart('summary')}, ${sqlPart('detail')})`;

function part(text: string | null): string {
  return text === null ? ':,' : `${Buffer.byteLength(text)}:${text},`;
}

/**
 * The hash of a row: SHA-256 over the hash of the row before it and the row's text.
 *
 * @param prev - lower-case hex
 * @returns lower-case hex
 */
export function auditHash(prev: string, text: string): string {
  return hash('sha256', `${prev},${text}`, 'hex');
}

/** The order of `EFFECT_KINDS`, told by itself: importing the schemas would triple what a reader thread loads. */
const KIND_ORDER = { read: 0, write: 1, exec: 2, net: 3, secret: 4, query: 5 } satisfies Record<
  EffectKind,
  number
>;

/** Kinds as they are stored: each once, in the order of `EFFECT_KINDS`, with commas. */
export function kindsText(kinds: readonly EffectKind[]): string {
  if (kinds.length < 2) return kinds[0] ?? '';
  return [...new Set(kinds)].sort((a, b) => KIND_ORDER[a] - KIND_ORDER[b]).join(',');
}

export function kindsOf(text: string): EffectKind[] {
  if (text === '') return [];
  return text.split(',').filter((kind): kind is EffectKind => Object.hasOwn(KIND_ORDER, kind));
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
    durationMs: raw[10] === null ? null : raw[10] / 1000,
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
