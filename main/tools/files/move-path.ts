import { link, rename, unlink } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { z } from 'zod';
import { previewTitle } from '../../../contract/sentences.ts';
import { FastbandError } from '../../core/errors.ts';
import { changing, errorCode } from '../../guard/fs-errors.ts';
import { inFolder } from '../../guard/fs-folder.ts';
import { holds } from '../../guard/fs-names.ts';
import { callerPath, changed, lstatOf, type PathStat, sameThing } from '../../guard/path.ts';
import { textPreview } from '../diff-preview.ts';
import { resolveFor } from '../paths.ts';
import { defineTool } from '../tool.ts';
import { makeFolders, missingFolders } from './change.ts';
import { visibleIn } from './visible.ts';
import { kindOf, refuseProtected, walk } from './walk.ts';
import { changeWarnings } from './warnings.ts';

const MAX_MOVED = 50_000;

export const movePath = defineTool({
  name: 'move_path',
  title: 'Move or rename',
  description: 'Moves or renames a file or folder within a workspace. Never replaces what is there.',
  group: 'files',
  risk: 'write',
  input: z.strictObject({ from: z.string(), to: z.string() }),
  output: z.object({ from: z.string(), to: z.string() }),
  async plan({ from, to }, context) {
    const source = await resolveFor(context, from, 'write', { followLast: false });
    const target = await resolveFor(context, to, 'write', { followLast: false });
    if (source.type === null || source.stat === null)
      throw new FastbandError('not_found', `${from} does not exist.`);
    if (source.relative === '.')
      throw new FastbandError('path_refused', 'A workspace itself cannot be moved.');
    if (target.type !== null)
      throw new FastbandError('conflict', `${to} exists already. Delete it first, or choose another name.`);
    if (source.workspace.name !== target.workspace.name)
      throw new FastbandError('invalid_input', 'Both places must be in one workspace.');
    if (holds(source.absolute, target.absolute))
      throw new FastbandError('invalid_input', 'A folder cannot be moved into itself.');
    const workspace = source.workspace.name;
    const tree = source.type === 'directory';
    const entries = tree
      ? await walk({ path: source.relative, absolute: source.absolute }, MAX_MOVED, context.signal)
      : [];
    if (tree) await refuseProtected({ absolute: source.absolute, requested: from }, entries, context);
    // Moving carries content along: what the rules hide must not get to where they do not.
    const visible = visibleIn(context, workspace);
    if (!visible(source.relative) || !entries.every((one) => visible(one.path))) {
      throw new FastbandError(
        'denied_by_rule',
        `The rules do not let you read all of ${from}, so you cannot move it.`,
      );
    }
    const folders = missingFolders(target);
    return {
      effects: [
        { kind: 'read', workspace, path: source.relative, ...(tree ? { tree } : {}) },
        ...folders.map(({ path }) => ({ kind: 'write' as const, workspace, path, op: 'mkdir' as const })),
        { kind: 'write', workspace, path: source.relative, op: 'move', ...(tree ? { tree } : {}) },
        { kind: 'write', workspace, path: target.relative, op: 'create', ...(tree ? { tree } : {}) },
      ],
      data: {
        requested: from,
        workspace,
        folders,
        from: { path: source.relative, absolute: source.absolute, stat: source.stat },
        tree: tree ? entries.map((one) => one.path.toWellFormed()) : null,
        to: { path: target.relative, absolute: target.absolute },
      },
      preview: () => ({
        previews: [
          textPreview(
            previewTitle('move'),
            `${source.relative}\n→ ${target.relative}${tree ? `\n${entries.length} files and folders in it` : ''}`,
          ),
        ],
        warnings: changeWarnings(target.relative, source.viaLink || target.viaLink, source.stat, context),
      }),
    };
  },
  async run({ data }, context) {
    const { from, to, workspace, requested } = data;
    if (!sameThing(from.stat, await lstatOf(from.absolute))) throw changed(requested);
    if (data.tree !== null) {
      const now = await walk(from, MAX_MOVED, context.signal);
      if (now.length !== data.tree.length || now.some((one, i) => one.path.toWellFormed() !== data.tree?.[i]))
        throw changed(requested);
    }
    await changing(requested, () => makeFolders(data, context));
    context.signal.throwIfAborted();
    const ticket = await context.journal.before({
      workspace,
      path: from.path,
      absolute: from.absolute,
      op: 'move',
      movedTo: to,
    });
    await changing(requested, () => move(from, to, requested));
    await ticket.done();
    const shown = (path: string) => callerPath(context.workspaces, workspace, path);
    return {
      output: { from: shown(from.path), to: shown(to.path) },
      summary: `Moved ${from.path} to ${to.path}.`,
    };
  },
});

/** Moves between two held folders, never over something. */
async function move(
  from: { readonly absolute: string; readonly stat: PathStat },
  to: { readonly absolute: string },
  requested: string,
): Promise<void> {
  await inFolder(dirname(from.absolute), requested, (source) =>
    inFolder(dirname(to.absolute), requested, async (target) => {
      const old = source.at(basename(from.absolute));
      const now = target.at(basename(to.absolute));
      if (!sameThing(from.stat, await lstatOf(old)) || (await lstatOf(now)) !== null)
        throw changed(requested);
      try {
        // A second name is refused where one is taken already; a rename would replace it. Folders have no second names.
        if (kindOf(from.stat) === 'file' && (await linked(old, now))) await unlink(old);
        else await rename(old, now);
      } catch (error) {
        if (errorCode(error) === 'EXDEV')
          throw new FastbandError(
            'invalid_input',
            `${requested} cannot be moved there: it is another file system. Write it there and delete it here.`,
            { cause: error },
          );
        if (['EEXIST', 'ENOTEMPTY', 'ENOENT', 'ENOTDIR', 'EISDIR'].includes(errorCode(error) ?? ''))
          throw changed(requested, error);
        throw error;
      }
    }),
  );
}

/** False where the file system has no hard links, or the system lets nobody link a file of another's. */
async function linked(old: string, now: string): Promise<boolean> {
  try {
    await link(old, now);
    return true;
  } catch (error) {
    if (['EPERM', 'ENOTSUP', 'ENOSYS', 'EOPNOTSUPP', 'EMLINK'].includes(errorCode(error) ?? '')) return false;
    throw error;
  }
}
