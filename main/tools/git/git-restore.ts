import { join } from 'node:path';
import { z } from 'zod';
import { previewTitle } from '../../../contract/sentences.ts';
import { FastbandError } from '../../core/errors.ts';
import type { JournalTicket } from '../../core/tool.ts';
import { git } from '../../guard/git.ts';
import { changed, lstatOf, type PathStat, sameThing } from '../../guard/path.ts';
import { diffOfFiles, textPreview } from '../diff-preview.ts';
import { defineTool } from '../tool.ts';
import {
  DIFF,
  fileEffects,
  frozen,
  gitEffect,
  isAmong,
  namesIn,
  placeOf,
  REPOSITORY,
  refuseFiltered,
  refuseProtectedNames,
  repositoryAt,
  zeroSeparated,
} from './common.ts';

export const gitRestore = defineTool({
  name: 'git_restore',
  title: 'Restore',
  description: 'Throws away unstaged changes of files, or with staged takes files out of the stage.',
  group: 'git',
  risk: 'destructive',
  input: z.strictObject({
    path: REPOSITORY,
    paths: z.array(z.string()).min(1).max(500),
    staged: z.boolean().default(false),
  }),
  output: z.object({ restored: z.array(z.string()) }),
  async plan({ path, paths, staged }, context) {
    const repository = await repositoryAt(path, context, 'write');
    const chosen = await namesIn(repository, paths, context, staged ? 'read' : 'write');
    const args = ['diff', ...(staged ? ['--cached'] : []), ...DIFF];
    const listed = zeroSeparated((await git(repository, [...args, '--name-only', '-z'], context)).stdout);
    const names = listed.filter((name) => isAmong(name, chosen));
    if (names.length === 0)
      throw new FastbandError(
        'invalid_input',
        `There is nothing ${staged ? 'staged' : 'changed'} there to restore.`,
      );
    if (!staged) {
      refuseProtectedNames(repository, names, context);
      await refuseFiltered(repository, names, context);
    }
    const files: { name: string; stat: PathStat | null }[] = [];
    for (const name of names) files.push({ name, stat: await lstatOf(join(repository.root, name)) });
    return {
      effects: staged ? [gitEffect(repository, 'git-stage')] : fileEffects(repository, names, context),
      data: { repository: frozen(repository), files, staged },
      preview: async () => {
        if (staged)
          return { previews: [textPreview(previewTitle('unstage'), names.join('\n'))], warnings: [] };
        const { stdout } = await git(repository, [...args, '-R', '--', ...names.slice(0, 500)], context, {
          partial: true,
        });
        return { previews: [diffOfFiles(names.length, stdout)], warnings: [] };
      },
    };
  },
  async run({ data: { repository, files, staged } }, context) {
    const restored = files.map(({ name }) => name);
    const tickets: JournalTicket[] = [];
    if (!staged) {
      for (const { name, stat } of files) {
        const absolute = join(repository.root, name);
        if (!sameThing(stat, await lstatOf(absolute))) throw changed(name);
        const { workspace, path } = placeOf(repository, name, context);
        tickets.push(
          await context.journal.before({ workspace: workspace.name, path, absolute, op: 'git-restore' }),
        );
      }
    }
    const where = staged ? '--staged' : '--worktree';
    await git(
      repository,
      ['restore', where, '--no-recurse-submodules', '--pathspec-from-file=-', '--pathspec-file-nul'],
      context,
      { write: true, stdin: `${restored.join('\0')}\0` },
    );
    for (const ticket of tickets) await ticket.done();
    return {
      output: { restored },
      summary: `Restored ${restored.length} files${staged ? ' in the stage' : ''}.`,
    };
  },
});
