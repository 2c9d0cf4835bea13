import Database from 'better-sqlite3';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { anyText, runs } from '../core/property-testing.ts';
import { MIGRATIONS, migrate, versionOf } from './migrations.ts';

interface Column {
  readonly name: string;
  readonly type: string;
  readonly notnull: 0 | 1;
}

/** One value of each kind, of which a column takes what it holds. */
const Drawn = fc.record({
  none: fc.boolean(),
  flag: fc.integer({ min: 0, max: 1 }),
  int: fc.oneof(fc.integer({ min: 1, max: 9 }), fc.maxSafeInteger()),
  // Few, so that rows meet: a grant finds its client.
  id: fc.constantFrom('k_1', 'k_2', 'c_1', 'shop'),
  text: anyText(),
  bytes: fc.uint8Array({ minLength: 32, maxLength: 32 }),
});
type Drawn = typeof Drawn extends fc.Arbitrary<infer T> ? T : never;

function tablesOf(db: Database.Database): string[] {
  return db
    .prepare<[], string>(
      "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name",
    )
    .pluck()
    .all();
}

function columnsOf(db: Database.Database, table: string): Column[] {
  return db.pragma(`table_info(${table})`) as Column[];
}

/** A value that such a column may hold; what its table then refuses is no row of that version. */
function valueFor({ name, type, notnull }: Column, drawn: Drawn): unknown {
  if (notnull === 0 && drawn.none) return null;
  if (type === 'INTEGER') return /^(read_only|undoable|id)$/.test(name) ? drawn.flag : drawn.int;
  if (type === 'BLOB') return Buffer.from(drawn.bytes);
  return /id$|^name$/.test(name) ? drawn.id : drawn.text;
}

/** @returns how many rows it took */
function fill(db: Database.Database, pool: readonly Drawn[]): number {
  let taken = 0;
  let next = 0;
  // Clients before their grants.
  for (const table of tablesOf(db).sort((a, b) => Number(b === 'clients') - Number(a === 'clients'))) {
    const columns = columnsOf(db, table);
    const insert = db.prepare(`INSERT INTO ${table} VALUES (${columns.map(() => '?').join(', ')})`);
    for (let row = 0; row < 3; row++) {
      try {
        insert.run(
          ...columns.map((column) => {
            const drawn = pool[next++ % pool.length];
            if (drawn === undefined) throw new RangeError('nothing to draw from');
            return valueFor(column, drawn);
          }),
        );
        taken++;
      } catch (error) {
        if (!(error instanceof Database.SqliteError)) throw error;
      }
    }
  }
  return taken;
}

describe('migrations', () => {
  test('a database of any version, with whatever rows it may hold, keeps every value', () => {
    let rows = 0;
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: MIGRATIONS.length - 1 }),
        fc.array(Drawn, { minLength: 31, maxLength: 31 }),
        (version, pool) => {
          const db = new Database(':memory:');
          try {
            db.pragma('foreign_keys = ON');
            db.defaultSafeIntegers(true);
            migrate(db, MIGRATIONS.slice(0, version));
            rows += fill(db, pool);
            const read = tablesOf(db).map((table) => {
              const names = columnsOf(db, table).map(({ name }) => name);
              return () =>
                db
                  .prepare(
                    `SELECT ${names.join(', ')} FROM ${table} ORDER BY ${names.map((_, at) => at + 1).join(', ')}`,
                  )
                  .all();
            });
            const before = read.map((one) => one());
            migrate(db);
            expect(versionOf(db)).toBe(MIGRATIONS.length);
            expect(read.map((one) => one())).toEqual(before);
            expect(db.pragma('foreign_key_check')).toEqual([]);
            expect(db.pragma('integrity_check', { simple: true })).toBe('ok');
          } finally {
            db.close();
          }
        },
      ),
      runs(100),
    );
    // Else all of them were refused, and nothing was tried.
    expect(rows).toBeGreaterThan(500);
  });
});
