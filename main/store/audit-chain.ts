import { auditHash, type Checkpoint, GENESIS, ROW_TEXT } from './audit-row.ts';
import type { Db } from './database.ts';

const CHUNK = 1000;

type ChainRow = readonly [seq: number, text: string, hash: string];

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

/**
 * Checks rows `from` to `to`, both included and all of them expected, against the hash before the first (hex).
 *
 * @param walked - told how many rows were checked, now and then
 */
export function walkChain(
  db: Db,
  from: number,
  to: number,
  before: string,
  walked: (rows: number) => void = () => {},
): Walked {
  const chunk = db
    .prepare<[number, number], ChainRow>(
      `SELECT seq, ${ROW_TEXT}, lower(hex(hash)) FROM audit WHERE seq BETWEEN ? AND ? ORDER BY seq`,
    )
    .raw();
  let prev = before;
  let expected = from;
  const bad = (seq: number, problem: string): Walked => ({
    hash: prev,
    rows: expected - from,
    bad: { seq, problem },
  });
  while (expected <= to) {
    const end = Math.min(expected + CHUNK - 1, to);
    for (const [seq, text, stored] of chunk.all(expected, end) as ChainRow[]) {
      if (seq !== expected) break;
      const hash = auditHash(prev, text);
      if (hash !== stored) {
        return bad(
          expected,
          `Row ${expected} does not fit its own hash and the row before it: it was changed, moved, or put in.`,
        );
      }
      prev = hash;
      expected++;
    }
    if (expected <= end) return bad(expected, `Row ${expected} is missing: it was removed.`);
    walked(expected - from);
  }
  return { hash: prev, rows: expected - from, bad: null };
}

/** The checkpoint that retention left, and the MAC that it carries. */
export type StoredCheckpoint = Checkpoint & { readonly mac: Uint8Array };

/** A stretch of the log, and the checkpoint that its beginning was taken from, for its MAC to be looked at. */
export interface WalkedStretch extends Walked {
  readonly checkpoint: StoredCheckpoint | undefined;
}

/**
 * Checks rows `from` to `to` in one view of the log. Where retention has removed some of them by now, the walk begins
 * at its checkpoint: logs are verified while they are being shortened.
 */
export function walkStretch(
  db: Db,
  from: number,
  to: number,
  walked?: (rows: number) => void,
): WalkedStretch {
  return db.transaction(() => {
    const checkpoint = readCheckpoint(db);
    const start = Math.max(from, (checkpoint?.upTo ?? 0) + 1);
    // Where the row before is missing too, the stretch before this one says so.
    return { ...walkChain(db, start, to, hashBefore(db, start) ?? '', walked), checkpoint };
  })();
}

export function readCheckpoint(db: Db): StoredCheckpoint | undefined {
  const columns = 'up_to, at, rows, lower(hex(hash)), mac';
  const row = db.prepare(`SELECT ${columns} FROM audit_checkpoint ORDER BY up_to DESC LIMIT 1`).raw().get() as
    | [number, number, number, string, Uint8Array]
    | undefined;
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
