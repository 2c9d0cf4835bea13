import { DatabaseError } from 'pg';
import { FastbandError } from '../../core/errors.ts';
import { maskValues } from '../../core/redact.ts';
import { oneStatement, refused } from '../../guard/sql.ts';
import type { ToolServices } from '../services.ts';
import type { Description, ExplainJob, Job, Rows, RowsJob, WriteJob, Written } from './jobs.ts';
import { addressOf } from './postgres-address.ts';
import { describePostgres } from './postgres-describe.ts';
import { checkRole } from './postgres-role.ts';
import { type Answer, PostgresSession } from './postgres-session.ts';
import { shapePostgres } from './postgres-values.ts';
import type { PlannedServer } from './source.ts';
import { Page } from './values.ts';

/** Rows that are asked for at once. */
const FETCH = 200;
const MAX_CONNECTIONS = 4;

export interface ServerRun {
  readonly signal: AbortSignal;
  readonly seconds: number;
  readonly client: { readonly id: string; readonly name: string };
}

/** PostgreSQL, asked over a connection that lives for one call. */
export class Postgres {
  readonly #services: Pick<ToolServices, 'keys' | 'net' | 'ports'>;
  #open = 0;

  constructor(services: Pick<ToolServices, 'keys' | 'net' | 'ports'>) {
    this.#services = services;
  }

