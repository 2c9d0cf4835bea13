import Database from 'better-sqlite3';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { anyText, runs } from '../core/property-testing.ts';
import { walkChain } from './audit-chain.ts';
import { auditHash, GENESIS, type RawAuditRow, rowText } from './audit-row.ts';
import { MIGRATIONS } from './migrations.ts';
import { entry, openTestStore } from './testing.ts';

// What SQLite keeps and gives back unchanged: lone surrogates become U+FFFD on their way in.
const text = anyText(12).map((one) => one.toWellFormed());
const maybe = fc.option(text);
const number = fc.nat(2 ** 31 - 1);
const values = fc.tuple(
  ...[number, text, maybe, text, maybe, maybe, text, maybe, maybe],
  fc.option(number),
  text,
  text,
);
type Values = (string | number | null)[];
const COLUMNS =
  'at, type, call_id, actor, client_id, tool, kinds, decision, outcome, duration_us, summary, detail'.split(
    ', ',
  );
const logs = fc.array(values, { minLength: 2, maxLength: 12 });

/** A log whose table lets everything be done to it. */
function logOf(rows: readonly Values[]) {
  const db = new Database(':memory:');
  const create = /CREATE TABLE audit \([^;]*STRICT;/.exec(MIGRATIONS.join('\n'))?.[0];
  db.exec(create ?? '');
  const insert = db.prepare(`INSERT INTO audit VALUES (?, ${COLUMNS.map(() => '?').join(', ')}, unhex(?))`);
  let prev = GENESIS;
  rows.forEach((row, index) => {
    prev = auditHash(prev, rowText([index + 1, ...row, ''] as unknown as RawAuditRow));
    insert.run(index + 1, ...row, prev);
  });
  return db;
}

const verdict = (rows: readonly Values[], tamper: (db: Database.Database) => void) => {
  const db = logOf(rows);
  try {
    tamper(db);
    return walkChain(db, 1, rows.length, GENESIS).bad?.seq;
  } finally {
    db.close();
  }
};

test('a log that nobody touched verifies, whatever is in it [LOG-3]', () => {
  fc.assert(
    fc.property(logs, (rows) => {
      expect(verdict(rows, () => {})).toBeUndefined();
    }),
    runs(60),
  );
});

test('so does one that was written by the store [LOG-3]', async () => {
  const { store } = openTestStore();
  await fc.assert(
    fc.asyncProperty(fc.array(anyText(12), { maxLength: 5 }), async (texts) => {
      for (const [index, summary] of texts.entries())
        store.audit.append(entry(index, { summary, detail: { [summary]: summary } }));
      expect(await store.audit.verify()).toMatchObject({ ok: true });
    }),
    runs(15),
  );
});

test('any value of any row that was changed is found at that row [LOG-3]', () => {
  fc.assert(
    fc.property(logs, fc.nat(), fc.nat(), values, (rows, at, which, other) => {
      const row = at % rows.length;
      const column = which % COLUMNS.length;
      const value = other[column] ?? null;
      fc.pre(rows[row]?.[column] !== value);
      expect(
        verdict(rows, (db) =>
          db.prepare(`UPDATE audit SET ${COLUMNS[column]} = ? WHERE seq = ?`).run(value, row + 1),
        ),
      ).toBe(row + 1);
    }),
    runs(150),
  );
});

test('any row that was removed is found, the last ones too, and with those behind it moved up [LOG-3]', () => {
  fc.assert(
    fc.property(logs, fc.nat(), fc.boolean(), (rows, at, closeGap) => {
      const seq = (at % rows.length) + 1;
      const bad = verdict(rows, (db) => {
        db.prepare('DELETE FROM audit WHERE seq = ?').run(seq);
        // One by one: each takes the number that is free now.
        for (let next = seq + 1; closeGap && next <= rows.length; next++)
          db.prepare('UPDATE audit SET seq = ? WHERE seq = ?').run(next - 1, next);
      });
      expect(bad).toBe(seq);
    }),
    runs(80),
  );
});

test('any two rows that changed places are found at the first, with and without their hashes [LOG-3]', () => {
  fc.assert(
    fc.property(logs, fc.nat(), fc.nat(), fc.boolean(), (rows, a, b, withHash) => {
      const [first = 0, second = 0] = [a % rows.length, b % rows.length].sort((x, y) => x - y);
      fc.pre(JSON.stringify(rows[first]) !== JSON.stringify(rows[second]));
      const moved = [...COLUMNS, ...(withHash ? ['hash'] : [])];
      const bad = verdict(rows, (db) => {
        const read = db.prepare(`SELECT ${moved.join(', ')} FROM audit WHERE seq = ?`).raw();
        const contents = [read.get(first + 1), read.get(second + 1)] as unknown[][];
        const write = db.prepare(
          `UPDATE audit SET ${moved.map((one) => `${one} = ?`).join(', ')} WHERE seq = ?`,
        );
        write.run(...(contents[1] ?? []), first + 1);
        write.run(...(contents[0] ?? []), second + 1);
      });
      expect(bad).toBe(first + 1);
    }),
    runs(100),
  );
});
