import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import type { AuditVerifyOutput } from '../../contract/audit.ts';
import { FastbandError } from '../core/errors.ts';
import {
  type BadRow,
  hashBefore,
  readCheckpoint,
  type StoredCheckpoint,
  type WalkedStretch,
  walkStretch,
} from './audit-chain.ts';
import { isGenuine } from './audit-retention.ts';
import { connect, type Db, isStorageError } from './database.ts';
import { auditKey, DATABASE_FILE, KEY_FILE } from './home.ts';
import { askOnce } from './reader.ts';

/** So few rows are walked here and now: a few milliseconds, where a thread takes a hundred to start. */
const ROWS_AT_ONCE = 1000;
/** Rows that are worth a thread of their own. */
const ROWS_A_THREAD = 50_000;
const MAX_THREADS = 4;

/**
 * Verifies a home's log on threads of its own, so that searches do not wait for it. Each walks a stretch: a row's
 * hash depends on nothing but the row and the stored hash before it, which the stretch before checks.
 *
 * @throws FastbandError `audit_unavailable` when the log cannot be read; the signal's reason when it was stopped
 */
export async function verifyAudit(home: string, watch: Watch = {}): Promise<AuditVerifyOutput> {
  const db = openLog(join(home, DATABASE_FILE));
  try {
    return await verifyLog(db, home, watch);
  } catch (error) {
    if (!isStorageError(error)) throw error;
    throw new FastbandError(
      'audit_unavailable',
      'The audit log cannot be read to verify it: the database is damaged or out of reach. Run "fastband doctor".',
      { cause: error },
    );
  } finally {
    db.close();
  }
}

function openLog(file: string): Db {
  try {
    return connect(file, 'read');
  } catch (error) {
    throw new FastbandError(
      'audit_unavailable',
      'The audit log cannot be opened to verify it. Run "fastband doctor".',
      { cause: error },
    );
  }
}

/** How a long walk is followed and stopped. */
export interface Watch {
  readonly signal?: AbortSignal;
  /** In rows. */
  readonly progress?: (done: number, total: number) => void;
}

interface Bounds {
  readonly checkpoint: StoredCheckpoint | undefined;
  readonly firstSeq: number | null;
  readonly lastSeq: number | null;
  readonly lastHash: string | null;
  /** The highest number that a row was ever given, by SQLite's own count. */
  readonly highest: number;
}

/** In one view of the log: what came up to now is verified, not what comes meanwhile. */
function readBounds(db: Db): Bounds {
  return db.transaction(() => {
    const sql = 'SELECT min(seq), max(seq) FROM audit';
    const [firstSeq, lastSeq] = db.prepare(sql).raw().get() as [number | null, number | null];
    const lastHash = lastSeq === null ? null : (hashBefore(db, lastSeq + 1) ?? null);
    const counted = db.prepare("SELECT seq FROM sqlite_sequence WHERE name = 'audit'").pluck().get();
    return { checkpoint: readCheckpoint(db), firstSeq, lastSeq, lastHash, highest: Number(counted ?? 0) };
  })();
}

async function verifyLog(db: Db, home: string, watch: Watch): Promise<AuditVerifyOutput> {
  const { checkpoint, firstSeq, lastSeq, lastHash, highest } = readBounds(db);
  const from = (checkpoint?.upTo ?? 0) + 1;
  const answer = (bad: BadRow | null, rows = 0) => ({
    ok: bad === null,
    rows,
    firstSeq,
    lastSeq,
    lastHash,
    bad,
  });
  if (checkpoint !== undefined && !isVouchedFor(home, checkpoint)) return answer(forged(checkpoint));
  if (firstSeq === null || lastSeq === null) {
    // Retention never removes the row that says so.
    const never = checkpoint === undefined && highest === 0;
    return answer(never ? null : { seq: from, problem: `Row ${from} is missing: it was removed.` });
  }
  if (firstSeq < from) {
    const problem = `Row ${firstSeq} stands where retention had removed the rows up to ${from - 1}: it was put in.`;
    return answer({ seq: firstSeq, problem });
  }
  let rows = 0;
  for (const walk of await walkAll(db, home, from, lastSeq, watch)) {
    rows += walk.rows;
    if (walk.checkpoint !== undefined && !isVouchedFor(home, walk.checkpoint))
      return answer(forged(walk.checkpoint), rows);
    if (walk.bad !== null) return answer(walk.bad, rows);
  }
  if (highest > lastSeq) {
    const problem = `Rows ${lastSeq + 1} to ${highest} are missing: they were cut off at the end.`;
    return answer({ seq: lastSeq + 1, problem }, rows);
  }
  return answer(null, rows);
}

async function walkAll(
  db: Db,
  home: string,
  from: number,
  to: number,
  { signal, progress }: Watch,
): Promise<WalkedStretch[]> {
  if (to - from < ROWS_AT_ONCE) return [walkStretch(db, from, to)];
  const stretches = split(from, to);
  const done = stretches.map(() => 0);
  return Promise.all(
    stretches.map((stretch, index) =>
      askOnce<WalkedStretch>(
        home,
        { op: 'walk', ...stretch },
        {
          ...(signal === undefined ? {} : { signal }),
          progress: (rows) => {
            done[index] = rows;
            progress?.(
              done.reduce((sum, one) => sum + one),
              to - from + 1,
            );
          },
        },
      ),
    ),
  );
}

function forged({ upTo }: StoredCheckpoint): BadRow {
  return {
    seq: upTo,
    problem: `The checkpoint at row ${upTo} was forged, or the key that vouches for it was replaced.`,
  };
}

function isVouchedFor(home: string, checkpoint: StoredCheckpoint): boolean {
  // Asking for the key would make one; a log with a checkpoint and no key has lost it.
  return existsSync(join(home, KEY_FILE)) && isGenuine(auditKey(home), checkpoint);
}

function split(from: number, to: number): { from: number; to: number }[] {
  const total = to - from + 1;
  const threads = Math.max(
    1,
    Math.min(MAX_THREADS, availableParallelism(), Math.ceil(total / ROWS_A_THREAD)),
  );
  const size = Math.ceil(total / threads);
  return Array.from({ length: threads }, (_, index) => ({
    from: from + index * size,
    to: Math.min(to, from + (index + 1) * size - 1),
  })).filter((stretch) => stretch.from <= stretch.to);
}
