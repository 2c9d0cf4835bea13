import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { BackupInfo } from '../../contract/backups.ts';
import { FastbandError } from '../core/errors.ts';
import type { Clock, Ports } from '../ports.ts';
import type { Store } from '../store/open.ts';
import { BACKUPS_FOLDER, backupName, listBackups } from './names.ts';
import { runCreate, type WorkOptions } from './work.ts';

export interface MakeDeps {
  readonly home: string;
  readonly audit: Pick<Store['audit'], 'append'>;
  readonly clock: Clock;
  readonly random: Ports['random'];
  /** For tests, in which a second for each passphrase is too long. */
  readonly workFactor?: number;
}

export interface MakeOptions extends WorkOptions {
  /** Default: the home's own folder of backups. */
  readonly folder?: string;
  /** Absent: not encrypted. */
  readonly passphrase: string | undefined;
  readonly scheduled?: boolean;
}

/** Makes a backup, and the audit row that says so: there is none without the other. */
export async function makeBackup(deps: MakeDeps, options: MakeOptions): Promise<BackupInfo> {
  const { home, clock, random, workFactor } = deps;
  const { passphrase, scheduled = false, folder = join(home, BACKUPS_FOLDER) } = options;
  const now = clock.now();
  const encrypted = passphrase !== undefined;
  const name = backupName(now, random, { encrypted, scheduled });
  const file = join(folder, name);
  await runCreate(
    {
      home,
      file,
      now,
      ...(encrypted ? { passphrase } : {}),
      ...(workFactor === undefined ? {} : { workFactor }),
    },
    options,
  );
  try {
    const info = (await listBackups(folder)).find((one) => one.name === name);
    if (info === undefined) throw new FastbandError('internal', 'The backup is gone again. Try once more.');
    deps.audit.append({
      type: 'backup.created',
      actor: scheduled ? 'fastband' : 'person',
      outcome: 'ok',
      summary: `Backup ${name} was made${encrypted ? '' : ', not encrypted'}: ${info.bytes} bytes.`,
      detail: { file, bytes: info.bytes, encrypted, scheduled },
    });
    return info;
  } catch (error) {
    await rm(file, { force: true });
    throw error;
  }
}
