import type { Approval } from '../../contract/approvals.ts';
import type { AuditRow } from '../../contract/audit.ts';
import type { Client, JournalEntry, ServerStatus } from '../../contract/entities.ts';
import type { HostEvent } from '../../contract/events.ts';

/** `lost`: the host went away, what is shown may be old. `signed-out`: a new link is needed. */
export type Connection = 'connecting' | 'live' | 'lost' | 'signed-out';

/** What the panel knows of its host. Replaced, never changed. */
export interface PanelState {
  readonly connection: Connection;
  /** The first answers have come. */
  readonly loaded: boolean;
  readonly status: ServerStatus | undefined;
  /** Waiting ones first, oldest first; then settled ones, newest first. */
  readonly approvals: readonly Approval[];
  /** Newest first. */
  readonly rows: readonly AuditRow[];
  readonly journal: readonly JournalEntry[];
  readonly clients: readonly Client[];
}

export const NOTHING_KNOWN: PanelState = {
  connection: 'connecting',
  loaded: false,
  status: undefined,
  approvals: [],
  rows: [],
  journal: [],
  clients: [],
};

const KEPT_ROWS = 200;
const KEPT_SETTLED = 50;

export function waitingApprovals(state: PanelState): readonly Approval[] {
  return state.approvals.filter((approval) => approval.status === 'waiting');
}

/** The state after an event. */
export function withEvent(state: PanelState, event: HostEvent): PanelState {
  switch (event.type) {
    case 'approval.added':
    case 'approval.settled':
      return { ...state, approvals: mergeApprovals(state.approvals, [event.approval]) };
    case 'audit.row':
      return { ...state, rows: mergeRows(state.rows, [event.row]) };
    case 'server.state':
      return { ...state, status: event.status };
    case 'settings.changed':
    case 'task.progress':
      return state;
  }
}

/** Answers may be older than the events that came meanwhile: a settled approval never waits again. */
export function mergeApprovals(known: readonly Approval[], news: readonly Approval[]): readonly Approval[] {
  const byId = new Map(known.map((approval) => [approval.id, approval]));
  for (const approval of news) {
    const old = byId.get(approval.id);
    if (old === undefined || old.status === 'waiting' || approval.status !== 'waiting')
      byId.set(approval.id, approval);
  }
  const all = [...byId.values()];
  const waiting = all.filter((one) => one.status === 'waiting').sort((a, b) => a.createdAt - b.createdAt);
  const settled = all
    .filter((one) => one.status !== 'waiting')
    .sort((a, b) => (b.settledAt ?? 0) - (a.settledAt ?? 0));
  return [...waiting, ...settled.slice(0, KEPT_SETTLED)];
}

/**
 * The state after the list of approvals was asked for. One that waited then and is not listed was settled while nobody
 * listened; one that came since waits still, though the list does not know of it.
 *
 * @param asked - the state when the list was asked for
 */
export function withApprovals(state: PanelState, asked: PanelState, listed: readonly Approval[]): PanelState {
  const ids = new Set(listed.map(({ id }) => id));
  const gone = new Set(
    waitingApprovals(asked)
      .map(({ id }) => id)
      .filter((id) => !ids.has(id)),
  );
  const known = state.approvals.filter((one) => one.status !== 'waiting' || !gone.has(one.id));
  return { ...state, connection: 'live', loaded: true, approvals: mergeApprovals(known, listed) };
}

export function mergeRows(known: readonly AuditRow[], news: readonly AuditRow[]): readonly AuditRow[] {
  const bySeq = new Map([...known, ...news].map((row) => [row.seq, row]));
  return [...bySeq.values()].sort((a, b) => b.seq - a.seq).slice(0, KEPT_ROWS);
}
