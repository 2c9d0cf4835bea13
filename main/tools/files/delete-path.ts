import { z } from 'zod';
import type { Effect } from '../../../contract/effects.ts';
import { previewTitle, warning } from '../../../contract/sentences.ts';
import { canonicalJson, sha256Hex } from '../../core/canonical.ts';
import { FastbandError } from '../../core/errors.ts';
import { changing } from '../../guard/fs-errors.ts';
import { callerPath, changed, lstatOf, sameThing } from '../../guard/path.ts';
import { diffPreview, textPreview } from '../diff-preview.ts';
import { decodeText, hashFile, holding, MAX_READ_BYTES, readBytes } from '../file-content.ts';
import { resolveFor } from '../paths.ts';
import { defineTool } from '../tool.ts';
import { removePath } from './remove.ts';
import { kindOf, refuseProtected, type WalkEntry, walk } from './walk.ts';
import { changeWarnings } from './warnings.ts';

const MAX_DELETED = 50_000;
/** So many files are each an effect of their own; of more, the folder stands for all. */
const MAX_NAMED = 200;

export const deletePath = defineTool({
  name: 'delete_path',
  title: 'Delete',
  description: 'Deletes a file, or with recursive a folder and all in it.',
  group: 'files',
  risk: 'destructive',
  input: z.strictObject({ path: z.string(), recursive: z.boolean().default(false) }),
  output: z.object({ path: z.string(), removed: z.int() }),
  async plan({ path, recursive }, context) {
    const resolved = await resolveFor(context, path, 'write', { followLast: false });
    const { relative, absolute, stat, workspace, type } = resolved;
    if (type === null || stat === null) throw new FastbandError('not_found', `${path} does not exist.`);
    if (relative === '.') throw new FastbandError('path_refused', 'A workspace itself cannot be deleted.');
    const kind = kindOf(stat);
    if (kind === 'directory' && !recursive)
      throw new FastbandError(
        'invalid_input',
        `${path} is a folder. Set recursive to delete it with all in it.`,
      );
    const entries =
      kind === 'directory' ? await walk({ path: relative, absolute }, MAX_DELETED, context.signal) : [];
    if (kind === 'directory') await refuseProtected({ absolute, requested: path }, entries, context);
    const gone = (at: string): Effect => ({
      kind: 'write',
      workspace: workspace.name,
      path: at,
      op: 'delete',
    });
    const effects: Effect[] =
      entries.length > MAX_NAMED
        ? [{ kind: 'write', workspace: workspace.name, path: relative, op: 'delete', tree: true }]
        : [...entries.map((one) => gone(one.path)), gone(relative)];
    const hash =
      kind === 'file'
        ? await hashFile(resolved, context.signal)
        : kind === 'directory'
          ? hashEntries(entries)
          : null;
    return {
      effects,
      data: {
        requested: path,
        workspace: workspace.name,
        path: relative,
        absolute,
        stat,
        kind,
        count: entries.length,
        hash,
      },
      preview: async () => {
        const warnings = changeWarnings(relative, resolved.viaLink, stat, context);
        if (kind === 'directory') {
          if (entries.some((one) => one.stat.size > context.settings.journal.maxFileBytes)) {
            warnings.push(warning('holdsNoCopy', relative));
          }
          const total = entries.reduce((sum, one) => sum + (one.type === 'file' ? one.stat.size : 0), 0);
          const names = entries.map(
            (one) => one.path + (one.type === 'directory' ? '/' : one.type === 'link' ? ' (link)' : ''),
          );
          return {
            previews: [
              textPreview(previewTitle('deleteFolder', relative, entries.length, total), names.join('\n')),
            ],
            warnings,
          };
        }
        if (kind === 'link')
          return { previews: [textPreview(previewTitle('deleteLink'), relative)], warnings };
        return holding(stat.size, context.signal, async () => {
          const bytes = stat.size <= MAX_READ_BYTES ? await readBytes(resolved) : undefined;
          if (bytes !== undefined && sha256Hex(bytes) !== hash) throw changed(path);
          const text = bytes === undefined ? undefined : decodeText(bytes, 'keep');
          return {
            previews: [
              text === undefined
                ? textPreview(previewTitle('deleteUnshown'), `${relative}, ${stat.size} bytes`)
                : diffPreview(relative, text, ''),
            ],
            warnings,
          };
        });
      },
    };
  },
  async run({ data }, context) {
    const { absolute, path, requested, stat, workspace } = data;
    if (!sameThing(stat, await lstatOf(absolute))) throw changed(requested);
    if (data.kind === 'file' && (await hashFile({ absolute, stat, requested }, context.signal)) !== data.hash)
      throw changed(requested);
    const entries =
      data.kind === 'directory' ? await walk({ path, absolute }, MAX_DELETED, context.signal) : [];
    if (data.kind === 'directory' && hashEntries(entries) !== data.hash) throw changed(requested);
    context.signal.throwIfAborted();
    const ticket = await context.journal.before({ workspace, path, absolute, op: 'delete' });
    try {
      await changing(requested, () => removePath({ absolute, stat, requested }, entries, context.signal));
    } finally {
      // Also when it was stopped half-way: undo must know what is left.
      await ticket.done();
    }
    return {
      output: { path: callerPath(context.workspaces, workspace, path), removed: data.count + 1 },
      summary: `Deleted ${path}${data.kind === 'directory' ? ` with ${data.count} files and folders` : ''}.`,
    };
  },
});

/** SHA-256 (hex) over what is in a folder: names, kinds and states. */
function hashEntries(entries: readonly WalkEntry[]): string {
  return sha256Hex(
    canonicalJson(
      entries.map(({ path, type, stat }) =>
        type === 'directory'
          ? [path.toWellFormed(), type]
          : [path.toWellFormed(), type, stat.ino, stat.size, stat.mtimeMs],
      ),
    ),
  );
}