  /**
   * @throws FastbandError `key_missing`, `keychain_unavailable`, `url_refused`, `query_refused`, `fetch_failed`, `timeout`,
   *   `limit_reached`, `invalid_input` with the server's words; the signal's reason
   */
  async run<T>(source: PlannedServer, job: Job, { signal, seconds, client }: ServerRun): Promise<T> {
    const { keys, net, ports } = this.#services;
    signal.throwIfAborted();
    if (this.#open >= MAX_CONNECTIONS)
      throw new FastbandError(
        'limit_reached',
        `${MAX_CONNECTIONS} questions to servers are being answered. Try again in a moment.`,
      );
    this.#open++;
    const stop = new AbortController();
    const onAbort = () => stop.abort(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
    const stopTimer = ports.clock.after(seconds * 1000, () =>
      stop.abort(
        new FastbandError(
          'timeout',
          `The query was stopped after ${seconds} s (setting databases.timeoutSeconds).`,
        ),
      ),
    );
    let mask = (text: string) => text;
    let session: PostgresSession | undefined;
    try {
      const value = await keys.use(source.secret, client);
      const address = addressOf(value, source);
      mask = (text) => maskValues(text, [value, address.password]);
      session = await PostgresSession.open(net, address, stop.signal);
      return (await untilStopped(session, stop.signal, answer(session, job, seconds))) as T;
    } catch (error) {
      throw stop.signal.aborted ? stop.signal.reason : plainError(error, job, mask);
    } finally {
      this.#open--;
      stopTimer();
      signal.removeEventListener('abort', onAbort);
      if (!stop.signal.aborted) session?.end();
    }
  }
}

/** What was stopped is stopped on the server too, where it would go on for nobody. */
function untilStopped<T>(session: PostgresSession, signal: AbortSignal, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = () => {
      void session.cancel();
      reject(signal.reason);
    };
    if (signal.aborted) onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}

async function answer(session: PostgresSession, job: Job, seconds: number): Promise<unknown> {
  // Whatever the role's own settings are. In one round trip; a later one in the same transaction could change none of it.
  await session.query(
    `SET statement_timeout = ${Math.ceil(seconds * 1000)}; SET lock_timeout = ${Math.ceil(seconds * 1000)};
     SET idle_in_transaction_session_timeout = 60000; SET bytea_output = hex; SET extra_float_digits = 1;
     ${job.op === 'write' ? '' : 'SET default_transaction_read_only = on;'}
     BEGIN ISOLATION LEVEL REPEATABLE READ ${job.op === 'write' ? 'READ WRITE' : 'READ ONLY'}`,
  );
  await checkRole(session);
  if (job.op === 'write') return change(session, job);
  try {
    if (job.op === 'rows') return await readRows(session, job);
    if (job.op === 'explain') return await explain(session, job);
    return await describe(session, job.table);
  } finally {
    // Nothing that was read is to be kept, whatever a function did on the way.
    await session.query('ROLLBACK').catch(() => {});
  }
}

async function describe(session: PostgresSession, table: string | undefined): Promise<Description> {
  await session.query('SET LOCAL search_path = pg_catalog');
  return describePostgres(session, table);
}

/**
 * That it is a question is told by the server's own grammar: a cursor is declared for SELECT, VALUES, TABLE or WITH, for
 * one of them, and for none that changes data or makes a table. What could still change something fails, as the
 * transaction is read-only, and what does not fail there is taken back.
 */
async function declare(session: PostgresSession, sql: string, params: RowsJob['params']): Promise<void> {
  await session.query(`DECLARE fastband NO SCROLL CURSOR FOR\n${oneStatement(sql)}`, params);
}

async function readRows(session: PostgresSession, { sql, params, offset, room }: RowsJob): Promise<Rows> {
  await declare(session, sql, params);
  if (offset > 0) await session.query(`MOVE FORWARD ${offset} FROM fastband`);
  const page = new Page(room);
  let fields: Answer['fields'] = [];
  let more = false;
  for (let ended = false; !ended && !more; ) {
    const wanted = Math.min(FETCH, room.rows - page.rows.length + 1);
    const fetched = await session.query(`FETCH FORWARD ${wanted} FROM fastband`);
    fields = fetched.fields;
    ended = fetched.rows.length < wanted;
    more = !fill(page, fetched);
  }
  return {
    columns: await columnsOf(session, fields),
    rows: page.rows,
    more,
    shortened: page.shortened,
  };
}

async function explain(session: PostgresSession, { sql, params }: ExplainJob): Promise<Rows> {
  // That it may be asked is decided first, as for the question itself.
  await declare(session, sql, params);
  const plan = await session.query(`EXPLAIN\n${oneStatement(sql)}`, params);
  return { columns: [], rows: plan.rows.map((row) => [...row]), more: false, shortened: 0 };
}

/**
 * A change of rows, committed when all of it succeeded. `EXPLAIN` takes those statements alone that change or ask rows,
 * so nothing else gets as far as being run.
 */
async function change(session: PostgresSession, { sql, params, room }: WriteJob): Promise<Written> {
  const text = oneStatement(sql);
  await session.query(`EXPLAIN\n${text}`, params);
  const done = await session.query(text, params);
  if (!/^(?:INSERT|UPDATE|DELETE|MERGE|SELECT)$/.test(done.command)) throw notAChange();
  const page = new Page(room);
  const more = !fill(page, done);
  const columns = await columnsOf(session, done.fields);
  const { command } = await session.query('COMMIT');
  if (command !== 'COMMIT') throw new FastbandError('tool_failed', 'The database took the change back.');
  const changes = done.command === 'SELECT' ? 0 : done.rowCount;
  return { columns, rows: page.rows, more, shortened: page.shortened, changes, whole: false };
}

/** @returns false where there was no room for all of them */
function fill(page: Page, { rows, fields }: Answer): boolean {
  return rows.every(
    (row) =>
      !page.full &&
      page.add((shaper) => row.map((value, at) => shapePostgres(value, fields[at]?.dataTypeID ?? 0, shaper))),
  );
}

async function columnsOf(session: PostgresSession, fields: Answer['fields']): Promise<Rows['columns']> {
  if (fields.length === 0) return [];
  const { rows } = await session.query(
    'SELECT t.oid, pg_catalog.format_type(t.oid, NULL) FROM pg_catalog.pg_type t WHERE t.oid OPERATOR(pg_catalog.=) ANY ($1::pg_catalog.oid[])',
    [[...new Set(fields.map(({ dataTypeID }) => dataTypeID))]],
  );
  const types = new Map(rows.map(([oid, name]) => [Number(oid), name]));
  return fields.map(({ name, dataTypeID }) => ({ name, type: types.get(dataTypeID) ?? null }));
}

function notAChange(): FastbandError {
  return refused(
    'Only INSERT, UPDATE, DELETE and MERGE can be run here, one in a call. Change tables with the project’s own migrations.',
  );
}

/** What the server says, in our words where they help. Its text is masked: it may repeat what it was given. */
function plainError(error: unknown, { op }: Job, mask: (text: string) => string): unknown {
  if (error instanceof FastbandError) return error;
  if (!(error instanceof DatabaseError)) return connectionError(error);
  const code = error.code ?? '';
  const text = mask(error.message).slice(0, 500);
  if (code === '25006') return refused('This changes the database. For a change, say write: true.');
  if (/multiple commands/.test(error.message)) return refused('Only one statement can be run in one call.');
  if (code === '57014' || code === '55P03')
    return new FastbandError('timeout', `The database stopped the query: ${text}.`, { cause: error });
  if (/^(?:28|3D)/.test(code))
    return new FastbandError('fetch_failed', `The database does not let us in: ${text}.`, { cause: error });
  if (/^(?:42601|0A000)$/.test(code)) {
    if (op === 'write') return refused(`${notAChange().message} (PostgreSQL: ${text}.)`);
    return refused(
      `This is no question that PostgreSQL understands (${text}). Only SELECT, VALUES, TABLE or WITH may be asked; for a change, say write: true.`,
    );
  }
  if (code === '42501')
    return new FastbandError('query_refused', `The database does not allow it: ${text}.`, { cause: error });
  return new FastbandError('invalid_input', `PostgreSQL: ${text}.`, { cause: error });
}

function connectionError(error: unknown): unknown {
  if (!(error instanceof Error) || error.name === 'AbortError') return error;
  const code = 'code' in error ? String(error.code) : '';
  const why = /does not support SSL/.test(error.message)
    ? 'does not encrypt. If that is meant, a person adds ?sslmode=disable to the URL in Fastband, Keys'
    : /CERT|ALTNAME|SELF_SIGNED|UNABLE_TO_(?:GET|VERIFY)/.test(code)
      ? 'has a certificate that cannot be trusted'
      : 'ended the connection';
  return new FastbandError('fetch_failed', `The database ${why}${code === '' ? '' : ` (${code})`}.`, {
    cause: error,
  });
}
