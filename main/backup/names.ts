import { lstat, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type BackupInfo, BackupName } from '../../contract/backups.ts';

/** Below a home. */
export const BACKUPS_FOLDER = 'backups';
/** What is being made begins so. */
export const DRAFT = '.draft-';
const DAY_MS = 86_400_000;

export function backupName(
  now: number,
  random: (bytes: number) => Uint8Array,
  { encrypted, scheduled }: { readonly encrypted: boolean; readonly scheduled: boolean },
): string {
  const stamp = new Date(now).toISOString().replace(/[-:]|\.\d+/g, '');
  const id = Buffer.from(random(3)).toString('hex');
  return `fastband-${scheduled ? 'auto-' : ''}${stamp}-${id}.backup${encrypted ? '.age' : ''}`;
}

/** The backups in a folder, newest first. Other files there are none of ours. */
export async function listBackups(folder: string): Promise<BackupInfo[]> {
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  const found = await Promise.all(
    names.map(async (name) => {
      if (!BackupName.safeParse(name).success) return [];
      const info = await lstat(join(folder, name)).catch(() => undefined);
      if (info?.isFile() !== true) return [];
      return [
        {
          name,
          at: timeOf(name),
          bytes: info.size,
          encrypted: name.endsWith('.age'),
          scheduled: name.startsWith('fastband-auto-'),
        },
      ];
    }),
  );
  return found.flat().sort((a, b) => b.at - a.at || b.name.localeCompare(a.name));
}

/** Removes the schedule's own backups but the newest, and drafts that a kill left a day ago. */
export async function tidy(folder: string, keep: number, now: number): Promise<string[]> {
  const own = (await listBackups(folder)).filter(({ scheduled }) => scheduled);
  const old = own.slice(keep).map(({ name }) => name);
  for (const name of old) await rm(join(folder, name), { force: true });
  for (const name of await readdir(folder).catch(() => [])) {
    if (!name.startsWith(DRAFT)) continue;
    const info = await lstat(join(folder, name)).catch(() => undefined);
    if (info !== undefined && info.mtimeMs < now - DAY_MS)
      await rm(join(folder, name), { recursive: true, force: true });
  }
  return old;
}

function timeOf(name: string): number {
  const [, y, mo, d, h, mi, s] = /(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z/.exec(name) ?? [];
  const at = Date.UTC(Number(y), Number(mo) - 1, Number(d), Number(h), Number(mi), Number(s));
  return Number.isNaN(at) ? 0 : at;
}
