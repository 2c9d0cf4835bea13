import { readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { FastbandError } from '../../core/errors.ts';
import type { PlanContext } from '../../core/tool.ts';
import { inFolder } from '../../guard/fs-folder.ts';
import { homePlaces } from '../../guard/fs-home.ts';
import { holds, isGitName, isPolicyFolderName } from '../../guard/fs-names.ts';
import { lstatOf, type PathStat } from '../../guard/path.ts';
import { childPath } from '../paths.ts';

export interface WalkEntry {
  /** Relative to the workspace. */
  readonly path: string;
  readonly absolute: string;
  readonly type: 'file' | 'directory' | 'link' | 'other';
  readonly stat: PathStat;
}

/**
 * Everything below a folder, breadth first and sorted by name within each folder. Links are not followed, also where
 * one takes a folder's place during the walk.
 *
 * @throws FastbandError `too_large` past `max` entries, so that what a person is shown is complete; `changed_since_plan`
 */
export async function walk(
  folder: { path: string; absolute: string },
  max: number,
  signal: AbortSignal,
): Promise<WalkEntry[]> {
  const found: WalkEntry[] = [];
  const queue = [folder];
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
    signal.throwIfAborted();
    const { path, absolute } = next;
    const entries = await inFolder(absolute, path, async (held) => {
      const names = (await readdir(held.self)).sort();
      if (found.length + names.length > max) {
        throw new FastbandError(
          'too_large',
          `${folder.path} holds more than ${max} files and folders. Take a smaller part.`,
        );
      }
      const stats = await Promise.all(names.map((name) => lstatOf(held.at(name))));
      return names.flatMap((name, i): WalkEntry[] => {
        const stat = stats[i];
        return stat == null
          ? []
          : [{ path: childPath(path, name), absolute: join(absolute, name), type: kindOf(stat), stat }];
      });
    });
    for (const entry of entries) {
      found.push(entry);
      if (entry.type === 'directory') queue.push(entry);
    }
  }
  return found;
}

export function kindOf(stat: PathStat): WalkEntry['type'] {
  switch (stat.mode & 0o170000) {
    case 0o100000:
      return 'file';
    case 0o040000:
      return 'directory';
    case 0o120000:
      return 'link';
    default:
      return 'other';
  }
}

/**
 * Refuses a folder that holds what no file tool may change: git's own data, a policy, Fastband's folder, another
 * workspace, or something that is neither file, folder nor link.
 *
 * @throws FastbandError `path_refused`
 */
export async function refuseProtected(
  folder: { readonly absolute: string; readonly requested: string },
  entries: readonly WalkEntry[],
  context: PlanContext,
): Promise<void> {
  const { absolute, requested } = folder;
  if (homePlaces(context.ports.home).some((place) => holds(absolute, place))) {
    throw new FastbandError(
      'path_refused',
      `${requested} holds Fastband's own folder, which no tool may change.`,
    );
  }
  const inner = context.workspaces.find((one) => holds(absolute, one.root));
  if (inner !== undefined)
    throw new FastbandError(
      'path_refused',
      `${requested} holds the workspace ${inner.name}, which only a person may move or remove.`,
    );
  for (const entry of entries) {
    const name = basename(entry.absolute);
    if (isGitName(name))
      throw new FastbandError(
        'path_refused',
        `${requested} holds a git repository (${entry.path}). Remove or move that by hand.`,
      );
    if (isPolicyFolderName(name))
      throw new FastbandError(
        'path_refused',
        `${requested} holds a policy for Fastband (${entry.path}). Only a person changes it.`,
      );
    if (entry.type === 'other')
      throw new FastbandError(
        'path_refused',
        `${requested} holds a device, pipe or socket (${entry.path}). Remove that by hand.`,
      );
  }
}
