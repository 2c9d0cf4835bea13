import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { AuditEntry } from '../core/audit-entry.ts';
import { FakeClock, silentLog } from '../core/testing.ts';
import type { Clock } from '../ports.ts';
import { connect, type Db, openDatabase } from './database.ts';
import { DATABASE_FILE } from './home.ts';
import { type OpenStoreOptions, type Store, storeOn } from './open.ts';

/** A home of its own for one test. */
export function tempHome(): string {
  const folder = mkdtempSync(join(tmpdir(), 'fastband-store-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));
  return join(folder, 'home');
}

export function openTestStore(
  home: string = tempHome(),
  more: Partial<OpenStoreOptions> = {},
): { home: string; store: Store; clock: Clock; db: Db } {
  const clock = more.clock ?? new FakeClock();
  const db = openDatabase(home, more);
  const store = storeOn(db, { home, clock, log: silentLog, ...more });
  onTestFinished(() => store.close());
  return { home, store, clock, db };
}

/** A clock that stands where a test puts it. */
export class SetClock implements Clock {
  time = 0;

  now(): number {
    return this.time;
  }

  monotonic(): number {
    return this.time;
  }

  after(): () => void {
    return () => {};
  }
}

/** A connection past everything that the store checks. */
export function rawDatabase(home: string): Db {
  const db = connect(join(home, DATABASE_FILE), 'write');
  onTestFinished(() => void db.close());
  return db;
}

export function entry(number: number, more: Partial<AuditEntry> = {}): AuditEntry {
  return {
    type: 'call.finished',
    callId: `c_${number}`,
    actor: 'Claude Code',
    clientId: 'k_1',
    tool: 'read_file',
    kinds: ['read'],
    decision: 'allow',
    outcome: 'ok',
    durationMs: 1.25,
    summary: `Read src/file-${number}.ts, 10 bytes.`,
    detail: { input: { path: `src/file-${number}.ts` } },
    ...more,
  };
}

export async function text(chunks: AsyncIterable<string>): Promise<string> {
  let all = '';
  for await (const chunk of chunks) all += chunk;
  return all;
}
