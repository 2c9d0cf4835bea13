import { timingSafeEqual } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import type { AuditEntry } from '../core/audit-entry.ts';
import { FastbandError } from '../core/errors.ts';
import { readCheckpoint, type StoredCheckpoint, walkChain } from './audit-chain.ts';
import { checkpointMac, GENESIS } from './audit-row.ts';
import type { Db } from './database.ts';
import { auditKey } from './home.ts';
import type { Tables } from './tables.ts';

/** Rows that go in one transaction: a few milliseconds of the write lock. */
const STEP = 500;

export interface Retired {
  readonly rows: number;
  /** The last row that went; null when none did. */
  readonly upTo: number | null;
}

/**
 * Removes the log's old end in steps, each with the checkpoint that accounts for it in one transaction, so that the
 * log verifies after every one of them, and after a kill between two. Rows that do not verify stay: removing them
 * would remove what shows that they were tampered with.
 *
 * @throws FastbandError `conflict` for such rows, `audit_unavailable`
 */
export async function retireAudit(
  tables: Tables,
  before: number,
  append: (entry: AuditEntry) => unknown,
): Promise<Retired> {
  const { db, transactions, home } = tables;
  const first = db.prepare('SELECT min(seq) FROM audit').pluck().get() as number | null;
  if (first === null) return { rows: 0, upTo: null };
  const upTo = await lastBefore(db, first, before);
  if (upTo < first) return { rows: 0, upTo: null };
  const rows = upTo - first + 1;
  const key = auditKey(home);
  // What is removed is overwritten: free pages would go on holding it.
  const secure = Number(db.pragma('secure_delete', { simple: true }));
  db.pragma('secure_delete = ON');
  try {
    append({
      type: 'audit.retired',
      actor: 'fastband',
      summary: `${rows} ${rows === 1 ? 'row is' : 'rows are'} past their time and removed, up to number ${upTo}.`,
      detail: { upTo, rows, before },
    });
    for (let start = first; start <= upTo; start += STEP) {
      transactions.run(() => removeRows(tables, key, Math.min(start + STEP - 1, upTo)));
      await setImmediate();
    }
  } finally {
    if (db.open) db.pragma(`secure_delete = ${secure}`);
  }
  return { rows, upTo };
}

/** Whether a checkpoint is one that this home's key vouches for. */
export function isGenuine(key: Uint8Array, checkpoint: StoredCheckpoint): boolean {
  const mac = checkpointMac(key, checkpoint);
  return mac.length === checkpoint.mac.length && timingSafeEqual(mac, checkpoint.mac);
}

/** The last row of those that are all older, one before the first when none is. Clocks jump, so each one is looked at. */
async function lastBefore(db: Db, first: number, before: number): Promise<number> {
  const times = db
    .prepare<[number, number], [number, number]>(
      'SELECT seq, at FROM audit WHERE seq >= ? ORDER BY seq LIMIT ?',
    )
    .raw();
  let last = first - 1;
  for (;;) {
    const batch = times.all(last + 1, 5000) as [number, number][];
    if (batch.length === 0) return last;
    for (const [seq, at] of batch) {
      if (at >= before) return last;
      last = seq;
    }
    await setImmediate();
  }
}

function removeRows({ db, clock }: Tables, key: Uint8Array, end: number): void {
  const earlier = readCheckpoint(db);
  // Another process has retired these in between.
  if (earlier !== undefined && earlier.upTo >= end) return;
  if (earlier !== undefined && !isGenuine(key, earlier)) throw refused('its checkpoint was tampered with');
  const walked = walkChain(db, (earlier?.upTo ?? 0) + 1, end, earlier?.hash ?? GENESIS);
  if (walked.bad !== null) throw refused(walked.bad.problem);
  const checkpoint = {
    upTo: end,
    at: Math.trunc(clock.now()),
    rows: (earlier?.rows ?? 0) + walked.rows,
    hash: walked.hash,
  };
  const values = [end, checkpoint.at, checkpoint.rows, walked.hash, checkpointMac(key, checkpoint)];
  const sql =
    earlier === undefined
      ? 'INSERT INTO audit_checkpoint (id, up_to, at, rows, hash, mac) VALUES (1, ?, ?, ?, unhex(?), ?)'
      : 'UPDATE audit_checkpoint SET up_to = ?, at = ?, rows = ?, hash = unhex(?), mac = ?';
  db.prepare(sql).run(values);
  db.prepare('DELETE FROM audit WHERE seq <= ?').run(end);
}

function refused(problem: string): FastbandError {
  return new FastbandError(
    'conflict',
    `Nothing more is removed from the audit log, because it does not verify: ${problem} Run "fastband audit verify".`,
  );
}
