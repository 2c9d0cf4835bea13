import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { type AuditFilter, AuditSearchInput } from '../../contract/audit.ts';
import type { AuditEntry } from '../core/audit-entry.ts';
import { FakeClock } from '../core/testing.ts';
import { findRows } from './audit-find.ts';
import { AuditIndex } from './audit-index.ts';
import { holdsTerms, indexText, termsOf } from './audit-words.ts';
import { connect } from './database.ts';
import { DATABASE_FILE, SEARCH_FILE } from './home.ts';
import type { Store } from './open.ts';
import { entry, openTestStore, rawDatabase, tempHome } from './testing.ts';

async function seqs(
  store: Store,
  filter: AuditFilter & { cursor?: number; limit?: number },
): Promise<number[]> {
  return (await store.audit.search(AuditSearchInput.parse(filter))).rows.map((row) => row.seq);
}

/** What is found through the index, and by reading every row: nothing may depend on whether an index can be written. */
function inProcess(home: string, filter: AuditFilter): { indexed: number[]; scanned: number[] } {
  const log = connect(join(home, DATABASE_FILE), 'read');
  const index = AuditIndex.open(log, join(home, SEARCH_FILE));
  index?.catchUp();
  const find = { filter, low: 1, high: Number.MAX_SAFE_INTEGER, order: 'DESC', limit: 1000 } as const;
  const found = [index, undefined].map((one) => findRows(log, one, find).map((row) => row.seq));
  index?.close();
  log.close();
  return { indexed: found[0] ?? [], scanned: found[1] ?? [] };
}

/** A log that says a bit of everything. */
function fill(store: Store): void {
  const rows: Partial<AuditEntry>[] = [
    {
      summary: 'Read src/payments/Invoice.ts, 10 bytes.',
      detail: { input: { path: 'src/payments/Invoice.ts' } },
    },
    {
      actor: 'Cursor',
      clientId: 'k_2',
      tool: 'write_file',
      kinds: ['write'],
      decision: 'ask',
      summary: 'Wrote notes..txt, 3 bytes.',
      detail: {},
    },
    {
      actor: 'Cursor',
      clientId: 'k_2',
      tool: 'run_command',
      kinds: ['read', 'exec'],
      decision: 'deny',
      outcome: 'denied',
      type: 'call.refused',
      summary: 'Refused npm test.',
      detail: { code: 'denied_by_rule' },
    },
    {
      type: 'server.started',
      actor: 'fastband',
      summary: 'The server started at http://127.0.0.1:7850/mcp.',
      detail: {},
    },
    { summary: 'Élan für 文档/报告.txt', detail: { input: { path: '文档/报告.txt' } } },
  ];
  for (const [i, row] of rows.entries()) {
    const { callId: _, ...rest } = entry(i + 1, row);
    store.audit.append(
      row.type === 'server.started'
        ? { type: 'server.started', actor: 'fastband', summary: row.summary ?? '', detail: {} }
        : { ...rest, callId: `c_Ab-${i + 1}_x` },
    );
  }
}

