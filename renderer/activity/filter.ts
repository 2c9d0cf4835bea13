import type { AuditFilter, AuditRow, AuditType } from '../../contract/audit.ts';

/** What rows can be chosen by, each with a chip. */
export const CHIPS = ['time', 'client', 'tool', 'kind', 'decision', 'outcome', 'about'] as const;
export type Chip = (typeof CHIPS)[number];

/** Stretches of time that end now, in milliseconds. */
export const SPANS = {
  hour: 3_600_000,
  day: 86_400_000,
  week: 7 * 86_400_000,
  month: 30 * 86_400_000,
} as const;
export type Span = keyof typeof SPANS;

/** Types of row that a person would look for together. */
export const ABOUT = {
  calls: ['call.started', 'call.finished', 'call.refused', 'undo'],
  approvals: ['approval.asked', 'approval.settled', 'grant.added', 'grant.revoked'],
  changes: [
    'client.added',
    'client.changed',
    'client.revoked',
    'workspace.added',
    'workspace.changed',
    'workspace.removed',
    'rule.added',
    'rule.changed',
    'rule.removed',
    'key.added',
    'key.changed',
    'key.removed',
    'key.checked',
    'picture.removed',
    'browser.fetched',
    'tool.enabled',
    'tool.disabled',
    'settings.changed',
    'backup.created',
    'backup.restored',
  ],
  server: ['server.started', 'server.stopped', 'auth.failed', 'audit.retired'],
} as const satisfies Record<string, readonly AuditType[]>;
export type About = keyof typeof ABOUT;

/** A time in a page's address: milliseconds since the epoch. */
const timeOf = (text: string | null): number | undefined => {
  const time = Number(text ?? Number.NaN);
  return Number.isSafeInteger(time) ? time : undefined;
};

/**
 * The filter that a page's address speaks of. What it cannot mean is left out.
 *
 * @param now - milliseconds since the epoch, in whole minutes, so that the same address asks the same
 */
export function filterOf(params: URLSearchParams, now: number): AuditFilter {
  const text = params.get('q')?.trim().slice(0, 500) ?? '';
  const span = params.get('time');
  const about = params.get('about');
  const from = timeOf(params.get('from'));
  const to = timeOf(params.get('to'));
  const filter: Record<string, unknown> = {};
  if (text !== '') filter.text = text;
  for (const name of ['client', 'tool', 'kind', 'decision', 'outcome', 'callId'] as const) {
    const value = params.get(name);
    if (value !== null && value !== '') filter[name] = value;
  }
  if (about !== null && Object.hasOwn(ABOUT, about)) filter.type = ABOUT[about as About];
  if (span !== null && Object.hasOwn(SPANS, span)) filter.from = now - SPANS[span as Span];
  if (from !== undefined) filter.from = from;
  if (to !== undefined) filter.to = to;
  return filter as AuditFilter;
}

/**
 * Whether a row that has just come may belong to a list. Of its words only the host can tell for certain.
 */
export function mayPass(row: AuditRow, filter: AuditFilter): boolean {
  return (
    (filter.type === undefined || filter.type.includes(row.type)) &&
    (filter.client === undefined || row.actor === filter.client || row.clientId === filter.client) &&
    (filter.tool === undefined || row.tool === filter.tool) &&
    (filter.kind === undefined || row.kinds.includes(filter.kind)) &&
    (filter.decision === undefined || row.decision === filter.decision) &&
    (filter.outcome === undefined || row.outcome === filter.outcome) &&
    (filter.callId === undefined || row.callId === filter.callId) &&
    (filter.from === undefined || row.at >= filter.from) &&
    (filter.to === undefined || row.at < filter.to)
  );
}
