import { isMainThread, Worker, workerData } from 'node:worker_threads';
import { FastbandError, toWireError } from '../../core/errors.ts';
import type { Access } from '../../guard/sql.ts';
import type { FromSqlite, Job, Rows, RowsJob, ToSqlite, WriteJob, Written } from './jobs.ts';
import { describe } from './sqlite-describe.ts';
import { type OpenDatabase, openDatabase } from './sqlite-open.ts';
import { change, explainQuestion, judgeChange, plainError, prepareQuestion, Reading } from './sqlite-read.ts';

/*
 * The process that runs SQLite. A query in the middle of its work hears nothing, so whoever wants it stopped ends the
 * process. A thread beside it watches what no one else can: memory, time, and whether the host is still there.
 */

/** Most memory that this process may use, in bytes. */
const MAX_MEMORY = 512 * 1024 * 1024;
const WATCH_MS = 20;
/** How long a question stays open for its next page: it holds a lock that other programs wait for. */
const HELD_MS = 2000;

if (isMainThread) serve();
else watch(workerData as { deadline: BigInt64Array; parent: number });

function watch({ deadline, parent }: { deadline: BigInt64Array; parent: number }): void {
  setInterval(() => {
    const end = Atomics.load(deadline, 0);
    const late = end !== 0n && BigInt(Date.now()) > end;
    if (late || process.ppid !== parent || process.memoryUsage.rss() > MAX_MEMORY)
      process.kill(process.pid, 'SIGKILL');
  }, WATCH_MS);
}

interface Held {
  readonly key: string;
  readonly open: OpenDatabase;
  readonly reading: Reading;
  readonly timer: NodeJS.Timeout;
}

function serve(): void {
  const deadline = new BigInt64Array(new SharedArrayBuffer(8));
  const watcher = new Worker(new URL(import.meta.url), {
    workerData: { deadline, parent: process.ppid },
    execArgv: [],
    env: {},
  });
  // Unwatched it does nothing.
  watcher.on('error', () => process.exit(1)).on('exit', () => process.exit(1));
  const tell = connectToHost((message) => {
    if ('go' in message) {
      letGo(message.id);
      return;
    }
    if (message.job.op !== 'rows') drop();
    // The host ends it at its own time limit; this is for when there is no host any more.
    Atomics.store(deadline, 0, BigInt(Date.now() + message.seconds * 1000 + 2000));
    const access: Access = message.job.op === 'write' ? 'write' : 'read';
    try {
      if (message.job.op === 'write') beginChange({ ...message, job: message.job });
      else tell({ id: message.id, value: answer(message.file, message.job) });
    } catch (error) {
      tell({ id: message.id, error: toWireError(plainError(error, access)) });
    }
    if (message.job.op !== 'write') Atomics.store(deadline, 0, 0n);
  });

  let held: Held | undefined;

  function drop(): void {
    if (held === undefined) return;
    clearTimeout(held.timer);
    held.reading.close();
    held.open.close();
    held = undefined;
  }

  function answer(file: OpenFile, job: Exclude<Job, WriteJob>): unknown {
    if (job.op === 'rows') return rows(file, job);
    const open = openDatabase(file, 'read');
    try {
      const value =
        job.op === 'describe'
          ? describe(open.db, job.table)
          : explainQuestion(open.db, job, { rows: 1000, bytes: 1024 * 1024 });
      open.check();
      return value;
    } finally {
      open.close();
    }
  }

  /** The next page of a question goes on where the last one ended, if that was a moment ago. */
  function rows(file: OpenFile, job: RowsJob): Rows {
    const key = JSON.stringify([file, job.sql, job.params]);
    if (held !== undefined && (held.key !== key || held.reading.position !== job.offset)) drop();
    let current: Pick<Held, 'open' | 'reading'> | undefined = held;
    if (held !== undefined) clearTimeout(held.timer);
    held = undefined;
    try {
      if (current === undefined) {
        const open = openDatabase(file, 'read');
        try {
          current = { open, reading: new Reading(prepareQuestion(open.db, job.sql), job.params) };
        } catch (error) {
          open.close();
          throw error;
        }
      }
      const page = current.reading.page(job);
      current.open.check();
      if (!current.reading.done) {
        held = { ...current, key, timer: setTimeout(drop, HELD_MS) };
        current = undefined;
      }
      return page;
    } finally {
      current?.reading.close();
      current?.open.close();
    }
  }

  let waiting: { id: number; go: () => void } | undefined;

  /** Takes the lock, lets the host keep what is there, and makes the change once it says so. */
  function beginChange({ id, file, job }: { id: number; file: OpenFile; job: WriteJob }): void {
    const judge = openDatabase(file, 'read');
    let sql: string;
    try {
      sql = judgeChange(judge.db, job.sql);
    } finally {
      judge.close();
    }
    const open = openDatabase(file, 'write');
    try {
      open.db.exec('BEGIN IMMEDIATE');
    } catch (error) {
      open.close();
      throw error;
    }
    waiting = {
      id,
      go() {
        let reply: FromSqlite;
        try {
          const done = change(open.db, sql, job);
          open.db.exec('COMMIT');
          open.close();
          reply = { id, value: { ...done, whole: open.whole() } satisfies Written };
        } catch (error) {
          // Closing takes back what was not committed.
          open.close();
          reply = { id, error: toWireError(plainError(error, 'write')) };
        }
        Atomics.store(deadline, 0, 0n);
        tell(reply);
      },
    };
    tell({ id, locked: { whole: open.whole() } });
  }

  function letGo(id: number): void {
    const ready = waiting;
    waiting = undefined;
    if (ready?.id === id) ready.go();
    else tell({ id, error: toWireError(new FastbandError('internal', 'Nothing waits to be done.')) });
  }
}

type OpenFile = Parameters<typeof openDatabase>[0];

interface ElectronPort {
  on(event: 'message', listener: (event: { data: unknown }) => void): void;
  postMessage(message: unknown): void;
}

/** The host's messages come by Node's channel, or by Electron's. Without a host there is nothing to do. */
function connectToHost(listener: (message: ToSqlite) => void): (message: FromSqlite) => void {
  const { parentPort } = process as { parentPort?: ElectronPort };
  if (parentPort !== undefined) {
    parentPort.on('message', ({ data }) => listener(data as ToSqlite));
    return (message) => parentPort.postMessage(message);
  }
  process.on('message', (message) => listener(message as ToSqlite));
  process.on('disconnect', () => process.exit(0));
  return (message) => void process.send?.(message);
}
