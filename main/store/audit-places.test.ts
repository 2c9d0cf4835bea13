import { describe, expect, test } from 'vitest';
import type { AuditFilter } from '../../contract/audit.ts';
import type { Store } from './open.ts';
import { entry, openTestStore, rawDatabase, SetClock } from './testing.ts';

const FILTERS: readonly (readonly [string, AuditFilter])[] = [
  ['nothing', {}],
  ['a type', { type: ['call.refused'] }],
  ['no type, in a list', { type: [] }],
  ['a client by name', { client: 'Cursor' }],
  ['a client by id', { client: 'k_1' }],
  ['a tool', { tool: 'write_file' }],
  ['a kind', { kind: 'write' }],
  ['a decision and an outcome', { decision: 'deny', outcome: 'denied' }],
  ['words', { text: 'file-17' }],
  ['a beginning of a word and a tool', { text: 'fil', tool: 'read_file' }],
  ['words that no row holds', { text: 'zebra' }],
  ['signs that are no word', { text: '!!' }],
  ['one call', { callId: 'c_77' }],
  ['a time', { from: 1_100_000, to: 2_000_007 }],
  ['a time and a tool', { from: 1_500_003, tool: 'write_file' }],
  ['a time before everything', { to: 5 }],
];

function fill(store: Store, clock: SetClock, count: number): void {
  store.transaction(() => {
    for (let n = 0; n < count; n++) {
      clock.time = 1_000_000 + n * 1000;
      const denied = n % 7 === 0;
      store.audit.append(
        entry(n, {
          actor: n % 3 === 0 ? 'Cursor' : 'Claude Code',
          clientId: n % 3 === 0 ? 'k_2' : 'k_1',
          ...(n % 5 === 0 ? { tool: 'write_file', kinds: ['write', 'read'] } : {}),
          ...(denied ? { type: 'call.refused', decision: 'deny', outcome: 'denied' } : {}),
        }),
      );
    }
  });
}

async function allPages(store: Store, filter: AuditFilter, every: number): Promise<number[]> {
  const { anchors } = await store.audit.index({ filter, every });
  const pages = await Promise.all(
    anchors.map((anchor) => store.audit.search({ ...filter, cursor: anchor + 1, limit: every, brief: true })),
  );
  return pages.flatMap(({ rows }) => rows.map(({ seq }) => seq));
}

async function oneByOne(store: Store, filter: AuditFilter): Promise<number[]> {
  const found: number[] = [];
  let cursor: number | null = Number.MAX_SAFE_INTEGER;
  while (cursor !== null) {
    const page: Awaited<ReturnType<Store['audit']['search']>> = await store.audit.search({
      ...filter,
      cursor,
      limit: 1000,
    });
    found.push(...page.rows.map(({ seq }) => seq));
    cursor = page.next;
  }
  return found;
}

describe('where the rows of a filter are', () => {
  test('pages taken from the anchors are the list, each row once, whatever the filter', async () => {
    const clock = new SetClock();
    const { store } = openTestStore(undefined, { clock });
    fill(store, clock, 2600);
    for (const [name, filter] of FILTERS) {
      const { total, newest, anchors } = await store.audit.index({ filter, every: 50 });
      const expected = await oneByOne(store, filter);
      expect([name, total, newest]).toEqual([name, expected.length, 2600]);
      expect([name, anchors]).toEqual([name, expected.filter((_, at) => at % 50 === 0)]);
      expect([name, await allPages(store, filter, 50)]).toEqual([name, expected]);
    }
    expect((await oneByOne(store, { text: 'zebra' })).length).toBe(0);
    expect((await oneByOne(store, { tool: 'write_file' })).length).toBe(520);
  });

  test('rows that time jumped back for are counted by their own time', async () => {
    const clock = new SetClock();
    const { store } = openTestStore(undefined, { clock });
    fill(store, clock, 1500);
    clock.time = 10;
    store.audit.append(entry(9000));
    clock.time = 2_000_000;
    store.audit.append(entry(9001));
    const filter = { from: 1_999_000, to: 2_001_000 };
    expect((await store.audit.index({ filter, every: 50 })).total).toBe(3);
    expect((await store.audit.index({ filter: { to: 100 }, every: 50 })).anchors).toEqual([1501]);
  });

  test('what retention removed is not counted', async () => {
    const clock = new SetClock();
    const { store } = openTestStore(undefined, { clock });
    fill(store, clock, 300);
    await store.audit.retire(1_000_000 + 200_000);
    const all = await store.audit.index({ every: 50 });
    expect(all.total).toBe((await oneByOne(store, {})).length);
    expect(await allPages(store, {}, 50)).toEqual(await oneByOne(store, {}));
  });

  test('rows that came after one are found, without what was there before', async () => {
    const { store } = openTestStore();
    for (let n = 1; n <= 5; n++) store.audit.append(entry(n));
    const { rows } = await store.audit.search({ after: 3, limit: 100, brief: true });
    expect(rows.map(({ seq, detail }) => [seq, detail])).toEqual([
      [5, {}],
      [4, {}],
    ]);
  });

  test('one call is told from beginning to end, with its details', async () => {
    const { store } = openTestStore();
    store.audit.append(entry(1, { callId: 'c_a', type: 'call.started' }));
    store.audit.append(entry(2, { callId: 'c_b' }));
    store.audit.append(entry(3, { callId: 'c_a' }));
    const rows = await store.audit.call('c_a');
    expect(rows.map(({ seq, type }) => [seq, type])).toEqual([
      [1, 'call.started'],
      [3, 'call.finished'],
    ]);
    expect(rows[0]?.detail).toEqual({ input: { path: 'src/file-1.ts' } });
  });
});

describe('verification as a task', () => {
  test('says how far it is, and ends at once when it is stopped', async () => {
    const clock = new SetClock();
    const { store, home } = openTestStore(undefined, { clock });
    fill(store, clock, 2500);
    const told: [number, number][] = [];
    const whole = await store.audit.verify({ progress: (done, total) => told.push([done, total]) });
    expect(whole).toMatchObject({ ok: true, rows: 2500 });
    expect(told.at(-1)).toEqual([2500, 2500]);
    expect(told.map(([done]) => done)).toEqual([1000, 2000, 2500]);

    const stop = new AbortController();
    const stopped = store.audit.verify({
      signal: stop.signal,
      progress: () => stop.abort(new Error('stopped')),
    });
    await expect(stopped).rejects.toThrow('stopped');
    // Stopping does no harm to what is read.
    rawDatabase(home).exec('DROP TRIGGER audit_no_update; UPDATE audit SET summary = 1 WHERE seq = 2001');
    expect((await store.audit.verify()).bad?.seq).toBe(2001);
  });
});
