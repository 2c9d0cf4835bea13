import { join } from 'node:path';
import { parentPort, workerData } from 'node:worker_threads';
import Database from 'better-sqlite3';
import { toWireError } from '../core/errors.ts';
import { exportChunk } from './audit-export.ts';
import { AuditIndex } from './audit-index.ts';
import { verifyChain } from './audit-verify.ts';
import type { ReaderAnswer, ReaderQuestion } from './reader.ts';

const { home } = workerData as { home: string };
const port = parentPort;
if (port === null) throw new Error('this file runs as a worker only');

const file = join(home, 'fastband.db');
const log = new Database(file, { readonly: true, timeout: 5000 });
let index: AuditIndex | undefined;

function theIndex(): AuditIndex {
  index ??= new AuditIndex(log, join(home, 'audit-index.db'));
  return index;
}

function answer(question: ReaderQuestion): unknown {
  switch (question.op) {
    case 'search':
      return theIndex().search(question.input);
    case 'export':
      return exportChunk(theIndex(), question);
    case 'verify':
      return verifyChain(log, Buffer.from(question.key));
    case 'forget':
      return theIndex().forget(question.upTo);
    case 'index':
      theIndex().catchUp();
      return checkpoint();
  }
}

/** Moves committed pages from the write-ahead log into the database, here rather than on the thread that answers calls. */
function checkpoint(): void {
  const db = new Database(file, { timeout: 100 });
  try {
    db.pragma('wal_checkpoint(PASSIVE)');
  } finally {
    db.close();
  }
}

port.on('message', ({ id, question }: { id: number; question: ReaderQuestion }) => {
  let reply: ReaderAnswer;
  try {
    reply = { id, value: answer(question) };
  } catch (error) {
    reply = { id, error: toWireError(error) };
  }
  port.postMessage(reply);
});
