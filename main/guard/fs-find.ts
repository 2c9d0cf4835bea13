import { lstat, realpath } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { FastbandError } from '../core/errors.ts';
import { errorCode, outside, unreadable } from './fs-errors.ts';

/** How much of a path exists, and where that really is. */
export interface Found {
  /** Real path of the deepest part that exists. */
  readonly real: string;
  /** Names below it that do not. */
  readonly rest: readonly string[];
  /** Why the rest could not be looked at. */
  readonly error?: unknown;
}

/**
 * Follows every link on the way.
 *
 * @param absolute - normalised
 * @param shown - for errors: what the caller called it
 * @throws FastbandError `outside_workspace` for a link to nothing, `path_refused` for a loop of links
 */
export async function findReal(absolute: string, shown: string): Promise<Found> {
  const rest: string[] = [];
  let error: unknown;
  for (let current = absolute; ; current = dirname(current)) {
    try {
      return { real: await realpath(current), rest, ...(error === undefined ? {} : { error }) };
    } catch (failure) {
      const code = errorCode(failure);
      if (code === 'ENOENT') {
        // Following a link to nothing would let a write make a file wherever it points.
        if (await isSymlink(current)) throw outside(shown);
      } else if (code === 'ELOOP') {
        throw new FastbandError('path_refused', `${shown} leads through symbolic links that form a loop.`);
      } else if (code !== 'ENOTDIR') error ??= failure;
      if (dirname(current) === current) throw unreadable(shown, failure);
      rest.unshift(basename(current));
    }
  }
}

/** As `findReal`, but the last name is taken as it is. */
export async function findLink(absolute: string, shown: string): Promise<Found> {
  const name = basename(absolute);
  if (name === '') return findReal(absolute, shown);
  const parent = await findReal(dirname(absolute), shown);
  if (parent.rest.length > 0 || parent.error !== undefined)
    return { ...parent, rest: [...parent.rest, name] };
  const target = join(parent.real, name);
  try {
    await lstat(target);
    return { real: target, rest: [] };
  } catch (error) {
    const code = errorCode(error);
    const plain = code === 'ENOENT' || code === 'ENOTDIR';
    return { real: parent.real, rest: [name], ...(plain ? {} : { error }) };
  }
}

async function isSymlink(path: string): Promise<boolean> {
  try {
    return (await lstat(path)).isSymbolicLink();
  } catch {
    return false;
  }
}
