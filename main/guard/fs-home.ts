import { readFileSync, realpathSync, type Stats } from 'node:fs';
import { lstat, readdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { FastbandError } from '../core/errors.ts';
import { parseMounts, placesOf } from './fs-mounts.ts';
import { holdsInAnyCase } from './fs-names.ts';

/** How long what was found is taken to be so, in milliseconds: making a mount takes root, making a link takes a program. */
const KEPT_MS = 1000;

const places = new Map<string, { readonly until: number; readonly found: readonly string[] }>();
const files = new Map<string, { readonly until: number; readonly found: Promise<ReadonlySet<string>> }>();

/** Every path under which Fastband's folder, or a part of it, is to be had: by its name, by its real path, by mounts. */
export function homePlaces(home: string): readonly string[] {
  const known = places.get(home);
  if (known !== undefined && known.until > performance.now()) return known.found;
  const real = realHome(home);
  const found = [...new Set([resolve(home), ...placesOf(real, parseMounts(mountinfo()))])];
  places.set(home, { until: performance.now() + KEPT_MS, found });
  return found;
}

/** Whether a real path is Fastband's folder or lies in it. Part of a disk may not tell case apart, so case never counts. */
export function isOwn(absolute: string, home: string): boolean {
  return homePlaces(home).some((place) => holdsInAnyCase(place, absolute));
}

/** @throws FastbandError `path_refused` for what lies in Fastband's own folder */
export function refuseHome(absolute: string, home: string, shown: string): void {
  if (isOwn(absolute, home)) throw homeRefused(shown);
}

/** Whether a file is one of Fastband's under a second name: as a hard link in a workspace it would hand out the database. */
export async function isOwnLink(info: Pick<Stats, 'dev' | 'ino' | 'nlink'>, home: string): Promise<boolean> {
  return info.nlink > 1 && (await ownFiles(home)).has(`${info.dev}:${info.ino}`);
}

/** @throws FastbandError `path_refused` for a hard link to a file of Fastband's */
export async function refuseHomeLink(info: Stats, home: string, shown: string): Promise<void> {
  if (await isOwnLink(info, home)) throw homeRefused(shown);
}

function ownFiles(home: string): Promise<ReadonlySet<string>> {
  const known = files.get(home);
  if (known !== undefined && known.until > performance.now()) return known.found;
  const found = filesIn(realHome(home));
  files.set(home, { until: performance.now() + KEPT_MS, found });
  return found;
}

/** Device and number of each file in a folder, at any depth. What is gone meanwhile is nobody's second name. */
async function filesIn(folder: string): Promise<Set<string>> {
  const found = new Set<string>();
  const folders = [folder];
  for (let next = folders.pop(); next !== undefined; next = folders.pop()) {
    const path = next;
    const entries = await readdir(path, { withFileTypes: true }).catch(() => []);
    folders.push(...entries.filter((one) => one.isDirectory()).map(({ name }) => join(path, name)));
    const plain = entries.filter((one) => one.isFile());
    const stats = await Promise.all(plain.map(({ name }) => lstat(join(path, name)).catch(() => undefined)));
    for (const info of stats) if (info !== undefined) found.add(`${info.dev}:${info.ino}`);
  }
  return found;
}

/** Asked once a second at most, of what the kernel has at hand: a thread would cost more than the answer. */
function realHome(home: string): string {
  try {
    return realpathSync.native(home);
  } catch {
    return resolve(home);
  }
}

function mountinfo(): string {
  if (process.platform !== 'linux') return '';
  try {
    return readFileSync('/proc/self/mountinfo', 'utf8');
  } catch {
    // No /proc here: there is nothing to tell mounts by.
    return '';
  }
}

function homeRefused(shown: string): FastbandError {
  return new FastbandError(
    'path_refused',
    `${shown} belongs to Fastband itself, which no tool may read or change.`,
  );
}
