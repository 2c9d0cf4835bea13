import type Database from 'better-sqlite3';
import { FastbandError } from '../../core/errors.ts';
import { type Access, type Instruction, judgeProgram, oneStatement, refused } from '../../guard/sql.ts';
import type { ExplainJob, Parameter, Rows, RowsJob, WriteJob } from './jobs.ts';
import { type Cell, Page, type PageRoom, type Shaper } from './values.ts';

type Statement = Database.Statement<unknown[], unknown[]>;

/**
 * One question, as SQLite understands it.
 *
 * That it is a question is told by SQLite's own grammar: what stands in `EXISTS ( … )` can only begin as a SELECT,
 * VALUES or WITH does, so a pragma, which acts while it is compiled, is never compiled. What it does is then told by
 * the program that it compiles to.
 *
 * @throws FastbandError `query_refused`
 */
export function prepareQuestion(db: Database.Database, text: string): Statement {
  const sql = oneStatement(text);
  try {
    explained(db, `SELECT EXISTS (\n${sql}\n)`);
  } catch (error) {
    if (!(error instanceof Error) || !error.message.includes('syntax error')) throw error;
    throw refused(
      `This is no question that SQLite understands (${error.message.slice(0, 200)}). Only SELECT, VALUES or WITH may be asked; for a change, say write: true.`,
    );
  }
  judgeProgram(explained(db, sql), 'read');
  const statement = db.prepare<unknown[], unknown[]>(sql);
  if (!statement.readonly || !statement.reader) throw refused('This is not a question.');
  return statement.raw(true);
}

/** Judges a change by its program. Compiled on a connection that is for this alone, as some statements act then. */
export function judgeChange(judge: Database.Database, text: string): string {
  const sql = oneStatement(text);
  judgeProgram(explained(judge, sql), 'write');
  return sql;
}

/** A question that is being answered, page by page. */
export class Reading {
  readonly #rows: IterableIterator<unknown[]>;
  readonly #columns: Rows['columns'];
  #next: IteratorResult<unknown[]>;
  /** Rows that were handed out or passed over. */
  position = 0;

  constructor(statement: Statement, params: readonly Parameter[]) {
    this.#columns = columnsOf(statement);
    this.#rows = statement.iterate(...bound(params));
    this.#next = this.#rows.next();
  }

  page({ offset, room }: Pick<RowsJob, 'offset' | 'room'>): Rows {
    while (this.position < offset && this.#next.done !== true) this.#step();
    const page = new Page(room);
    while (this.#next.done !== true && !page.full) {
      const values = this.#next.value;
      if (!page.add((shaper) => values.map((value) => shape(value, shaper)))) break;
      this.#step();
    }
    return {
      columns: this.#columns,
      rows: page.rows,
      more: this.#next.done !== true,
      shortened: page.shortened,
    };
  }

  get done(): boolean {
    return this.#next.done === true;
  }

  close(): void {
    this.#rows.return?.();
  }

  #step(): void {
    this.#next = this.#rows.next();
    this.position++;
  }
}

/** Runs a judged change within the caller's transaction. What it returns is all taken, so that all of it happens. */
export function change(
  db: Database.Database,
  sql: string,
  { params, room }: Pick<WriteJob, 'params' | 'room'>,
): Rows & { changes: number } {
  const statement = db.prepare<unknown[], unknown[]>(sql);
  const before = total(db);
  if (!statement.reader) {
    statement.run(...bound(params));
    return { columns: [], rows: [], more: false, shortened: 0, changes: total(db) - before };
  }
  const page = new Page(room);
  let more = false;
  for (const values of statement.raw(true).iterate(...bound(params)))
    more ||= page.full || !page.add((shaper) => values.map((value) => shape(value, shaper)));
  return {
    columns: columnsOf(statement),
    rows: page.rows,
    more,
    shortened: page.shortened,
    changes: total(db) - before,
  };
}

export function explainQuestion(
  db: Database.Database,
  { sql: text, params }: Pick<ExplainJob, 'sql' | 'params'>,
  room: PageRoom,
): Rows {
  // That it may be asked is decided first, as for the question itself.
  prepareQuestion(db, text);
  const statement = db.prepare<unknown[], unknown[]>(`EXPLAIN QUERY PLAN ${oneStatement(text)}`).raw(true);
  return new Reading(statement, params).page({ offset: 0, room });
}

function total(db: Database.Database): number {
  return Number(db.prepare('SELECT total_changes()').pluck().get());
}

function columnsOf(statement: Statement): Rows['columns'] {
  return statement.columns().map(({ name, type }) => ({ name, type }));
}

function explained(db: Database.Database, sql: string): Instruction[] {
  return (db as Database.Database & { explain(sql: string): Instruction[] }).explain(sql);
}

function bound(params: readonly Parameter[]): unknown[] {
  return params.map((one) =>
    typeof one === 'boolean' ? Number(one) : Number.isSafeInteger(one) ? BigInt(one as number) : one,
  );
}

function shape(value: unknown, shaper: Shaper): Cell {
  if (typeof value === 'string') return shaper.text(value);
  if (typeof value === 'bigint') return shaper.integer(value);
  if (typeof value === 'number') return shaper.number(value);
  if (value instanceof Uint8Array) return shaper.binary(value);
  return null;
}

/** What SQLite says, in our words where they help; SQLite's own text names only what the caller wrote and the schema. */
export function plainError(error: unknown, access: Access): FastbandError {
  if (error instanceof FastbandError) return error;
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const text = error instanceof Error ? error.message.slice(0, 500) : 'unknown error';
  if (/more than one statement/.test(text)) return refused('Only one statement can be run in one call.');
  if (/contains no statements/.test(text)) return refused('There is no statement in it.');
  if (/^SQLITE_BUSY/.test(code))
    return new FastbandError('conflict', 'Another program is writing to this database. Try again.', {
      cause: error,
    });
  if (code === 'SQLITE_READONLY_ROLLBACK' || code === 'SQLITE_READONLY_RECOVERY')
    return new FastbandError(
      'conflict',
      'Another program was cut off while it changed this database. Open it once with that program.',
      { cause: error },
    );
  if (/^SQLITE_READONLY/.test(code))
    return access === 'read'
      ? refused('This changes the database. For a change, say write: true.')
      : new FastbandError('read_only', 'This database cannot be written to.', { cause: error });
  if (/^SQLITE_(CORRUPT|NOTADB|CANTOPEN|IOERR)/.test(code))
    return new FastbandError('tool_failed', `The database cannot be read: ${text}.`, { cause: error });
  return new FastbandError('invalid_input', `SQLite: ${text}.`, { cause: error });
}
