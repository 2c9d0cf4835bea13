import type { AuditFilter, AuditIndexInput, AuditIndexOutput } from '../../contract/audit.ts';
import { passes } from './audit-find.ts';
import type { AuditIndex, Stretch } from './audit-index.ts';
import { AUDIT_COLUMNS, type RawAuditRow } from './audit-row.ts';
import { holdsTerms, indexText, matchExpressions, type Term, termsOf } from './audit-words.ts';
import type { Db } from './database.ts';

/** Counts the rows of a filter and notes every so many-th, newest first. */
export function indexRows(
  log: Db,
  index: AuditIndex | undefined,
  { filter = {}, every }: AuditIndexInput,
): AuditIndexOutput {
  return log.transaction(() => {
    const [first, newest] = log
      .prepare('SELECT coalesce(min(seq), 1), coalesce(max(seq), 0) FROM audit')
      .raw()
      .get() as [number, number];
    if (isEmpty(filter)) return evenPlaces(first, newest, every);
    const anchors: number[] = [];
    let total = 0;
    for (const seq of places(log, index, filter, { low: first, high: newest })) {
      if (total % every === 0) anchors.push(seq);
      total++;
    }
    return { total, newest, anchors };
  })();
}

/** Rows are numbered without gaps: nothing has to be read. */
function evenPlaces(first: number, newest: number, every: number): AuditIndexOutput {
  const total = newest - first + 1;
  const anchors = Array.from({ length: Math.ceil(total / every) }, (_, page) => newest - page * every);
  return { total, newest, anchors };
}

function* places(
  log: Db,
  index: AuditIndex | undefined,
  filter: AuditFilter,
  { low, high }: Stretch,
): Generator<number> {
  const terms = termsOf(filter.text ?? '');
  if (terms.length === 0 && (filter.text ?? '').trim() !== '') return;
  const indexed = Math.min(high, index?.lastSeq ?? 0);
  yield* scan(log, filter, terms, { low: Math.max(low, indexed + 1), high });
  if (index === undefined || indexed < low) return;
  const expressions = matchExpressions(filter, terms);
  const inTime = timeCheck(log, index, filter);
  // An id is only looked for by its words: the row itself has to say that it is the one.
  const isCall = filter.callId === undefined ? () => true : callCheck(log, filter.callId);
  const timed = filter.from !== undefined || filter.to !== undefined;
  const stretch = timed ? index.timeStretch(filter.from, filter.to) : { low, high: indexed };
  if (stretch === undefined) return;
  const within = { low: Math.max(low, stretch.low), high: Math.min(indexed, stretch.high) };
  const seqs =
    expressions === undefined
      ? downFrom(within)
      : index.matches({ exact: expressions.exact }, within, 'DESC', () => true);
  for (const seq of seqs) if (inTime(seq) && isCall(seq)) yield seq;
}

function* scan(
  log: Db,
  filter: AuditFilter,
  terms: readonly Term[],
  { low, high }: Stretch,
): Generator<number> {
  if (low > high) return;
  const rows = log
    .prepare<[number, number], RawAuditRow>(
      `SELECT ${AUDIT_COLUMNS} FROM audit WHERE seq BETWEEN ? AND ? ORDER BY seq DESC`,
    )
    .raw();
  for (const row of rows.iterate(low, high) as IterableIterator<RawAuditRow>)
    if (passes(row, filter) && (terms.length === 0 || holdsTerms(indexText(row), terms))) yield row[0];
}

function* downFrom({ low, high }: Stretch): Generator<number> {
  for (let seq = high; seq >= low; seq--) yield seq;
}

/** Only rows of blocks that lie across a border are read: the rest of a stretch is within it as a whole. */
function timeCheck(log: Db, index: AuditIndex, { from, to }: AuditFilter): (seq: number) => boolean {
  if (from === undefined && to === undefined) return () => true;
  const whole = index.blocksWithin(from, to);
  const at = log.prepare<[number], number>('SELECT at FROM audit WHERE seq = ?').pluck();
  return (seq) => {
    if (whole.has(seq)) return true;
    const when = at.get(seq);
    return when !== undefined && (from === undefined || when >= from) && (to === undefined || when < to);
  };
}

function callCheck(log: Db, callId: string): (seq: number) => boolean {
  const id = log.prepare<[number], string | null>('SELECT call_id FROM audit WHERE seq = ?').pluck();
  return (seq) => id.get(seq) === callId;
}

/** Whether a filter lets every row through. */
export function isEmpty({ type, text, ...rest }: AuditFilter): boolean {
  return (
    (type ?? []).length === 0 &&
    (text ?? '').trim() === '' &&
    Object.values(rest).every((value) => value === undefined)
  );
}
