import { existsSync } from 'node:fs';
import { realpath, rename, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { BackupFacts } from '../../contract/backups.ts';
import { showLine } from '../../contract/display.ts';
import { FastbandError } from '../core/errors.ts';
import type { Clock, Log } from '../ports.ts';
import { ASIDE, DATABASE_FILE } from '../store/home.ts';
import { lockHome } from '../store/lock.ts';
import { openStore, type Store } from '../store/open.ts';
import { BACKUPS_FOLDER } from './names.ts';
import { makeStaging, tidyStaging } from './staging.ts';
import { runExamine, type WorkOptions } from './work.ts';

export interface RestoreJob {
  readonly home: string;
  readonly file: string;
  readonly passphrase?: string;
  /** Clients that the present database does not know keep their access: a person's word that none was revoked since. */
  readonly keepClients?: boolean;
  readonly clock: Clock;
  readonly log: Log;
}

export interface Restored extends BackupFacts {
  /** Where the home that was there is now. Absent: there was none. */
  readonly aside?: string;
  /** Clients revoked since the backup, which it would have let in again. */
  readonly revoked: readonly string[];
  /** Clients revoked now because nothing here can say whether they were since the backup. */
  readonly unsure: readonly string[];
}

/** The names of clients that do not come back. */
type ShutOut = Pick<Restored, 'revoked' | 'unsure'>;

/**
 * Puts a backup in the place of a home. It is unpacked and examined beside it first; the home that was there is kept
 * under another name, whole, but for its backups, which stay where they are. Copies that an earlier restore was killed
 * over are removed: before, where the home is there; else after, as there may be nothing else yet.
 *
 * @throws FastbandError `home_in_use` when a host runs with this home, `backup_invalid`, `conflict`, `not_found`
 */
export async function restoreBackup(job: RestoreJob, options: WorkOptions = {}): Promise<Restored> {
  const home = await realpath(job.home).catch(() => job.home);
  const existed = existsSync(home);
  let unlock = existed ? lockHome(home) : () => {};
  let stopHolding = () => {};
  let staging: string | undefined;
  try {
    if (existed) await tidyStaging(home);
    const made = await makeStaging(home);
    staging = made.folder;
    stopHolding = made.release;
    const { file, passphrase } = job;
    const facts = await runExamine(
      { file, staging, ...(passphrase === undefined ? {} : { passphrase }) },
      options,
    );
    const shutOut = settle(staging, home, facts, job);
    stopHolding();
    if (!existed) {
      await rename(staging, home);
      await tidyStaging(home);
      return { ...facts, ...shutOut };
    }
    const day = new Date(job.clock.now()).toISOString().slice(0, 10);
    const aside = `${home}${ASIDE}${day}-${made.id}`;
    // Windows renames no folder in which a file is open.
    if (process.platform === 'win32') {
      unlock();
      unlock = () => {};
    }
    await swap(home, staging, aside);
    return { ...facts, aside, ...shutOut };
  } finally {
    stopHolding();
    unlock();
    if (staging !== undefined) await rm(staging, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** Makes it a home of today: migrated, said in its log, and open to nobody who was or may have been shut out since. */
function settle(
  staging: string,
  home: string,
  facts: BackupFacts,
  { file, keepClients = false, clock, log }: RestoreJob,
): ShutOut {
  const made = new Date(facts.createdAt).toISOString();
  const name = showLine(basename(file));
  const old = openOld(home, clock, log);
  const store = openStore({ home: staging, clock, log });
  try {
    store.grants.clearSession();
    store.audit.append({
      type: 'backup.restored',
      actor: 'person',
      outcome: 'ok',
      summary: `The backup ${name} of ${made} was restored. What is above this row is as it was then.`,
      detail: { file: name, createdAt: facts.createdAt, auditRows: facts.auditRows },
    });
    // Revocations are in no backup that is older than they are, so only the present database can let a client in.
    const present = clientsOf(old, log);
    const shutOut = { revoked: [] as string[], unsure: [] as string[] };
    for (const client of store.clients.list()) {
      if (client.revokedAt !== undefined) continue;
      const now = present.get(client.id);
      if (now === 'active' || (now === undefined && keepClients)) continue;
      const why =
        now === 'revoked'
          ? 'was revoked again: that was done after the backup.'
          : 'was revoked: whether that was done after the backup cannot be known.';
      store.transaction(() => {
        store.clients.revoke(client.id);
        store.audit.append({
          type: 'client.revoked',
          actor: 'fastband',
          summary: `Client ${showLine(client.name)} ${why}`,
          detail: { clientId: client.id },
        });
      });
      shutOut[now === 'revoked' ? 'revoked' : 'unsure'].push(client.name);
    }
    sayGoodbye(old, {
      type: 'backup.restored',
      actor: 'person',
      outcome: 'ok',
      summary: `The backup ${name} of ${made} was put in the place of this home.`,
      detail: { file: name, createdAt: facts.createdAt },
    });
    return shutOut;
  } finally {
    store.close();
    old?.close();
  }
}

/** A home that is too damaged to be opened is one more reason to restore. */
function openOld(home: string, clock: Clock, log: Log): Store | undefined {
  if (!existsSync(join(home, DATABASE_FILE))) return undefined;
  try {
    return openStore({ home, clock, log });
  } catch {
    log.warn({}, 'the present database cannot be opened, so clients revoked since the backup are not known');
    return undefined;
  }
}

/** By id. A client that is missing, in a damaged table or another home's, is one of which nothing is known. */
function clientsOf(old: Store | undefined, log: Log): ReadonlyMap<string, 'active' | 'revoked'> {
  try {
    const clients = old?.clients.list() ?? [];
    return new Map(clients.map((one) => [one.id, one.revokedAt === undefined ? 'active' : 'revoked']));
  } catch {
    log.warn(
      {},
      'the present list of clients cannot be read, so those revoked since the backup are not known',
    );
    return new Map();
  }
}

/** The last row of a home that is put aside. One too damaged to take it is still put aside. */
function sayGoodbye(old: Store | undefined, row: Parameters<Store['audit']['append']>[0]): void {
  try {
    old?.audit.append(row);
  } catch {}
}

async function swap(home: string, staging: string, aside: string): Promise<void> {
  try {
    await rename(home, aside);
  } catch (error) {
    throw new FastbandError(
      'conflict',
      `The folder ${home} cannot be moved: it is in use, or a mount. Nothing was changed. Close what uses it, or restore to another --home.`,
      { cause: error },
    );
  }
  try {
    await rename(staging, home);
  } catch (error) {
    await rename(aside, home);
    throw error;
  }
  const backups = join(aside, BACKUPS_FOLDER);
  if (existsSync(backups)) await rename(backups, join(home, BACKUPS_FOLDER));
}
