import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import Database from 'better-sqlite3';
import type { BackupFacts } from '../../contract/backups.ts';
import { openSettings } from '../config/settings.ts';
import { FastbandError } from '../core/errors.ts';
import { verifyAudit } from '../store/audit-verifier.ts';
import { connect, type Db } from '../store/database.ts';
import { DATABASE_FILE } from '../store/home.ts';
import { checkVersion, MIGRATIONS, versionOf } from '../store/migrations.ts';
import { invalid, newer, unpack } from './archive.ts';
import { decrypted, isEncrypted } from './crypt.ts';

export interface ExamineJob {
  readonly file: string;
  /** An empty folder, 0700: a home when this is done. */
  readonly staging: string;
  readonly passphrase?: string;
}

const silent = { debug() {}, info() {}, warn() {}, error() {} };

/** Whether a backup needs a passphrase. @throws FastbandError `not_found` */
export async function needsPassphrase(file: string): Promise<boolean> {
  const handle = await open(file, 'r').catch((error: unknown) => {
    throw new FastbandError('not_found', 'There is no such backup, or it cannot be opened.', {
      cause: error,
    });
  });
  try {
    const head = Buffer.alloc(64);
    const { bytesRead } = await handle.read(head, 0, head.length, 0);
    return isEncrypted(head.subarray(0, bytesRead));
  } finally {
    await handle.close();
  }
}

/**
 * Unpacks a backup and looks at everything in it: the database is whole, has Fastband's own schema and no other, its
 * audit chain verifies, and the settings are ones that would be taken.
 *
 * @throws FastbandError `backup_invalid`; `conflict` when a newer Fastband made it; `not_found`
 */
export async function examineBackup(
  job: ExamineJob,
  progress: (done: number, total: number) => void,
): Promise<BackupFacts> {
  const { file, staging, passphrase } = job;
  const locked = await needsPassphrase(file);
  if (locked && passphrase === undefined)
    throw new FastbandError('key_missing', 'This backup needs its passphrase.');
  const total = await sizeOf(file);
  const raw = createReadStream(file);
  const source =
    locked && passphrase !== undefined
      ? decrypted(Readable.toWeb(raw) as ReadableStream<Uint8Array>, passphrase)
      : raw;
  try {
    const manifest = await unpack(source, staging, (bytes) => progress(Math.min(bytes, total), total));
    if (manifest.schema > MIGRATIONS.length) throw newer();
    checkDatabase(join(staging, DATABASE_FILE), manifest.schema);
    checkSettings(staging);
    const audit = await verifyAudit(staging);
    if (!audit.ok) throw invalid(`its audit log does not verify: ${audit.bad?.problem ?? 'a row is wrong'}`);
    return {
      createdAt: manifest.createdAt,
      version: manifest.version,
      files: manifest.files.length,
      auditRows: audit.rows,
      encrypted: locked,
    };
  } finally {
    raw.destroy();
  }
}

function checkDatabase(file: string, schema: number): void {
  let db: Db | undefined;
  try {
    db = connect(file, 'read');
    if (versionOf(db) !== schema) throw invalid('its database is of another version than it says');
    checkVersion(db);
    if (db.pragma('integrity_check', { simple: true }) !== 'ok') throw invalid('its database is damaged');
    if ((db.pragma('foreign_key_check') as unknown[]).length > 0)
      throw invalid('rows of its database refer to others that are not there');
    // A trigger or view of somebody else's would be part of every later change of policy.
    if (schemaOf(db) !== expectedSchema(schema))
      throw invalid('its database has tables or triggers that Fastband did not make');
  } catch (error) {
    if (error instanceof FastbandError) throw error;
    throw invalid('its database cannot be opened', error);
  } finally {
    db?.close();
  }
}

function expectedSchema(version: number): string {
  const db = new Database(':memory:');
  try {
    for (const step of MIGRATIONS.slice(0, version)) db.exec(step);
    return schemaOf(db);
  } finally {
    db.close();
  }
}

function schemaOf(db: Db): string {
  const sql =
    "SELECT type, name, tbl_name, sql FROM sqlite_schema WHERE name NOT GLOB 'sqlite_*' ORDER BY type, name";
  return JSON.stringify(db.prepare(sql).raw().all());
}

function checkSettings(staging: string): void {
  try {
    openSettings({ home: staging, log: silent }).close();
  } catch (error) {
    throw invalid('its settings are not ones that this Fastband takes', error);
  }
}

async function sizeOf(file: string): Promise<number> {
  const handle = await open(file, 'r');
  try {
    return (await handle.stat()).size;
  } finally {
    await handle.close();
  }
}
