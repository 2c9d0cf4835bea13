import type { AuditFilter, AuditRow } from '../../contract/audit.ts';

const CSV_COLUMNS = [
  'seq',
  'at',
  'type',
  'callId',
  'actor',
  'clientId',
  'tool',
  'kinds',
  'decision',
  'outcome',
  'durationMs',
  'summary',
  'detail',
  'prev',
  'hash',
] as const;

export type ExportFormat = 'jsonl' | 'csv';

/** What an export asks of the worker for each chunk: rows after one and up to another, both numbers of rows. */
export interface ExportQuestion {
  readonly format: ExportFormat;
  readonly filter: AuditFilter;
  readonly after: number;
  readonly upTo: number;
}

/** Rows as text: one JSON object in each line, or CSV lines ended by CRLF (RFC 4180). */
export function exportText(format: ExportFormat, rows: readonly AuditRow[]): string {
  return rows.map((row) => (format === 'csv' ? csvLine(row) : `${JSON.stringify(row)}\n`)).join('');
}

/** What comes before the first row. */
export function exportHead(format: ExportFormat): string {
  return format === 'csv' ? `${CSV_COLUMNS.join(',')}\r\n` : '';
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

/** A cell that a spreadsheet takes for text, whatever an agent put in it: CSV injection, CWE-1236. */
export function csvCell(value: string): string {
  const safe = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
