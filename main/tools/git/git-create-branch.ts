import { z } from 'zod';
import { previewTitle } from '../../../contract/sentences.ts';
import { FastbandError } from '../../core/errors.ts';
import type { PlanContext } from '../../core/tool.ts';
import { git, plainRevision, type Repository } from '../../guard/git.ts';
import { textPreview } from '../diff-preview.ts';
import { defineTool } from '../tool.ts';
import { commitOf, frozen, gitEffect, REPOSITORY, repositoryAt } from './common.ts';

export const gitCreateBranch = defineTool({
  name: 'git_create_branch',
  title: 'Make a branch',
  description: 'Makes a branch at a revision, without switching to it.',
  group: 'git',
  risk: 'write',
  input: z.strictObject({ path: REPOSITORY, name: z.string(), from: z.string().default('HEAD') }),
  output: z.object({ name: z.string(), commit: z.string() }),
  async plan({ path, name, from }, context) {
    const repository = await repositoryAt(path, context, 'write');
    await branchName(repository, name, context);
    if (await branchExists(repository, name, context))
      throw new FastbandError('conflict', `There is a branch ${name} already.`);
    const commit = await commitOf(repository, from, context);
    return {
      effects: [gitEffect(repository, 'git-branch')],
      data: { repository: frozen(repository), name, commit },
      preview: () => ({
        previews: [textPreview(previewTitle('branch'), `${name}\nat ${commit}`)],
        warnings: [],
      }),
    };
  },
  async run({ data: { repository, name, commit } }, context) {
    // Forty zeros as the old value: only where there is no such branch.
    await git(
      repository,
      [
        'update-ref',
        '-m',
        'branch: Created by Fastband',
        `refs/heads/${name}`,
        commit,
        '0'.repeat(commit.length),
      ],
      context,
      { write: true },
    );
    return { output: { name, commit }, summary: `Made the branch ${name} at ${commit.slice(0, 12)}.` };
  },
});

/** A name that git takes for a branch and for nothing else. @throws FastbandError `invalid_input` */
export async function branchName(
  repository: Repository,
  name: string,
  context: PlanContext,
): Promise<string> {
  plainRevision(name);
  const { exitCode } = await git(repository, ['check-ref-format', `refs/heads/${name}`], context, {
    allowFailure: true,
  });
  if (exitCode !== 0 || name === 'HEAD' || name.includes('@{'))
    throw new FastbandError('invalid_input', `"${name.slice(0, 100)}" cannot be the name of a branch.`);
  return name;
}

export async function branchExists(
  repository: Repository,
  name: string,
  context: PlanContext,
): Promise<boolean> {
  const { exitCode } = await git(
    repository,
    ['show-ref', '--verify', '--quiet', `refs/heads/${name}`],
    context,
    { allowFailure: true },
  );
  return exitCode === 0;
}
