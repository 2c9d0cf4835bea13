import { z } from 'zod';
import { FastbandError } from '../../core/errors.ts';
import { inFolder } from '../../guard/fs-folder.ts';
import { callerPath } from '../../guard/path.ts';
import { childPath, resolveFor } from '../paths.ts';
import { defineTool } from '../tool.ts';
import { fileGlob } from './globs.ts';
import { inSearchTurn, isHidden, ripgrep, scopeArgs } from './ripgrep.ts';
import { visibleIn } from './visible.ts';

export const findFiles = defineTool({
  name: 'find_files',
  title: 'Find files',
  description: 'Finds files by glob (*.ts, src/**/*.{js,ts}). Leaves out what .gitignore names.',
  group: 'files',
  risk: 'read',
  input: z.strictObject({
    pattern: z.string().min(1).max(1000),
    path: z.string().default('.'),
    hidden: z.boolean().default(false),
    limit: z.int().min(1).max(10_000).default(200),
  }),
  output: z.object({ files: z.array(z.string()), more: z.boolean() }),
  async plan({ path, ...input }, context) {
    const { type, absolute, relative, workspace } = await resolveFor(context, path, 'read');
    if (type !== 'directory') throw new FastbandError('not_found', `There is no folder ${path}.`);
    fileGlob(input.pattern);
    return {
      effects: [{ kind: 'read', workspace: workspace.name, path: relative, tree: true }],
      data: { ...input, requested: path, absolute, path: relative, workspace: workspace.name },
    };
  },
  async run({ data }, context) {
    const glob = fileGlob(data.pattern);
    const visible = visibleIn(context, data.workspace);
    const files: string[] = [];
    let more = false;
    const args = ['--files', '--null', ...scopeArgs(data), ...glob.args];
    await inSearchTurn(context, () =>
      inFolder(data.absolute, data.requested, (folder) =>
        ripgrep(args, folder.self, '\0', context, (piece) => {
          const below = process.platform === 'win32' ? piece.replaceAll('\\', '/') : piece;
          if (!glob.matches(below) || (!data.hidden && isHidden(below))) return 'more';
          const path = childPath(data.path, below);
          if (!visible(path)) return 'more';
          if (files.length === data.limit) {
            more = true;
            return 'stop';
          }
          files.push(callerPath(context.workspaces, data.workspace, path));
          return 'more';
        }),
      ),
    );
    files.sort();
    return {
      output: { files, more },
      content: [
        {
          type: 'text',
          text:
            files.length === 0 ? 'No files match.' : `${files.join('\n')}${more ? '\n[there are more]' : ''}`,
        },
      ],
      summary: `Found ${files.length}${more ? ' or more' : ''} files in ${data.path}.`,
    };
  },
});
