import { join } from 'node:path';
import {
  type BackupFacts,
  type BackupInfo,
  type BackupList,
  type BackupProblem,
  Passphrase,
} from '../../contract/backups.ts';
import type { Settings } from '../../contract/settings.ts';
import { FastbandError } from '../core/errors.ts';
import type { Log } from '../ports.ts';
import type { Keys } from '../vault/keys.ts';
import type { MakeDeps } from './make.ts';
import { BACKUPS_FOLDER, listBackups, tidy } from './names.ts';
import type { WorkOptions } from './work.ts';

/** Where scheduled backups take their passphrase from: a person puts it there as any other key. */
export const PASSPHRASE_KEY = 'secret:backup-passphrase';
const HOUR_MS = 60 * 60 * 1000;
/** How often it is looked whether one is due. */
const LOOK_MS = 10 * 60 * 1000;
const FASTBAND = { id: '', name: 'fastband' };
const PERSON = { id: '', name: 'person' };

export interface BackupsDeps extends MakeDeps {
  readonly keys: Pick<Keys, 'info' | 'use'>;
  readonly settings: () => Settings;
  readonly log: Log;
}

/** The backups of a home: asked for by a person, and by the schedule. One is made at a time. */
export class Backups {
  readonly #deps: BackupsDeps;
  readonly #folder: string;
  #problem: BackupProblem | undefined;
  #busy = false;
  #stop = () => {};
  #ending = new AbortController();

  constructor(deps: BackupsDeps) {
    this.#deps = deps;
    this.#folder = join(deps.home, BACKUPS_FOLDER);
  }

  async list(): Promise<BackupList> {
    const backups = await listBackups(this.#folder);
    const problem = this.#deps.settings().backup.everyHours > 0 ? await this.#problemNow() : undefined;
    return { folder: this.#folder, backups, ...(problem === undefined ? {} : { problem }) };
  }

  /** Always encrypted. @throws FastbandError `conflict` while one is made, `key_missing`, `keychain_unavailable` */
  async create(passphrase: string | undefined, options: WorkOptions = {}): Promise<BackupInfo> {
    return this.#make(passphrase ?? (await this.#kept(PERSON)), false, options);
  }

  /** @throws FastbandError `backup_invalid`, `not_found`, `key_missing` */
  async verify(
    name: string,
    passphrase: string | undefined,
    options: WorkOptions = {},
  ): Promise<BackupFacts> {
    const { inDraft, runExamine } = await import('./work.ts');
    const file = join(this.#folder, name);
    const locked = name.endsWith('.age');
    const key = locked ? (passphrase ?? (await this.#deps.keys.use(PASSPHRASE_KEY, PERSON))) : undefined;
    return inDraft(this.#folder, (staging) =>
      runExamine({ file, staging, ...(key === undefined ? {} : { passphrase: key }) }, options),
    );
  }

  /** Begins to look whether one is due, now and again. */
  start(): void {
    this.#ending = new AbortController();
    const look = () => {
      this.#stop = this.#deps.clock.after(LOOK_MS, look);
      void this.tick();
    };
    look();
  }

  /** Ends the schedule, and a backup that it makes just now: nothing of it is left. */
  stop(): void {
    this.#stop();
    this.#ending.abort(new FastbandError('server_stopped', 'Fastband is stopping.'));
  }

  /** Makes a backup if one is due, and removes its own old ones. Never throws. */
  async tick(): Promise<void> {
    const { clock, log, settings } = this.#deps;
    const { everyHours, keep } = settings().backup;
    if (everyHours === 0 || this.#busy) return;
    try {
      const last = (await listBackups(this.#folder)).find(({ scheduled }) => scheduled);
      if (last !== undefined && last.at + everyHours * HOUR_MS > clock.now()) return;
      this.#problem = await this.#problemNow(true);
      if (this.#problem !== undefined) return;
      await this.#make(await this.#kept(FASTBAND), true, { signal: this.#ending.signal });
      await tidy(this.#folder, keep, clock.now());
    } catch (error) {
      if (this.#ending.signal.aborted) return;
      this.#problem = 'failed';
      log.error({ err: error }, 'the scheduled backup failed; it is tried again in ten minutes');
    }
  }

  async #make(passphrase: string, scheduled: boolean, options: WorkOptions): Promise<BackupInfo> {
    if (this.#busy)
      throw new FastbandError('conflict', 'A backup is being made already. Wait for it to end.');
    this.#busy = true;
    try {
      const { makeBackup } = await import('./make.ts');
      return await makeBackup(this.#deps, { ...options, passphrase, scheduled });
    } finally {
      this.#busy = false;
    }
  }

  async #kept(by: { id: string; name: string }): Promise<string> {
    const value = await this.#deps.keys.use(PASSPHRASE_KEY, by);
    if (!Passphrase.safeParse(value).success)
      throw new FastbandError(
        'invalid_input',
        `The passphrase in ${PASSPHRASE_KEY} needs at least 12 characters.`,
      );
    return value;
  }

  /** Without a passphrase nothing is written: a copy that anybody can read is no safety. */
  async #problemNow(fresh = false): Promise<BackupProblem | undefined> {
    const info = await this.#deps.keys.info(PASSPHRASE_KEY);
    if (info === undefined || info.state === 'gone') return 'no_passphrase';
    if (info.state === 'closed') return 'keychain';
    if (!fresh)
      return this.#problem === 'failed' || this.#problem === 'short_passphrase' ? this.#problem : undefined;
    const value = await this.#deps.keys.use(PASSPHRASE_KEY, FASTBAND);
    return Passphrase.safeParse(value).success ? undefined : 'short_passphrase';
  }
}
