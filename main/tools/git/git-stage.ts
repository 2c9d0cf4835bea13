import { constants } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { previewTitle, warning } from '../../../contract/sentences.ts';
import { FastbandError } from '../../core/errors.ts';
import { git } from '../../guard/git.ts';
import { changed, lstatOf, type PathStat, sameThing } from '../../guard/path.ts';
import { textPreview } from '../diff-preview.ts';
import { defineTool } from '../tool.ts';
import {
  byContent,
  frozen,
  gitEffect,
  isAmong,
  namesIn,
  placeOf,
  REPOSITORY,
  refuseFiltered,
  repositoryAt,
  zeroSeparated,
} from './common.ts';

export const gitStage = defineTool({
  name: 'git_stage',
  title: 'Stage',
  description: 'Stages changed, new and deleted files; a folder stands for all in it.',
  group: 'git',
  risk: 'write',
  input: z.strictObject({ path: REPOSITORY, paths: z.array(z.string()).min(1).max(500) }),
  output: z.object({ staged: z.array(z.string()) }),
  async plan({ path, paths }, context) {
    const repository = await repositoryAt(path, context, 'write');
    const chosen = await namesIn(repository, paths, context, 'read');
    const listed = await git(
      repository,
      ['ls-files', '--modified', '--deleted', '--others', '--exclude-standard', '-z'],
      context,
    );
    const names = [...new Set(zeroSeparated(listed.stdout))]
      .filter((name) => isAmong(name, chosen) && !name.endsWith('/'))
      .sort();
    const { shown: visible, hidden } = await byContent(repository, names, context);
    const files: { name: string; stat: PathStat | null }[] = [];
    for (const name of visible) {
      const stat = await lstatOf(join(repository.root, name));
      // A submodule: git would run in it, with the programs that its own settings name.
      if (stat === null || !isFolder(stat)) files.push({ name, stat });
    }
    const shown = files.map(({ name }) => name);
    if (shown.length === 0)
      throw new FastbandError(
        'invalid_input',
        hidden > 0
          ? 'The rules hide what has changed there from you, so you cannot stage it.'
          : 'Nothing has changed there, so there is nothing to stage.',
      );
    await refuseFiltered(repository, shown, context);
    return {
      effects: [
        gitEffect(repository, 'git-stage'),
        ...shown.slice(0, 500).map((name) => {
          const { workspace, path } = placeOf(repository, name, context);
          return { kind: 'read' as const, workspace: workspace.name, path };
        }),
      ],
      data: { repository: frozen(repository), files },
      preview: () => ({
        previews: [
          textPreview(
            previewTitle('stage', shown.length),
            files.map(({ name, stat }) => `${stat === null ? 'deleted' : 'content'}  ${name}`).join('\n'),
          ),
        ],
        warnings: hidden > 0 ? [warning('leftOut', hidden)] : [],
      }),
    };
  },
  async run({ data: { repository, files } }, context) {
    for (const { name, stat } of files)
      if (!sameThing(stat, await lstatOf(join(repository.root, name)))) throw changed(name);
    const staged = files.map(({ name }) => name);
    await git(
      repository,
      ['add', '--all', '--force', '--pathspec-from-file=-', '--pathspec-file-nul'],
      context,
      { write: true, stdin: `${staged.join('\0')}\0` },
    );
    return { output: { staged }, summary: `Staged ${staged.length} files.` };
  },
});

function isFolder({ mode }: PathStat): boolean {
  return (mode & constants.S_IFMT) === constants.S_IFDIR;
}
