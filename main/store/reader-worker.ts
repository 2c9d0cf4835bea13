import { statSync } from 'node:fs';
import { join } from 'node:path';
import { parentPort, workerData } from 'node:worker_threads';
import type { AuditFilter, AuditSearchInput, AuditSearchOutput } from '../../contract/audit.ts';
import { FastbandError, toWireError } from '../core/errors.ts';
import { walkStretch } from './audit-chain.ts';
import { type ExportQuestion, exportHead, exportText } from './audit-export.ts';
import { findRows } from './audit-find.ts';
import { AuditIndex } from './audit-index.ts';
import { indexRows, isEmpty } from './audit-places.ts';
import { countCalls } from './audit-stats.ts';
import { connect, isStorageError } from './database.ts';
import { DATABASE_FILE, SEARCH_FILE } from './home.ts';
import type { ReaderAnswer, ReaderQuestion } from './reader.ts';

/** A write-ahead log larger than this is put into the database, in bytes. */
const WAL_BYTES = 8 * 1024 * 1024;
const EXPORT_CHUNK = 1000;
/** How much is indexed before a question is answered: about a second's work. */
const MAX_BATCHES = 4;

const { home } = workerData as { home: string };
const port = parentPort;
if (port === null) throw new Error('this file runs as a worker only');

const file = join(home, DATABASE_FILE);
const log = connect(file, 'read');
let index: AuditIndex | undefined;
const tell = (message: ReaderAnswer) => port.postMessage(message);

function answer(id: number, question: ReaderQuestion): unknown {
  switch (question.op) {
    case 'search':
      return search(question.input);
    case 'export':
      return exportChunk(question);
    case 'index':
      return indexRows(log, indexFor(question.input.filter ?? {}), question.input);
    case 'stats':
      return countCalls(log, question);
    case 'walk':
      return walkStretch(log, question.from, question.to, (progress) => tell({ id, progress }));
    case 'rest':
      resting = true;
      // Nothing is under way any more, so nobody waits for more of it.
      if (index !== undefined) tell({ id: 0, indexed: index.extent(false) });
      return null;
    case 'upkeep':
      if (question.index) indexed();
      return emptyWal();
  }
}

function search({ cursor, after, limit, brief, ...filter }: AuditSearchInput): AuditSearchOutput {
  const high = cursor === undefined ? Number.MAX_SAFE_INTEGER : cursor - 1;
  const rows = findRows(log, indexFor(filter), {
    filter,
    low: (after ?? 0) + 1,
    high,
    order: 'DESC',
    limit: limit + 1,
    ...(brief === undefined ? {} : { brief }),
  });
  const page = rows.slice(0, limit);
  return { rows: page, next: rows.length > limit ? (page.at(-1)?.seq ?? null) : null };
}

function exportChunk({ format, filter, after, upTo }: ExportQuestion): { text: string; next: number | null } {
  const usable = after === 0 ? indexFor(filter) : index;
  const rows = findRows(log, usable, {
    filter,
    low: after + 1,
    high: upTo,
    order: 'ASC',
    limit: EXPORT_CHUNK,
  });
  const head = after === 0 ? exportHead(format) : '';
  return {
    text: head + exportText(format, rows),
    next: rows.length === EXPORT_CHUNK ? (rows.at(-1)?.seq ?? null) : null,
  };
}

/** Every row is an answer to no question: it needs no index, and must not wait for one that is being made. */
function indexFor(filter: AuditFilter): AuditIndex | undefined {
  return isEmpty(filter) ? undefined : indexed();
}

/**
 * The index, with every row in it if it can be written and not too many are missing. The rest is indexed between
 * questions, and meanwhile found by reading the rows themselves.
 */
function indexed(): AuditIndex | undefined {
  index ??= AuditIndex.open(log, join(home, SEARCH_FILE));
  resting = false;
  try {
    if (index?.catchUp(MAX_BATCHES) === true) catchUpLater();
    return index;
  } catch (error) {
    if (!isStorageError(error)) throw error;
    // Half an index is better than none as long as it can be read; a damaged one is made anew by the next search.
    if (!/^SQLITE_(CORRUPT|NOTADB)/.test((error as { code: string }).code)) return index;
    index?.close();
    index = undefined;
    return undefined;
  }
}

let catchingUp = false;
/** A person wants no more of it for now. */
let resting = false;

/** A batch at a time, so that no question waits for more than one. */
function catchUpLater(): void {
  if (catchingUp) return;
  catchingUp = true;
  setImmediate(() => {
    catchingUp = false;
    if (resting || index === undefined) return;
    try {
      const more = index.catchUp(1);
      tell({ id: 0, indexed: index.extent(more) });
      if (more) catchUpLater();
    } catch (error) {
      // The next search that needs the index finds out what is wrong with it.
      if (!isStorageError(error)) throw error;
    }
  });
}

/**
 * Moves committed pages from the write-ahead log into the database, here and not on the thread that answers calls.
 * PASSIVE: no writer waits for it.
 */
function emptyWal(): null {
  const size = statSync(`${file}-wal`, { throwIfNoEntry: false })?.size ?? 0;
  if (size < WAL_BYTES) return null;
  const db = connect(file, 'write');
  try {
    db.pragma('wal_checkpoint(PASSIVE)');
  } finally {
    db.close();
  }
  return null;
}

port.on('message', ({ id, question }: { id: number; question: ReaderQuestion }) => {
  let reply: ReaderAnswer;
  try {
    reply = { id, value: answer(id, question) };
  } catch (error) {
    reply = { id, error: toWireError(isStorageError(error) ? unreadable(error) : error) };
  }
  tell(reply);
});

function unreadable(cause: unknown): FastbandError {
  return new FastbandError('audit_unavailable', 'The audit log cannot be read. Run "fastband doctor".', {
    cause,
  });
}
