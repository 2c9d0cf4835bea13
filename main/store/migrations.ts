import type { Database } from 'better-sqlite3';
import { FastbandError } from '../core/errors.ts';

/** Each takes the database from the version before it; none is ever edited once released. */
export const MIGRATIONS: readonly string[] = [
  // 1: who may do what.
  `
  CREATE TABLE clients (
    id TEXT PRIMARY KEY,
    -- Rules name clients, people read the names: two that differ in case alone would be mistaken for each other.
    name TEXT NOT NULL COLLATE NOCASE,
    token_hash BLOB NOT NULL UNIQUE,
    created_at INTEGER NOT NULL,
    last_seen_at INTEGER,
    revoked_at INTEGER
  ) STRICT;
  CREATE UNIQUE INDEX clients_active_name ON clients (name) WHERE revoked_at IS NULL;

  CREATE TABLE workspaces (
    name TEXT PRIMARY KEY COLLATE NOCASE,
    root TEXT NOT NULL UNIQUE,
    read_only INTEGER NOT NULL CHECK (read_only IN (0, 1)),
    created_at INTEGER NOT NULL
  ) STRICT;

  CREATE TABLE rules (
    id TEXT PRIMARY KEY,
    created_at INTEGER NOT NULL,
    body TEXT NOT NULL
  ) STRICT;

  CREATE TABLE grants (
    id TEXT PRIMARY KEY,
    client_id TEXT NOT NULL REFERENCES clients (id),
    created_at INTEGER NOT NULL,
    last_used_at INTEGER,
    body TEXT NOT NULL
  ) STRICT;

  CREATE TABLE tools_off (name TEXT PRIMARY KEY) STRICT;
  `,
  // 2: what happened. The hash of the row before is the column of that row; storing it twice would only let them differ.
  `
  CREATE TABLE audit (
    -- AUTOINCREMENT keeps the highest number ever given: rows cut off at the end leave it behind.
    seq INTEGER PRIMARY KEY AUTOINCREMENT CHECK (seq > 0),
    at INTEGER NOT NULL,
    type TEXT NOT NULL,
    call_id TEXT,
    actor TEXT NOT NULL,
    client_id TEXT,
    tool TEXT,
    kinds TEXT NOT NULL,
    decision TEXT,
    outcome TEXT,
    duration_us INTEGER,
    summary TEXT NOT NULL,
    detail TEXT NOT NULL,
    hash BLOB NOT NULL CHECK (length(hash) = 32)
  ) STRICT;

  -- What retention removed so far. A row of the log may go only once it is accounted for here.
  CREATE TABLE audit_checkpoint (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    up_to INTEGER NOT NULL,
    at INTEGER NOT NULL,
    rows INTEGER NOT NULL,
    hash BLOB NOT NULL,
    mac BLOB NOT NULL
  ) STRICT;

  -- Written to find out whether writing works again.
  CREATE TABLE probe (id INTEGER PRIMARY KEY CHECK (id = 1), at INTEGER NOT NULL) STRICT;

  CREATE TRIGGER audit_no_update BEFORE UPDATE ON audit
    BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
  CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit
    WHEN OLD.seq > coalesce((SELECT up_to FROM audit_checkpoint), 0)
    BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
  -- INSERT OR REPLACE removes a row without firing the trigger above.
  CREATE TRIGGER audit_no_replace BEFORE INSERT ON audit
    WHEN NEW.seq <= (SELECT max(seq) FROM audit)
    BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
  CREATE TRIGGER audit_checkpoint_grows BEFORE UPDATE ON audit_checkpoint
    WHEN NEW.up_to <= OLD.up_to
    BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
  CREATE TRIGGER audit_checkpoint_stays BEFORE DELETE ON audit_checkpoint
    BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
  CREATE TRIGGER audit_checkpoint_no_replace BEFORE INSERT ON audit_checkpoint
    WHEN EXISTS (SELECT 1 FROM audit_checkpoint)
    BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
  `,
  // 3: what files were before calls changed them.
  `
  CREATE TABLE journal (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    call_id TEXT NOT NULL,
    at INTEGER NOT NULL,
    client_name TEXT NOT NULL,
    tool TEXT NOT NULL,
    workspace TEXT NOT NULL,
    path TEXT NOT NULL,
    op TEXT NOT NULL,
    bytes INTEGER NOT NULL,
    undoable INTEGER NOT NULL CHECK (undoable IN (0, 1)),
    undone_by TEXT,
    body TEXT NOT NULL
  ) STRICT;
  CREATE INDEX journal_call ON journal (call_id);
  `,
  // 4: calls that ended, for figures over time: everything that is counted is in the index itself.
  `
  CREATE INDEX audit_ended ON audit (at, type, outcome, tool, client_id, actor, duration_us)
    WHERE type IN ('call.finished', 'call.refused');
  `,
  // 5: tools switched off for one client.
  `
  ALTER TABLE clients ADD COLUMN tools_off TEXT NOT NULL DEFAULT '[]' CHECK (json_valid(tools_off));
  `,
  // 6: what is known of each key. Its value is in the system's keychain and nowhere else.
  `
  CREATE TABLE keys (
    id TEXT PRIMARY KEY,
    label TEXT NOT NULL,
    hosts TEXT NOT NULL CHECK (json_valid(hosts)),
    added_at INTEGER NOT NULL,
    last_used_at INTEGER,
    last_used_by TEXT,
    checked_at INTEGER,
    checked TEXT,
    check_problem TEXT
  ) STRICT;
  `,
  // 7: what each client used of AI models on a day.
  `
  CREATE TABLE model_spend (
    day TEXT NOT NULL,
    client_id TEXT NOT NULL,
    tokens INTEGER NOT NULL,
    microcents INTEGER NOT NULL,
    PRIMARY KEY (day, client_id)
  ) STRICT, WITHOUT ROWID;
  `,
  // 8: pictures that calls made. Their content is in files, named by its SHA-256.
  `
  CREATE TABLE pictures (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    at INTEGER NOT NULL,
    call_id TEXT NOT NULL,
    client_id TEXT NOT NULL,
    client_name TEXT NOT NULL,
    tool TEXT NOT NULL,
    url TEXT NOT NULL,
    title TEXT NOT NULL,
    width INTEGER NOT NULL,
    height INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    type TEXT NOT NULL CHECK (type IN ('image/png', 'image/jpeg')),
    hash TEXT NOT NULL,
    small TEXT
  ) STRICT;
  CREATE INDEX pictures_call ON pictures (call_id);
  CREATE INDEX pictures_client ON pictures (client_id);
  `,
  // 9: what one client may use of AI models in a day; NULL where the settings say it.
  `
  ALTER TABLE clients ADD COLUMN daily_tokens INTEGER CHECK (daily_tokens >= 0);
  ALTER TABLE clients ADD COLUMN daily_cents INTEGER CHECK (daily_cents >= 0);
  `,
];

/**
 * Brings a database to the newest version: one IMMEDIATE transaction for each step, so that a step is done whole, once.
 *
 * @throws FastbandError `conflict` for a database that a newer Fastband made: its rules may mean what we do not know
 */
export function migrate(db: Database, migrations: readonly string[] = MIGRATIONS): void {
  checkVersion(db, migrations.length);
  for (let version = versionOf(db); version < migrations.length; version = versionOf(db)) {
    db.transaction(() => {
      // Read again under the lock: another process may have taken this step in between.
      const now = versionOf(db);
      const step = migrations[now];
      if (step === undefined) return;
      db.exec(step);
      db.pragma(`user_version = ${now + 1}`);
    }).immediate();
  }
  checkVersion(db, migrations.length);
}

export function versionOf(db: Database): number {
  return Number(db.pragma('user_version', { simple: true }));
}

/** @throws FastbandError `conflict` */
export function checkVersion(db: Database, newest: number = MIGRATIONS.length): void {
  if (versionOf(db) > newest) {
    throw new FastbandError(
      'conflict',
      'This home was last used by a newer Fastband, whose data this one cannot read. Update Fastband, or use another --home.',
    );
  }
}