describe('search', () => {
  test.each<[string, AuditFilter, number[]]>([
    ['nothing asked: newest first', {}, [5, 4, 3, 2, 1]],
    ['a word', { text: 'refused' }, [3]],
    ['a word in another case', { text: 'INVOICE' }, [1]],
    ['the beginning of a word', { text: 'inv' }, [1]],
    ['one letter', { text: 'n' }, [3, 2]],
    ['not the middle of a word', { text: 'voice' }, []],
    ['several words, any order', { text: 'bytes src' }, [1]],
    ['a path', { text: 'src/payments/Inv' }, [1]],
    ['a name with dots', { text: 'notes..txt' }, [2]],
    ['without its accents', { text: 'elan fur' }, [5]],
    ['with accents that the text has otherwise', { text: 'E\u0301LAN' }, [5]],
    ['a script without cases', { text: '报告' }, [5]],
    ['a value deep in the details', { text: 'denied_by_rule' }, [3]],
    ['not the name of a field', { text: 'input' }, []],
    ['a call’s id as text', { text: 'c_Ab-2_x' }, [2]],
    ['spaces alone ask nothing', { text: '   ' }, [5, 4, 3, 2, 1]],
    ['signs alone are in no row', { text: '*' }, []],
    ['a client by name', { client: 'Cursor' }, [3, 2]],
    ['a client by id', { client: 'k_2' }, [3, 2]],
    ['a client’s name is exact', { client: 'cursor' }, []],
    ['a tool', { tool: 'write_file' }, [2]],
    ['a kind among several', { kind: 'exec' }, [3]],
    ['a decision', { decision: 'deny' }, [3]],
    ['an outcome', { outcome: 'ok', client: 'Cursor' }, [2]],
    ['types', { type: ['server.started', 'call.refused'] }, [4, 3]],
    ['no types at all', { type: [] }, [5, 4, 3, 2, 1]],
    ['a call', { callId: 'c_Ab-3_x' }, [3]],
    ['a call in another case is another', { callId: 'c_aB-3_x' }, []],
    ['filter and word', { text: 'bytes', client: 'Cursor' }, [2]],
    ['filter and word that exclude each other', { text: 'invoice', client: 'Cursor' }, []],
    [
      'all at once',
      {
        text: 'npm',
        client: 'Cursor',
        tool: 'run_command',
        kind: 'read',
        decision: 'deny',
        outcome: 'denied',
        type: ['call.refused'],
        callId: 'c_Ab-3_x',
      },
      [3],
    ],
  ])('%s', async (_, filter, expected) => {
    const { home, store } = openTestStore();
    fill(store);
    expect(inProcess(home, filter)).toEqual({ indexed: expected, scanned: expected });
  });

  test('by the worker too, which brings the index up to date first', async () => {
    const { store } = openTestStore();
    fill(store);
    expect(await seqs(store, { text: 'bytes', client: 'Cursor' })).toEqual([2]);
    store.audit.append(entry(6, { actor: 'Cursor' }));
    expect(await seqs(store, { text: 'bytes', client: 'Cursor' })).toEqual([6, 2]);
  });

  test('without an index, where none can be written', async () => {
    const { home, store } = openTestStore();
    fill(store);
    mkdirSync(join(home, SEARCH_FILE));
    expect(await seqs(store, { text: 'bytes', client: 'Cursor' })).toEqual([2]);
    expect(await seqs(store, { limit: 2 })).toEqual([5, 4]);
  });

  test.each([
    '"',
    "'",
    '*',
    'a*',
    '^a',
    'a OR b',
    'NOT a',
    'NEAR(a b)',
    'text:a',
    '{text}:a',
    '-a',
    '(',
    '"a" AND',
    'a"b',
    '\\',
    '\0',
    '\ue000kread',
    ';DROP TABLE',
  ])('what a person types is never syntax: %j', (text) => {
    const { home, store } = openTestStore();
    store.audit.append(entry(1, { summary: 'zebra', detail: {}, callId: 'c_9' }));
    store.audit.append(entry(2, { summary: text, detail: {}, callId: 'c_8' }));
    const { indexed, scanned } = inProcess(home, { text });
    expect(indexed).toEqual(scanned);
    expect(indexed).not.toContain(1);
  });

  test('a text cannot pretend to be a filter value', async () => {
    const { store } = openTestStore();
    store.audit.append(
      entry(1, { tool: 'read_file', summary: '\ue000kexec \ue000ddeny kexec', kinds: ['read'] }),
    );
    expect(await seqs(store, { kind: 'exec' })).toEqual([]);
    expect(await seqs(store, { text: 'kexec' })).toEqual([1]);
    expect(await seqs(store, { text: '\ue000kread' })).toEqual([]);
  });

  test('pages follow one another without gap or repeat while rows come', async () => {
    const { store } = openTestStore();
    for (let i = 1; i <= 25; i++) store.audit.append(entry(i, { tool: i % 2 === 0 ? 'a' : 'b' }));
    const all: number[] = [];
    let cursor: number | undefined;
    do {
      const page = await store.audit.search({
        tool: 'b',
        limit: 4,
        ...(cursor === undefined ? {} : { cursor }),
      });
      all.push(...page.rows.map((row) => row.seq));
      cursor = page.next ?? undefined;
      store.audit.append(entry(100, { tool: 'b' }));
    } while (cursor !== undefined);
    expect(all).toEqual([25, 23, 21, 19, 17, 15, 13, 11, 9, 7, 5, 3, 1]);
  });

  test('times are inclusive and exclusive, also when the clock went back', async () => {
    const times = [10, 20, 30, 15, 20, 40];
    const clock = Object.assign(new FakeClock(), { now: () => times.shift() ?? 99 });
    const { store } = openTestStore(undefined, { clock });
    for (let i = 1; i <= 6; i++) store.audit.append(entry(i));
    expect(await seqs(store, { from: 20 })).toEqual([6, 5, 3, 2]);
    expect(await seqs(store, { to: 20 })).toEqual([4, 1]);
    expect(await seqs(store, { from: 15, to: 21, text: 'read' })).toEqual([5, 4, 2]);
    expect(await seqs(store, { from: 41 })).toEqual([]);
  });

  test('the answer holds the rows as they are', async () => {
    const { store } = openTestStore();
    const rows = [1, 2, 3].map((number) => store.audit.append(entry(number)));
    expect((await store.audit.search({ text: 'file', limit: 10 })).rows).toEqual(rows.toReversed());
  });

  test('a row that someone made unreadable is shown, not skipped', async () => {
    const { home, store } = openTestStore();
    store.audit.append(entry(1));
    rawDatabase(home).exec("DROP TRIGGER audit_no_update; UPDATE audit SET detail = 'x{', type = 'odd'");
    const { rows } = await store.audit.search({ limit: 10 });
    expect(rows[0]).toMatchObject({ type: 'odd', detail: { unreadable: 'x{' } });
  });
});

