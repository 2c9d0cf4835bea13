import { z } from 'zod';
import { previewTitle } from '../../../contract/sentences.ts';
import { FastbandError } from '../../core/errors.ts';
import { git } from '../../guard/git.ts';
import { changed } from '../../guard/path.ts';
import { textPreview } from '../diff-preview.ts';
import { defineTool } from '../tool.ts';
import {
  branchOf,
  commitOf,
  DIFF,
  fileEffects,
  frozen,
  gitEffect,
  headOf,
  REPOSITORY,
  refuseFiltered,
  refuseProtectedNames,
  repositoryAt,
  zeroSeparated,
} from './common.ts';
import { branchExists, branchName } from './git-create-branch.ts';

export const gitSwitch = defineTool({
  name: 'git_switch',
  title: 'Switch branch',
  description: 'Switches to a local branch. Refused where that would lose changes.',
  group: 'git',
  risk: 'write',
  input: z.strictObject({ path: REPOSITORY, branch: z.string() }),
  output: z.object({ branch: z.string(), commit: z.string(), files: z.int() }),
  async plan({ path, branch }, context) {
    const repository = await repositoryAt(path, context, 'write');
    await branchName(repository, branch, context);
    if (!(await branchExists(repository, branch, context)))
      throw new FastbandError('not_found', `There is no local branch ${branch}.`);
    const head = await headOf(repository, context);
    const commit = await commitOf(repository, `refs/heads/${branch}`, context);
    const names =
      head === null
        ? []
        : zeroSeparated(
            (await git(repository, ['diff', ...DIFF, '--name-only', '-z', head, commit], context)).stdout,
          );
    refuseProtectedNames(repository, names, context);
    await refuseFiltered(repository, names, context);
    const from = await branchOf(repository, context);
    return {
      effects: [gitEffect(repository, 'git-switch'), ...fileEffects(repository, names, context)],
      data: { repository: frozen(repository), branch, head, from, commit, files: names.length },
      preview: () => ({
        previews: [
          textPreview(previewTitle('switch', from ?? head ?? '', branch, names.length), names.join('\n')),
        ],
        warnings: [],
      }),
    };
  },
  async run({ data: { repository, branch, head, from, commit, files } }, context) {
    const same =
      (await headOf(repository, context)) === head && (await branchOf(repository, context)) === from;
    if (!same || (await commitOf(repository, `refs/heads/${branch}`, context)) !== commit)
      throw changed('The repository');
    await git(repository, ['switch', '--quiet', '--no-guess', '--no-recurse-submodules', branch], context, {
      write: true,
    });
    return { output: { branch, commit, files }, summary: `Switched to ${branch}, ${files} files changed.` };
  },
});
