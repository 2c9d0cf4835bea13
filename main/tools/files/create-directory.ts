import { z } from 'zod';
import type { Effect } from '../../../contract/effects.ts';
import { FastbandError } from '../../core/errors.ts';
import { changing } from '../../guard/fs-errors.ts';
import { callerPath } from '../../guard/path.ts';
import { resolveFor } from '../paths.ts';
import { defineTool } from '../tool.ts';
import { makeFolders, missingFolders } from './change.ts';

export const createDirectory = defineTool({
  name: 'create_directory',
  title: 'Make a folder',
  description: 'Makes a folder, and the folders above it that are missing.',
  group: 'files',
  risk: 'write',
  input: z.strictObject({ path: z.string() }),
  output: z.object({ path: z.string(), created: z.array(z.string()) }),
  async plan({ path }, context) {
    const resolved = await resolveFor(context, path, 'write');
    if (resolved.type === 'file') throw new FastbandError('conflict', `${path} is a file.`);
    const { relative, absolute, workspace, requested } = resolved;
    const folders = resolved.type === null ? [...missingFolders(resolved), { path: relative, absolute }] : [];
    // Where it is there already, that is all this call tells.
    const look: Effect = { kind: 'read', workspace: workspace.name, path: relative };
    return {
      effects:
        folders.length === 0
          ? [look]
          : folders.map((folder) => ({
              kind: 'write',
              workspace: workspace.name,
              path: folder.path,
              op: 'mkdir',
            })),
      data: { requested, workspace: workspace.name, path: relative, folders },
    };
  },
  async run({ data }, context) {
    await changing(data.requested, () => makeFolders(data, context));
    const created = data.folders.map((folder) => folder.path);
    const shown = (at: string) => callerPath(context.workspaces, data.workspace, at);
    return {
      output: { path: shown(data.path), created: created.map(shown) },
      summary: created.length === 0 ? `${data.path} was there already.` : `Made ${created.join(', ')}.`,
    };
  },
});
