import type { AuditFilter, AuditRow } from '../../contract/audit.ts';
import type { AuditIndex } from './audit-index.ts';

const CHUNK = 1000;
const CSV_COLUMNS = ['seq', 'at', 'type', 'callId', 'actor', 'clientId', 'tool', 'kinds', 'decision', 'outcome', 'durationMs', 'summary', 'detail', 'prev', 'hash'] as const;

/** One chunk of an export, oldest first; `next` is where the following one starts, null at the end. */
export function exportChunk(
  index: AuditIndex,
  question: { readonly format: 'jsonl' | 'csv'; readonly filter: AuditFilter; readonly after: number; readonly upTo: number },
): { text: string; next: number | null } {
  const { format, filter, after, upTo } = question;
  if (after === 0) index.catchUp();
  const seqs = index.select(filter, { above: after, below: upTo + 1, order: 'ASC', limit: CHUNK });
  const rows = index.rows(seqs);
  const header = after === 0 && format === 'csv' ? `${CSV_COLUMNS.join(',')}\r\n` : '';
  const text = rows.map((row) => (format === 'csv' ? csvLine(row) : `${JSON.stringify(row)}\n`)).join('');
  return { text: header + text, next: seqs.length === CHUNK ? (seqs.at(-1) ?? null) : null };
}

function csvLine(row: AuditRow): string {
  const cells = CSV_COLUMNS.map((column) => {
    const value = row[column];
    if (column === 'at') return new Date(row.at).toISOString();
    if (Array.isArray(value)) return value.join(' ');
    return typeof value === 'object' && value !== null ? JSON.stringify(value) : String(value ?? '');
  });
  return `${cells.map(csvCell).join(',')}\r\n`;
}

/** A cell that a spreadsheet takes as text: CSV injection, CWE-1236. Quoted as in RFC 4180. */
export function csvCell(value: string): string {
  const safe = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
