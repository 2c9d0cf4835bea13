import { constants } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { Effect, WriteOp } from '../../../contract/effects.ts';
import { sha256Hex } from '../../core/canonical.ts';
import { FastbandError } from '../../core/errors.ts';
import type { RunContext } from '../../core/tool.ts';
import { writeAtomically } from '../../guard/atomic-write.ts';
import { changing, errorCode } from '../../guard/fs-errors.ts';
import { inFolder } from '../../guard/fs-folder.ts';
import { changed, lstatOf, type PathStat, type ResolvedPath, sameThing } from '../../guard/path.ts';
import { hashFile } from '../file-content.ts';

/** A file change, frozen: what is there now, and what will be. */
export interface FileChange {
  readonly requested: string;
  readonly workspace: string;
  readonly path: string;
  readonly absolute: string;
  readonly op: Extract<WriteOp, 'create' | 'modify'>;
  /** What the change was planned on; null when there was nothing. */
  readonly before: PathStat | null;
  /** SHA-256 (hex) of the content before; null when there was nothing. */
  readonly beforeHash: string | null;
  readonly content: string;
  /** Folders to make first, outermost first. */
  readonly folders: readonly { readonly path: string; readonly absolute: string }[];
}

/**
 * Plans writing `content` to a resolved path.
 *
 * @param before - the bytes that are there, when they were read already
 * @throws FastbandError `invalid_input`; the signal's reason
 */
export async function planChange(
  resolved: ResolvedPath,
  content: string,
  signal: AbortSignal,
  before?: Buffer,
): Promise<FileChange> {
  if (resolved.type === 'directory')
    throw new FastbandError('invalid_input', `${resolved.requested} is a folder.`);
  if (!content.isWellFormed())
    throw new FastbandError(
      'invalid_input',
      'The content holds half of a Unicode pair, which a text file cannot. Send it as valid text.',
    );
  return {
    requested: resolved.requested,
    workspace: resolved.workspace.name,
    path: resolved.relative,
    absolute: resolved.absolute,
    op: resolved.type === null ? 'create' : 'modify',
    before: resolved.stat,
    beforeHash:
      before !== undefined
        ? sha256Hex(before)
        : resolved.stat === null
          ? null
          : await hashFile(resolved, signal),
    content,
    folders: missingFolders(resolved),
  };
}

export function changeEffects(change: FileChange): Effect[] {
  return [
    ...change.folders.map(({ path }) => ({
      kind: 'write' as const,
      workspace: change.workspace,
      path,
      op: 'mkdir' as const,
    })),
    { kind: 'write', workspace: change.workspace, path: change.path, op: change.op },
  ];
}

/** Makes a planned change, unless what it was planned on has changed. @throws FastbandError `changed_since_plan` */
export function makeChange(change: FileChange, context: RunContext): Promise<void> {
  return changing(change.requested, () => make(change, context));
}

async function make(change: FileChange, context: RunContext): Promise<void> {
  const { requested, before, workspace, path, absolute, op } = change;
  await makeFolders(change, context);
  if (!sameThing(before, await lstatOf(absolute))) throw changed(requested);
  if (
    before !== null &&
    (await hashFile({ absolute, stat: before, requested }, context.signal)) !== change.beforeHash
  )
    throw changed(requested);
  context.signal.throwIfAborted();
  const ticket = await context.journal.before({ workspace, path, absolute, op });
  // Looks at the file once more at the very end: keeping the pre-image took a moment.
  await writeAtomically(absolute, change.content, { before, requested, signal: context.signal });
  await ticket.done();
}

/** A folder to make. */
export interface NewFolder {
  /** Relative to the workspace. */
  readonly path: string;
  readonly absolute: string;
}

/** Folders between an existing one and a path, outermost first. */
export function missingFolders(resolved: ResolvedPath): NewFolder[] {
  return resolved.missing.map((path) => ({ path, absolute: join(resolved.workspace.root, path) }));
}

/** Makes folders, outermost first. One that another call has made since is taken as it is. @throws FastbandError */
export async function makeFolders(
  plan: { readonly workspace: string; readonly requested: string; readonly folders: readonly NewFolder[] },
  context: RunContext,
): Promise<void> {
  for (const { path, absolute } of plan.folders) {
    await inFolder(dirname(absolute), plan.requested, async (folder) => {
      const target = folder.at(basename(absolute));
      const there = await lstatOf(target);
      if (there !== null) return refuseUnlessFolder(there, plan.requested);
      const ticket = await context.journal.before({ workspace: plan.workspace, path, absolute, op: 'mkdir' });
      try {
        await mkdir(target);
      } catch (error) {
        throw errorCode(error) === 'EEXIST' ? changed(plan.requested, error) : error;
      }
      await ticket.done();
    });
  }
}

function refuseUnlessFolder(stat: PathStat, requested: string): void {
  if ((stat.mode & constants.S_IFMT) !== constants.S_IFDIR) throw changed(requested);
}
