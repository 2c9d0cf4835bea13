import { expect, test } from 'vitest';
import { entry, openTestStore, rawDatabase, SetClock } from './testing.ts';

function store(rows: readonly (readonly [at: number, more: Parameters<typeof entry>[1]])[]) {
  const clock = new SetClock();
  const opened = openTestStore(undefined, { clock });
  for (const [at, more] of rows) {
    clock.time = at;
    opened.store.audit.append(entry(at, more));
  }
  return { ...opened, clock };
}

const OURS = [
  [1000, { durationMs: 10 }],
  [1400, { type: 'call.started' }],
  [1500, { type: 'call.finished', durationMs: 30, outcome: 'error' }],
  [2100, { type: 'call.refused', outcome: 'denied', tool: 'write_file', durationMs: 900 }],
  [3999, { tool: 'write_file', clientId: 'k_2', actor: 'Cursor', outcome: 'timeout', durationMs: 50 }],
  [4000, { tool: 'write_file' }],
  [1700, { type: 'rule.added' }],
] satisfies [number, Parameters<typeof entry>[1]][];

test('calls are counted by stretches of time, empty ones too, each call once', async () => {
  const { store: opened } = store(OURS);
  const { groups } = await opened.audit.stats({ by: 'time', from: 1000, to: 4000, buckets: 6 });
  expect(
    groups.map(({ key, calls, ok, error, denied, timeout }) => [key, calls, ok, error, denied, timeout]),
  ).toEqual([
    ['1000', 1, 1, 0, 0, 0],
    ['1500', 1, 0, 1, 0, 0],
    ['2000', 1, 0, 0, 1, 0],
    ['2500', 0, 0, 0, 0, 0],
    ['3000', 0, 0, 0, 0, 0],
    ['3500', 1, 0, 0, 0, 1],
  ]);
});

test('by tool and by client, the most called first; what never ran has no time', async () => {
  const { store: opened } = store(OURS);
  const tools = await opened.audit.stats({ by: 'tool', from: 0, to: 4000, buckets: 1 });
  expect(tools.groups).toMatchObject([
    { key: 'write_file', calls: 2, denied: 1, meanMs: 50, lastAt: 3999 },
    { key: 'read_file', name: 'read_file', calls: 2, meanMs: 20, lastAt: 1500 },
  ]);
  const clients = await opened.audit.stats({ by: 'client', from: 0, to: 4000, buckets: 1 });
  expect(clients.groups).toMatchObject([
    { key: 'k_1', name: 'Claude Code', calls: 3 },
    { key: 'k_2', name: 'Cursor', calls: 1 },
  ]);
});

test('the last thirty days when nothing else is said', async () => {
  const day = 86_400_000;
  const { store: opened, clock } = store([
    [day, {}],
    [40 * day, {}],
  ]);
  clock.time = 41 * day;
  const { from, to, groups } = await opened.audit.stats({ by: 'tool', buckets: 1 });
  expect([to - from, groups[0]?.calls]).toEqual([30 * day, 1]);
});

test('is read from the index alone, bounded by the time', () => {
  const { home } = store([]);
  const plan = rawDatabase(home)
    .prepare(
      "EXPLAIN QUERY PLAN SELECT tool, count(*), avg(duration_us) FROM audit INDEXED BY audit_ended WHERE type IN ('call.finished', 'call.refused') AND at >= 1 AND at < 2 GROUP BY 1",
    )
    .all()
    .map((row) => (row as { detail: string }).detail);
  expect(plan[0]).toBe('SEARCH audit USING COVERING INDEX audit_ended (at>? AND at<?)');
});