describe('terms', () => {
  test('whatever is in a row is found by any word of it, and by any beginning of one', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 60 }), fc.nat(), (text, at) => {
        const raw = [
          1,
          0,
          't',
          null,
          'a',
          null,
          null,
          '',
          null,
          null,
          null,
          text.toWellFormed(),
          '{}',
          '',
        ] as const;
        const words = text
          .toWellFormed()
          .split(/\s+/)
          .filter((word) => word !== '');
        const word = words[at % Math.max(1, words.length)] ?? '';
        expect(holdsTerms(indexText(raw), termsOf(word))).toBe(true);
      }),
    );
  });

  test('words beyond 32 characters are found by their beginning, hashes too', () => {
    const hash = 'ab'.repeat(32);
    const raw = [1, 0, 't', null, 'a', null, null, '', null, null, null, `plan ${hash}`, '{}', ''] as const;
    expect(indexText(raw)).not.toContain(hash);
    for (const text of [hash, hash.slice(0, 8), hash.slice(0, 40)])
      expect(holdsTerms(indexText(raw), termsOf(text))).toBe(true);
    expect(holdsTerms(indexText(raw), termsOf('cd'))).toBe(false);
  });
});

describe('the index', () => {
  test('answers like reading every row does, over several segments, common and rare words', async () => {
    const { home, store } = openTestStore();
    const words = ['alpha', 'alphabet', 'beta', 'be', 'gamma', 'ts', 'tsx', 'rare'];
    store.transaction(() => {
      for (let i = 1; i <= 70_000; i++) {
        const some = words.filter((_, at) => (i * (at + 3)) % (at * 7 + 2) === 0).join(' ');
        store.audit.append({
          type: 'call.finished',
          actor: `c${i % 3}`,
          tool: i % 5 === 0 ? 'a' : 'b',
          summary: `${some} n${i}.ts`,
        });
      }
    });
    await store.audit.search({ text: 'warm', limit: 1 });
    const log = connect(join(home, DATABASE_FILE), 'read');
    onTestFinished(() => void log.close());
    const filters: AuditFilter[] = [
      { text: 'alp', client: 'c1' },
      { text: 'alphabet ts', tool: 'a' },
      { text: 'be rare', tool: 'a', client: 'c2' },
      { text: 'n6999.ts' },
      { text: 'n69', tool: 'a' },
      { text: 't', client: 'c0', tool: 'a' },
      { text: 'tsx gamma beta', client: 'c0' },
      { text: 'nothing of it ts' },
      { text: 'n1.ts' },
    ];
    const index = AuditIndex.open(log, join(home, SEARCH_FILE));
    onTestFinished(() => index?.close());
    // The worker indexes the rest by and by.
    await expect.poll(() => index?.lastSeq, { timeout: 15_000 }).toBe(70_000);
    for (const filter of filters) {
      for (const order of ['ASC', 'DESC'] as const) {
        const find = { filter, low: 2, high: 69_990, order, limit: 500 };
        const found = findRows(log, index, find).map((row) => row.seq);
        expect([filter, order, found]).toEqual([
          filter,
          order,
          findRows(log, undefined, find).map((row) => row.seq),
        ]);
      }
    }
  }, 60_000);

  test('is made anew when it is damaged or of another log', async () => {
    const home = tempHome();
    const first = openTestStore(home).store;
    for (let i = 1; i <= 5; i++) first.audit.append(entry(i));
    expect(await seqs(first, { text: 'file-3' })).toEqual([3]);
    first.close();
    for (const end of ['-wal', '-shm']) rmSync(join(home, SEARCH_FILE + end), { force: true });
    writeFileSync(join(home, SEARCH_FILE), 'no database at all '.repeat(1000));
    const second = openTestStore(home).store;
    expect(await seqs(second, { text: 'file-3' })).toEqual([3]);
    second.close();
    // A power cut took the log's last rows, and others came in their place.
    const raw = rawDatabase(home);
    raw.exec('DROP TRIGGER audit_no_delete; DELETE FROM audit WHERE seq > 2');
    raw.close();
    const third = openTestStore(home).store;
    third.audit.append(entry(77));
    expect(await seqs(third, { text: 'file-77' })).toEqual([3]);
    expect(await seqs(third, { text: 'file-3' })).toEqual([]);
  });

  test('follows by itself a second after rows came, without a search', async () => {
    const clock = new FakeClock();
    const { home, store } = openTestStore(undefined, { clock });
    store.audit.append(entry(1));
    await clock.advance(1000);
    const log = connect(join(home, DATABASE_FILE), 'read');
    onTestFinished(() => void log.close());
    await vi.waitFor(
      () => {
        const index = AuditIndex.open(log, join(home, SEARCH_FILE));
        const last = index?.lastSeq;
        index?.close();
        expect(last).toBe(1);
      },
      { timeout: 5000 },
    );
  });
});

test('how far the index is can be followed while it is made, and it rests when it is told to', async () => {
  const { home, store } = openTestStore();
  rawDatabase(home).exec(`WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 70000)
    INSERT INTO audit (seq, at, type, actor, kinds, summary, detail, hash)
    SELECT i, i, 'call.finished', 'a', 'read', 'word ' || i, '{}', zeroblob(32) FROM n`);
  const told: [number, number][] = [];
  store.audit.onIndexed((done, total) => told.push([done, total]));
  // Complete, though the index is not.
  expect(await seqs(store, { text: 'word 69999' })).toEqual([69_999]);
  await store.audit.restIndex();
  const [done, total] = told.at(-1) ?? [];
  expect([done, total]).toEqual([expect.any(Number), done]);
  expect(done).toBeLessThan(70_000);
  const rested = told.length;
  await new Promise((resolve) => setTimeout(resolve, 1500));
  expect(told).toHaveLength(rested);

  expect(await seqs(store, { text: 'word 12345' })).toEqual([12_345]);
  await expect.poll(() => told.at(-1), { timeout: 15_000 }).toEqual([70_000, 70_000]);
});
