import { describe, expect, test } from 'vitest';
import { AuditRow } from '../../contract/audit.ts';
import { csvCell } from './audit-export.ts';
import { entry, openTestStore, text } from './testing.ts';

describe('export', () => {
  test('JSON lines hold the rows as they are, oldest first', async () => {
    const { store } = openTestStore();
    const rows = [1, 2, 3].map((number) => store.audit.append(entry(number)));
    const lines = (await text(store.audit.export('jsonl'))).trimEnd().split('\n');
    expect(lines.map((line) => AuditRow.parse(JSON.parse(line)))).toEqual(rows);
  });

  test.each(['jsonl', 'csv'] as const)(
    '%s while the log grows: every row up to the one that was last, once',
    async (format) => {
      const { store } = openTestStore();
      store.transaction(() => {
        for (let i = 1; i <= 2500; i++) store.audit.append(entry(i, { tool: i % 2 === 0 ? 'even' : 'odd' }));
      });
      let all = '';
      for await (const chunk of store.audit.export(format)) {
        all += chunk;
        store.audit.append(entry(0, { summary: 'latecomer' }));
      }
      const lines = all.trimEnd().split('\n');
      expect(lines).toHaveLength(format === 'csv' ? 2501 : 2500);
      expect(all).not.toContain('latecomer');
      const even = (await text(store.audit.export(format, { tool: 'even', text: 'file' })))
        .trimEnd()
        .split('\n');
      expect(even).toHaveLength(format === 'csv' ? 1251 : 1250);
    },
  );

  test('an empty log is a head and nothing else', async () => {
    const { store } = openTestStore();
    expect(await text(store.audit.export('jsonl'))).toBe('');
    expect(await text(store.audit.export('csv'))).toMatch(/^seq,at,type,[^\n]*hash\r\n$/);
  });

  test('one that is left off halfway does not keep the process or the worker', async () => {
    const { store } = openTestStore();
    for (let i = 1; i <= 3; i++) store.audit.append(entry(i));
    for await (const _ of store.audit.export('csv')) break;
    expect((await store.audit.search({ limit: 1 })).rows).toHaveLength(1);
  });
});

describe('CSV', () => {
  test.each([
    ['=HYPERLINK("http://x")', `"'=HYPERLINK(""http://x"")"`],
    ['+1', "'+1"],
    ['-1+1', "'-1+1"],
    ['@SUM(A1)', "'@SUM(A1)"],
    ['\t=1', "'\t=1"],
    ['\r=1', `"'\r=1"`],
    ['a=1', 'a=1'],
    ['a,b', '"a,b"'],
    ['a"b', '"a""b"'],
    ['a\nb', '"a\nb"'],
    ['', ''],
  ])('%j is written %j', (value, written) => expect(csvCell(value)).toBe(written));

  test('a formula in any text that an agent chose is neutralised [UI-3]', async () => {
    const { store } = openTestStore();
    const evil = '=cmd|calc';
    store.audit.append(
      entry(1, { actor: evil, clientId: evil, tool: evil, callId: evil, summary: evil, detail: { evil } }),
    );
    const csv = await text(store.audit.export('csv'));
    expect(csv).not.toMatch(/(^|,)"?[=+\-@\t\r]/m);
    expect(csv.match(/'=cmd/g)).toHaveLength(5);
  });
});
