import { randomBytes } from 'node:crypto';
import type { Clock, Log, Ports } from '../ports.ts';
import { AuditStore } from './audit.ts';
import { ClientStore } from './clients.ts';
import { type Db, openDatabase } from './database.ts';
import { GrantStore } from './grants.ts';
import { JournalStore } from './journal-rows.ts';
import { KeyStore } from './keys.ts';
import { PictureStore } from './pictures.ts';
import { RuleStore } from './rules.ts';
import { SpendStore } from './spend.ts';
import type { Tables } from './tables.ts';
import { ToolSwitchStore } from './tool-switches.ts';
import { Transactions } from './transactions.ts';
import { WorkspaceStore } from './workspaces.ts';

export interface Store {
  readonly audit: AuditStore;
  readonly clients: ClientStore;
  readonly workspaces: WorkspaceStore;
  readonly rules: RuleStore;
  readonly grants: GrantStore;
  readonly toolSwitches: ToolSwitchStore;
  readonly journal: JournalStore;
  readonly keys: KeyStore;
  readonly spend: SpendStore;
  readonly pictures: PictureStore;
  /** Grows when a table other than audit and journal may have changed, here or in another process. About 1 µs. */
  version(): number;
  /**
   * One IMMEDIATE transaction: what `run` writes commits together or not at all. One inside another joins it. `run`
   * must not be async.
   *
   * @throws FastbandError `audit_unavailable` when it cannot be committed; whatever `run` throws, after a rollback
   */
  transaction<T>(run: () => T): T;
  close(): void;
}

export interface OpenStoreOptions {
  readonly home: string;
  readonly clock: Clock;
  readonly log: Log;
  /** Changes nothing, and makes nothing: the database must be there and of this version. */
  readonly readOnly?: boolean;
  /** Default: the system's. */
  readonly random?: Ports['random'];
}

/**
 * Opens the database of a home folder; made and migrated if need be. Folder 0700, files 0600.
 *
 * @throws FastbandError `audit_unavailable` when it cannot be opened or is damaged, `conflict` when it is newer
 */
export function openStore(options: OpenStoreOptions): Store {
  return storeOn(openDatabase(options.home, options), options);
}

/** The store on a connection that is open already; `close` closes it. */
export function storeOn(db: Db, { home, clock, log, random = randomBytes }: OpenStoreOptions): Store {
  let own = 0;
  let seen = -1;
  const touched = () => void own++;
  const transactions = new Transactions(db, log, touched);
  const tables: Tables = { home, db, transactions, clock, random, log, touched };
  // Another connection's commits, its audit rows too, change this number; ours do not.
  const dataVersion = db.prepare('PRAGMA data_version').pluck();
  const audit = new AuditStore(tables);
  return {
    audit,
    clients: new ClientStore(tables),
    workspaces: new WorkspaceStore(tables),
    rules: new RuleStore(tables),
    grants: new GrantStore(tables),
    toolSwitches: new ToolSwitchStore(tables),
    journal: new JournalStore(tables),
    keys: new KeyStore(tables),
    spend: new SpendStore(tables),
    pictures: new PictureStore(tables),
    version() {
      const now = Number(dataVersion.get());
      if (now !== seen) {
        seen = now;
        own++;
      }
      return own;
    },
    transaction: (run) => transactions.run(run),
    close() {
      audit.close();
      db.close();
    },
  };
}
