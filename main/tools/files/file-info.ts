import { z } from 'zod';
import { FastbandError } from '../../core/errors.ts';
import { callerPath } from '../../guard/path.ts';
import { resolveFor } from '../paths.ts';
import { defineTool } from '../tool.ts';

export const fileInfo = defineTool({
  name: 'file_info',
  title: 'Look at a path',
  description: 'Type, size, time and mode of a file or folder.',
  group: 'files',
  risk: 'read',
  input: z.strictObject({ path: z.string() }),
  output: z.object({
    path: z.string(),
    workspace: z.string(),
    type: z.enum(['file', 'directory']),
    size: z.int(),
    modified: z.string(),
    mode: z.string(),
    viaLink: z.boolean(),
  }),
  async plan({ path }, context) {
    const { type, stat, relative, workspace, viaLink } = await resolveFor(context, path, 'read');
    if (type === null || stat === null) throw new FastbandError('not_found', `${path} does not exist.`);
    const info = {
      path: callerPath(context.workspaces, workspace.name, relative),
      workspace: workspace.name,
      type,
      size: stat.size,
      modified: new Date(stat.mtimeMs).toISOString(),
      mode: (stat.mode & 0o7777).toString(8).padStart(4, '0'),
      viaLink,
    };
    return { effects: [{ kind: 'read', workspace: workspace.name, path: relative }], data: info };
  },
  run: ({ data }) => ({ output: data, summary: `Looked at ${data.path}.` }),
});
