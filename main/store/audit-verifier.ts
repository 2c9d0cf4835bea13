import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import type { AuditVerifyOutput } from '../../contract/audit.ts';
import { FastbandError } from '../core/errors.ts';
import { type BadRow, hashBefore, readCheckpoint, type Walked } from './audit-chain.ts';
import { isGenuine } from './audit-retention.ts';
import { GENESIS } from './audit-row.ts';
import { connect, type Db } from './database.ts';
import { auditKey, DATABASE_FILE, KEY_FILE } from './home.ts';
import { askOnce } from './reader.ts';

/** Rows that are worth a thread of their own. */
const ROWS_A_THREAD = 50_000;
const MAX_THREADS = 4;

/**
 * Verifies a home's log on threads of its own, so that searches do not wait for it. Each walks a stretch: a row's
 * hash depends on nothing but the row and the stored hash before it, which the stretch before checks.
 *
 * @throws FastbandError `audit_unavailable` when the log cannot be read
 */
export async function verifyAudit(home: string): Promise<AuditVerifyOutput> {
  const file = join(home, DATABASE_FILE);
  const db = openLog(file);
  try {
    for (let tries = 1; ; tries++) {
      const result = await verifyOnce(db, home);
      // Retention may have moved the log's beginning on while the threads were at it.
      if (result.output.bad === null || result.checkpoint === readCheckpoint(db)?.upTo || tries === 5)
        return result.output;
    }
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

async function verifyOnce(
  db: Db,
  home: string,
): Promise<{ output: AuditVerifyOutput; checkpoint: number | undefined }> {
  const [checkpoint, firstSeq, lastSeq, lastHash] = db.transaction(() => {
    const bounds = db.prepare('SELECT min(seq), max(seq) FROM audit').raw().get() as [
      number | null,
      number | null,
    ];
    return [
      readCheckpoint(db),
      ...bounds,
      bounds[1] === null ? null : (hashBefore(db, bounds[1] + 1) ?? null),
    ] as const;
  })();
  const answer = (bad: BadRow | null, rows: number) => ({
    output: { ok: bad === null, rows, firstSeq, lastSeq, lastHash, bad },
    checkpoint: checkpoint?.upTo,
  });
  if (checkpoint !== undefined && !hasKeyAndIsGenuine(home, checkpoint)) {
    return answer(
      {
        seq: checkpoint.upTo,
        problem: `The checkpoint at row ${checkpoint.upTo} was forged, or the key that vouches for it was replaced.`,
      },
      0,
    );
  }
  const from = (checkpoint?.upTo ?? 0) + 1;
  if (firstSeq === null || lastSeq === null) return answer(null, 0);
  if (firstSeq < from)
    return answer(
      {
        seq: firstSeq,
        problem: `Row ${firstSeq} stands where retention had removed the rows up to ${from - 1}: it was put in.`,
      },
      0,
    );
  const stretches = split(from, lastSeq);
  const walks = await Promise.all(
    stretches.map((stretch, index) =>
      askOnce<Walked>(home, {
        op: 'walk',
        ...stretch,
        ...(index === 0 ? { prev: checkpoint?.hash ?? GENESIS } : {}),
      }),
    ),
  );
  let rows = 0;
  for (const walk of walks) {
    rows += walk.rows;
    if (walk.bad !== null) return answer(walk.bad, rows);
  }
  return answer(null, rows);
}

function hasKeyAndIsGenuine(home: string, checkpoint: Parameters<typeof isGenuine>[1]): boolean {
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
