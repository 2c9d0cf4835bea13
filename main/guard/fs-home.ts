import type { Stats } from 'node:fs';
import { lstat, readdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { FastbandError } from '../core/errors.ts';
import { findReal } from './fs-find.ts';
import { holds } from './fs-names.ts';

const realHomes = new Map<string, string>();

/** Real path of Fastband's folder; remembered once it exists. */
export async function realHome(home: string): Promise<string> {
  const known = realHomes.get(home);
  if (known !== undefined) return known;
  const { real, rest } = await findReal(resolve(home), 'Fastband’s folder');
  if (rest.length === 0) realHomes.set(home, real);
  return join(real, ...rest);
}

/** @throws FastbandError `path_refused` for what lies in Fastband's own folder */
export async function refuseHome(absolute: string, home: string, shown: string): Promise<void> {
  if (holds(resolve(home), absolute) || holds(await realHome(home), absolute)) throw homeRefused(shown);
}

/** A hard link is a second name for the same file: one of them in a workspace would hand out database and settings. */
export async function refuseHomeLink(info: Stats, home: string, shown: string): Promise<void> {
  const folder = await realHome(home);
  const names = await readdir(folder).catch(() => []);
  for (const name of names) {
    const own = await lstat(join(folder, name)).catch(() => undefined);
    if (own?.dev === info.dev && own.ino === info.ino) throw homeRefused(shown);
  }
}

function homeRefused(shown: string): FastbandError {
  return new FastbandError(
    'path_refused',
    `${shown} belongs to Fastband itself, which no tool may read or change.`,
  );
}
