import { timingSafeEqual } from 'node:crypto';
import type { Database } from 'better-sqlite3';
import type { AuditVerifyOutput } from '../../contract/audit.ts';
import { AUDIT_COLUMNS, auditHash, checkpointMac, GENESIS, type RawAuditRow } from './audit-row.ts';

interface Checkpoint {
  readonly up_to: number;
  readonly at: number;
  readonly rows: number;
  readonly hash: Buffer;
  readonly mac: Buffer;
}

/** Walks the chain in one read transaction, so that rows which come meanwhile do not matter. */
export function verifyChain(db: Database, key: Buffer): AuditVerifyOutput {
  return db.transaction(() => walkChain(db, key))();
}

function walkChain(db: Database, key: Buffer): AuditVerifyOutput {
  const checkpoint = db.prepare<[], Checkpoint>('SELECT * FROM audit_checkpoints ORDER BY up_to DESC LIMIT 1').get();
  let seq = checkpoint?.up_to ?? 0;
  let prev = checkpoint?.hash ?? GENESIS;
  let rows = 0;
  let first: number | null = null;
  const fail = (at: number, problem: string): AuditVerifyOutput => ({
    ok: false,
    rows,
    firstSeq: first,
    lastSeq: rows === 0 ? null : seq,
    lastHash: rows === 0 ? null : prev.toString('hex'),
    bad: { seq: at, problem },
  });
  if (checkpoint !== undefined) {
    const mac = checkpointMac(key, checkpoint.up_to, checkpoint.at, checkpoint.rows, checkpoint.hash);
    if (mac.length !== checkpoint.mac.length || !timingSafeEqual(mac, checkpoint.mac)) return fail(checkpoint.up_to, 'the checkpoint left by retention is forged or damaged');
  }
  const all = db.prepare<[], RawAuditRow>(`SELECT ${AUDIT_COLUMNS} FROM audit ORDER BY seq`).raw().iterate() as IterableIterator<RawAuditRow>;
  for (const row of all) {
    if (row[0] !== seq + 1) return fail(row[0], row[0] <= seq ? 'a row stands where a removed one stood' : `rows ${seq + 1} to ${row[0] - 1} are missing before it`);
    if (!auditHash(prev, row).equals(row[13])) return fail(row[0], 'the row was changed, or the row before it was');
    first ??= row[0];
    seq = row[0];
    prev = row[13];
    rows++;
  }
  const counter = db.prepare("SELECT seq FROM sqlite_sequence WHERE name = 'audit'").pluck().get() as number | undefined;
  if ((counter ?? 0) !== seq) return fail(seq + 1, `rows ${seq + 1} to ${counter ?? 0} are missing at the end`);
  return { ok: true, rows, firstSeq: first, lastSeq: rows === 0 ? null : seq, lastHash: rows === 0 ? null : prev.toString('hex'), bad: null };
}
