import { describe, expect, it } from 'vitest';
import type { Approval } from '../../contract/approvals.ts';
import type { AuditRow } from '../../contract/audit.ts';
import {
  mergeApprovals,
  mergeRows,
  NOTHING_KNOWN,
  waitingApprovals,
  withApprovals,
  withEvent,
} from './panel-state.ts';

const approval = (id: string, more: Partial<Approval> = {}): Approval => ({
  id,
  status: 'waiting',
  title: 'Claude Code wants to change a.ts in shop',
  clientId: 'k1',
  clientName: 'Claude Code',
  tool: 'write_file',
  planHash: 'hash',
  effects: [],
  reasons: [],
  previews: [],
  warnings: [],
  scopes: ['once'],
  suggestions: [],
  waiters: 1,
  createdAt: 0,
  expiresAt: 300_000,
  ...more,
});
const row = (seq: number): AuditRow => ({
  seq,
  at: seq,
  type: 'call.finished',
  callId: null,
  actor: 'Claude Code',
  clientId: null,
  tool: null,
  kinds: [],
  decision: null,
  outcome: null,
  durationMs: null,
  summary: '',
  detail: {},
  prev: '',
  hash: '',
});

describe('what the panel knows', () => {
  it('has the longest waiting approval first and the last settled one after them', () => {
    const all = mergeApprovals(
      [],
      [
        approval('late', { createdAt: 2 }),
        approval('old', { status: 'denied', settledAt: 1 }),
        approval('early', { createdAt: 1 }),
        approval('new', { status: 'allowed', settledAt: 9 }),
      ],
    );
    expect(all.map(({ id }) => id)).toEqual(['early', 'late', 'new', 'old']);
  });

  it('keeps a question that came while the list was on its way', () => {
    const asked = NOTHING_KNOWN;
    const now = withEvent(asked, { type: 'approval.added', approval: approval('new', { createdAt: 2 }) });
    const after = withApprovals(now, asked, [approval('old', { createdAt: 1 })]);
    expect(waitingApprovals(after).map(({ id }) => id)).toEqual(['old', 'new']);
    expect(after).toMatchObject({ connection: 'live', loaded: true });
  });

  it('forgets a question that was settled while nobody listened', () => {
    const asked = { ...NOTHING_KNOWN, approvals: [approval('gone'), approval('still')] };
    expect(withApprovals(asked, asked, [approval('still')]).approvals.map(({ id }) => id)).toEqual(['still']);
  });

  it('does not ask again about what was settled while the list was on its way', () => {
    const settled = withEvent(NOTHING_KNOWN, {
      type: 'approval.settled',
      approval: approval('a', { status: 'timeout', settledAt: 1 }),
    });
    expect(mergeApprovals(settled.approvals, [approval('a')]).map(({ status }) => status)).toEqual([
      'timeout',
    ]);
    expect(
      waitingApprovals({ ...settled, approvals: mergeApprovals(settled.approvals, [approval('a')]) }),
    ).toEqual([]);
  });

  it('takes over how many calls wait for one answer', () => {
    const once = mergeApprovals([], [approval('a')]);
    expect(mergeApprovals(once, [approval('a', { waiters: 3 })])[0]?.waiters).toBe(3);
  });

  it('holds each audit row once, newest first, and not for ever', () => {
    const rows = mergeRows([row(1), row(2)], [row(3), row(2)]);
    expect(rows.map(({ seq }) => seq)).toEqual([3, 2, 1]);
    expect(
      mergeRows(
        rows,
        Array.from({ length: 500 }, (_, n) => row(n + 4)),
      ),
    ).toHaveLength(200);
  });
});
