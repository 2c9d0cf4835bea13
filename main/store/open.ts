import { chmodSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import type { Clock, Log } from '../ports.ts';
import { FastbandError } from '../core/errors.ts';
import { AuditStore } from './audit.ts';
import { ClientStore } from './clients.ts';
import { GrantStore } from './grants.ts';
import { JournalStore } from './journal-rows.ts';
import { migrate } from './migrations.ts';
import { RuleStore } from './rules.ts';
import { ToolSwitchStore } from './tool-switches.ts';
import { WorkspaceStore } from './workspaces.ts';

export interface Store {
  readonly audit: AuditStore;
  readonly clients: ClientStore;
  readonly workspaces: WorkspaceStore;
  readonly rules: RuleStore;
  readonly grants: GrantStore;
  readonly toolSwitches: ToolSwitchStore;
  readonly journal: JournalStore;
  /** Grows when a table other than audit and journal may have changed, here or in another process. About 1 µs. */
  version(): number;
  /** One IMMEDIATE transaction: what `run` writes commits together or not at all. Nested calls join it. */
  transaction<T>(run: () => T): T;
  close(): void;
}

/** What the tables share. */
export interface Tables {
  readonly db: Database.Database;
  readonly clock: Clock;
  /** Says that a policy table changed through this connection. */
  readonly touched: () => void;
}

export const DATABASE_FILE = 'fastband.db';

/**
 * Opens (or makes) the database in a home folder of mode 0700, all files 0600.
 *
 * @throws FastbandError `audit_unavailable` when it cannot be opened or is damaged, `conflict` when it is newer
 */
export function openStore(options: { readonly home: string; readonly clock: Clock; readonly log: Log }): Store {
  const { home, clock } = options;
  let db: Database.Database;
  try {
    db = openDatabase(home);
  } catch (error) {
    if (error instanceof FastbandError) throw error;
    throw new FastbandError('audit_unavailable', `The database in ${home} cannot be opened. Run "fastband doctor", and check the folder's permissions and free space.`, { cause: error });
  }
  let own = 0;
  let seen = -1;
  const tables: Tables = { db, clock, touched: () => void own++ };
  const dataVersion = db.prepare('PRAGMA data_version').pluck();
  const audit = new AuditStore(tables, home, options.log);
  return {
    audit,
    clients: new ClientStore(tables),
    workspaces: new WorkspaceStore(tables),
    rules: new RuleStore(tables),
    grants: new GrantStore(tables),
    toolSwitches: new ToolSwitchStore(tables),
    journal: new JournalStore(tables),
    version() {
      const now = Number(dataVersion.get());
      if (now !== seen) {
        seen = now;
        own++;
      }
      return own;
    },
    transaction: (run) => (db.inTransaction ? run() : db.transaction(run).immediate()),
    close() {
      audit.close();
      db.close();
    },
  };
}

function openDatabase(home: string): Database.Database {
  mkdirSync(home, { recursive: true, mode: 0o700 });
  chmodSync(home, 0o700);
  const file = join(home, DATABASE_FILE);
  const before = process.umask(0o077);
  try {
    const db = new Database(file, { timeout: 5000 });
    db.pragma('journal_mode = WAL');
    // A committed row survives the death of this process; only a power cut may take the last ones, and never in part.
    db.pragma('synchronous = NORMAL');
    db.pragma('foreign_keys = ON');
    db.pragma('trusted_schema = OFF');
    // Above what the worker leaves behind between its checkpoints: the thread that answers calls hardly ever does one.
    db.pragma('wal_autocheckpoint = 10000');
    migrate(db);
    chmodSync(file, 0o600);
    return db;
  } finally {
    process.umask(before);
  }
}
