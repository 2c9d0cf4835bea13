import { AUDIT_COLUMNS, auditHash, type Checkpoint, GENESIS, isWellTyped } from './audit-row.ts';
import type { Db } from './database.ts';

const CHUNK = 1000;

export interface BadRow {
  readonly seq: number;
  readonly problem: string;
}

/** A stretch of the log as it was found. */
export interface Walked {
  /** Hash of its last good row, hex; what it began with when there is none. */
  readonly hash: string;
  readonly rows: number;
  /** The first row that does not fit. */
  readonly bad: BadRow | null;
}

/** Checks rows `from` to `to`, both included and all of them expected, against the hash before the first (hex). */
export function walkChain(db: Db, from: number, to: number, prev: string): Walked {
  const chunk = db
    .prepare<[number, number], unknown[]>(
      `SELECT ${AUDIT_COLUMNS} FROM audit WHERE seq BETWEEN ? AND ? ORDER BY seq`,
    )
    .raw();
  let hash = prev;
  let expected = from;
  const bad = (seq: number, problem: string): Walked => ({
    hash,
    rows: expected - from,
    bad: { seq, problem },
  });
  while (expected <= to) {
    const end = Math.min(expected + CHUNK - 1, to);
    for (const row of chunk.iterate(expected, end) as IterableIterator<unknown[]>) {
      if (row[0] !== expected) return bad(expected, `Row ${expected} is missing: it was removed.`);
      if (!isWellTyped(row))
        return bad(
          expected,
          `Row ${expected} was changed: a column is not of the type that Fastband writes.`,
        );
      const own = auditHash(hash, row);
      if (own !== row[13])
        return bad(
          expected,
          `Row ${expected} does not fit its own hash and the row before it: it was changed, moved, or put in.`,
        );
      hash = own;
      expected++;
    }
    if (expected <= end) return bad(expected, `Row ${expected} is missing: it was removed.`);
  }
  return { hash, rows: expected - from, bad: null };
}

/** The checkpoint that retention left, and the MAC that it carries. */
export function readCheckpoint(db: Db): (Checkpoint & { readonly mac: Uint8Array }) | undefined {
  const row = db
    .prepare(
      'SELECT up_to, at, rows, lower(hex(hash)), mac FROM audit_checkpoint ORDER BY up_to DESC LIMIT 1',
    )
    .raw()
    .get() as [number, number, number, string, Uint8Array] | undefined;
  if (row === undefined) return undefined;
  const [upTo, at, rows, hash, mac] = row;
  return { upTo, at, rows, hash, mac };
}

/** The hash that row `seq` follows, hex. Undefined when the row before it should be there and is not. */
export function hashBefore(db: Db, seq: number): string | undefined {
  const before = db
    .prepare('SELECT lower(hex(hash)) FROM audit WHERE seq = ?')
    .pluck()
    .get(seq - 1);
  if (typeof before === 'string') return before;
  const checkpoint = readCheckpoint(db);
  if (checkpoint?.upTo === seq - 1) return checkpoint.hash;
  return seq === 1 ? GENESIS : undefined;
}
