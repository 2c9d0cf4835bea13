import type { AuditStatsGroup, AuditStatsInput, AuditStatsOutput } from '../../contract/audit.ts';
import type { Db } from './database.ts';

export interface StatsQuestion {
  readonly by: AuditStatsInput['by'];
  readonly from: number;
  readonly to: number;
  readonly buckets: number;
}

const DEFAULT_MS = 30 * 86_400_000;

/** A question as a panel asks it, with its defaults. */
export function statsQuestion({ by, from, to, buckets }: AuditStatsInput, now: number): StatsQuestion {
  // The row of this millisecond counts too.
  const end = to ?? now + 1;
  return { by, from: Math.min(from ?? end - DEFAULT_MS, end), to: end, buckets };
}

type Counted = Omit<AuditStatsGroup, 'key' | 'name'>;
interface Row extends Counted {
  readonly key: string | number | null;
  readonly name: string;
}

const COUNTS = `count(*) AS calls,
  count(*) FILTER (WHERE outcome = 'ok') AS ok,
  count(*) FILTER (WHERE outcome = 'error') AS error,
  count(*) FILTER (WHERE outcome = 'denied') AS denied,
  count(*) FILTER (WHERE outcome = 'cancelled') AS cancelled,
  count(*) FILTER (WHERE outcome = 'timeout') AS timeout,
  avg(duration_us) FILTER (WHERE outcome <> 'denied') / 1000 AS meanMs,
  max(at) AS lastAt`;

const NONE: Counted = {
  calls: 0,
  ok: 0,
  error: 0,
  denied: 0,
  cancelled: 0,
  timeout: 0,
  meanMs: null,
  lastAt: null,
};

/** Counts the calls that ended in a stretch of time, from the index `audit_ended` alone. */
export function countCalls(log: Db, { by, from, to, buckets }: StatsQuestion): AuditStatsOutput {
  const width = Math.max(1, Math.ceil((to - from) / buckets));
  // A number from here is a REAL there, and would not divide into whole stretches by itself.
  const key = { time: 'CAST((at - ?) / ? AS INTEGER)', tool: 'tool', client: 'client_id' }[by];
  const named = { time: "''", tool: "coalesce(tool, '')", client: 'max(actor)' }[by];
  const rows = log
    .prepare<number[], Row>(
      // The type has to be written as the index has it, or SQLite does not take the index.
      `SELECT ${key} AS key, ${named} AS name, ${COUNTS} FROM audit INDEXED BY audit_ended
       WHERE type IN ('call.finished', 'call.refused') AND at >= ? AND at < ?
       GROUP BY 1 ORDER BY calls DESC, lastAt DESC`,
    )
    .all(...(by === 'time' ? [from, width] : []), from, to);
  if (by !== 'time') {
    return { from, to, groups: rows.map(({ key, ...row }) => ({ ...row, key: String(key ?? '') })) };
  }
  const at = new Map(rows.map((row) => [Number(row.key), row]));
  const groups = Array.from({ length: buckets }, (_, index) => {
    const start = String(from + index * width);
    return { ...(at.get(index) ?? NONE), key: start, name: start };
  });
  return { from, to, groups };
}
