import { randomBytes } from 'node:crypto';
import { lstat, mkdir, readdir, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { lockHome } from '../store/lock.ts';

/** The copy that a restore makes beside a home, before it takes the home's place. */
export interface Staging {
  readonly folder: string;
  /** 8 hexadecimal digits, also in the name under which the old home is put aside. */
  readonly id: string;
  /** Held while the copy is being made: what `tidyStaging` goes by. To be called before it is moved. */
  release(): void;
}

const nameOf = (home: string, id: string) => `.${basename(home)}.restore-${id}`;

/** @throws FastbandError `audit_unavailable` when the folder cannot be used */
export async function makeStaging(home: string): Promise<Staging> {
  const id = randomBytes(4).toString('hex');
  const folder = join(dirname(home), nameOf(home, id));
  await mkdir(folder, { recursive: true, mode: 0o700 });
  return { folder, id, release: lockHome(folder) };
}

/**
 * Removes the copies that restores of this home left when they were killed. None holds anything but what its backup
 * does: the home itself is put aside under another name. One that a restore is making now is left alone. Never throws:
 * what cannot be removed is only in the way of nothing.
 */
export async function tidyStaging(home: string): Promise<void> {
  const parent = dirname(home);
  for (const name of await readdir(parent).catch(() => [])) {
    const id = name.slice(-8);
    if (name !== nameOf(home, id) || !/^[0-9a-f]{8}$/.test(id)) continue;
    const folder = join(parent, name);
    try {
      const info = await lstat(folder);
      if (!info.isDirectory() || info.uid !== (process.geteuid?.() ?? info.uid)) continue;
      lockHome(folder)();
      await rm(folder, { recursive: true, force: true, maxRetries: 5 });
    } catch {
      // Held by a restore that is at work, or not ours to remove.
    }
  }
}
