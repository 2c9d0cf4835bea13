import { FastbandError } from '../../core/errors.ts';
import type { PlanContext } from '../../core/tool.ts';
import { callerPath, changed, type PathStat, sameThing } from '../../guard/path.ts';
import { resolveFor } from '../paths.ts';
import type { DatabaseFile } from './jobs.ts';

/** A database file as it was when the call was planned. */
export interface PlannedFile {
  readonly kind: 'file';
  readonly requested: string;
  /** As a caller would write it. */
  readonly name: string;
  readonly workspace: string;
  readonly relative: string;
  readonly absolute: string;
  readonly stat: PathStat;
  readonly viaLink: boolean;
}

/** @throws FastbandError `not_found`, `invalid_input` for a folder, and what the path guard refuses with */
export async function planFile(
  context: PlanContext,
  database: string,
  intent: 'read' | 'write',
): Promise<PlannedFile> {
  const resolved = await resolveFor(context, database, intent);
  const { requested, workspace, relative, absolute, type, stat, viaLink } = resolved;
  if (type === null || stat === null) throw new FastbandError('not_found', `${database} does not exist.`);
  if (type === 'directory') throw new FastbandError('invalid_input', `${database} is a folder.`);
  return {
    kind: 'file',
    requested,
    name: callerPath(context.workspaces, workspace.name, relative),
    workspace: workspace.name,
    relative,
    absolute,
    stat,
    viaLink,
  };
}

/** The same file, still where it was. Its content may have changed: a database is there to be changed. */
export async function sameFile(
  context: PlanContext,
  file: PlannedFile,
  intent: 'read' | 'write',
): Promise<DatabaseFile> {
  const now = await resolveFor(context, file.requested, intent);
  if (
    now.absolute !== file.absolute ||
    now.stat?.dev !== file.stat.dev ||
    now.stat.ino !== file.stat.ino ||
    !sameThing({ ...file.stat, size: 0, mtimeMs: 0 }, { ...now.stat, size: 0, mtimeMs: 0 })
  )
    throw changed(file.name);
  return { absolute: file.absolute, dev: file.stat.dev, ino: file.stat.ino };
}
