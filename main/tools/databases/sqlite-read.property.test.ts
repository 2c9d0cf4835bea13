import Database from 'better-sqlite3';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { FastbandError } from '../../core/errors.ts';
import { anyText, runs } from '../../core/property-testing.ts';
import { NO_CHANGES, NO_QUESTIONS } from './sql-testing.ts';
import { plainError, prepareQuestion } from './sqlite-read.ts';

const QUESTIONS = [
  'SELECT * FROM items',
  'SELECT name FROM cheap ORDER BY name',
  'VALUES (1), (2)',
  'SELECT count(*) OVER () FROM items',
  'WITH a AS (SELECT 1 AS x) SELECT x FROM a',
  'SELECT (SELECT max(id) FROM items)',
];
const CHANGES = [
  'DELETE FROM items',
  'DELETE FROM items RETURNING id',
  "INSERT INTO items (name) VALUES ('x')",
  'INSERT INTO items (name) SELECT name FROM cheap',
  'UPDATE items SET name = NULL',
  'UPDATE cheap SET name = 1',
  'DROP TABLE items',
  'CREATE TABLE made (x)',
  'ALTER TABLE items ADD COLUMN more',
  'PRAGMA user_version = 7',
  'PRAGMA writable_schema = 1',
];
const GLUE = [
  '',
  ' ',
  ';',
  '; ',
  '--',
  '--\n',
  '/*',
  '*/',
  '/* ',
  ' */ ',
  ')',
  '(',
  "'",
  '"',
  ' UNION ALL ',
  ' WITH a AS (',
  ',',
];

/** Pieces of statements, put together in ways that nobody would. */
const statement = fc
  .array(
    fc.oneof(
      fc.constantFrom(...QUESTIONS),
      fc.constantFrom(...CHANGES),
      fc.constantFrom(...[...NO_QUESTIONS, ...NO_CHANGES].map(([, sql]) => sql)),
      fc.constantFrom(...GLUE),
      fc.constantFrom(
        'EXPLAIN ',
        'EXPLAIN QUERY PLAN ',
        'WITH a AS (SELECT 1) ',
        'SELECT * FROM (',
        'SELECT 1 ',
        'BEGIN;',
      ),
      anyText(6),
    ),
    { minLength: 1, maxLength: 5 },
  )
  .map((parts) => parts.join(''));

test('what is taken for a question changes nothing, also where nothing else would keep it from it [DB-1 DB-2]', () => {
  const db = new Database(':memory:');
  db.exec(`CREATE TABLE items (id INTEGER PRIMARY KEY, name TEXT, cents INTEGER);
    CREATE VIEW cheap AS SELECT * FROM items;
    CREATE TRIGGER through INSTEAD OF UPDATE ON cheap BEGIN DELETE FROM items; END;
    INSERT INTO items (name, cents) VALUES ('pen', 90), ('book', 1200)`);
  const state = () => [
    db.serialize().toString('latin1'),
    db.inTransaction,
    db.pragma('database_list'),
    db.pragma('writable_schema'),
    db.prepare('SELECT count(*) FROM temp.sqlite_schema').pluck().get(),
  ];
  // To look at what is temporary makes the place for it.
  state();
  const before = state();
  const taken = { asked: 0, refused: 0 };
  try {
    fc.assert(
      fc.property(statement, (sql) => {
        let question: ReturnType<typeof prepareQuestion>;
        try {
          question = prepareQuestion(db, sql);
        } catch (error) {
          // In words of ours, whatever it was.
          expect(plainError(error, 'read')).toBeInstanceOf(FastbandError);
          taken.refused++;
          return;
        }
        taken.asked++;
        try {
          for (const _ of question.iterate()) break;
        } catch {
          // A question may well fail.
        }
        expect(state()).toEqual(before);
      }),
      { ...runs(1500), examples: QUESTIONS.map((sql) => [sql]) },
    );
    // Both happen often.
    expect(taken.asked).toBeGreaterThan(50);
    expect(taken.refused).toBeGreaterThan(200);
    expect(state()).toEqual(before);
  } finally {
    db.close();
  }
});
