import { z } from 'zod';
import { previewTitle } from '../../../contract/sentences.ts';
import { sha256Hex } from '../../core/canonical.ts';
import { FastbandError } from '../../core/errors.ts';
import { findSecrets } from '../../core/redact.ts';
import type { PlanContext } from '../../core/tool.ts';
import { git, type Repository } from '../../guard/git.ts';
import { changed } from '../../guard/path.ts';
import { diffOfFiles, textPreview } from '../diff-preview.ts';
import { defineTool } from '../tool.ts';
import { refuseAddedSecrets, SCANNED } from './added-lines.ts';
import {
  branchOf,
  DIFF,
  frozen,
  gitEffect,
  headOf,
  REPOSITORY,
  repositoryAt,
  zeroSeparated,
} from './common.ts';

/** Another commit of a submodule is committed too, and so it is shown. */
const STAGED = [...DIFF, '--ignore-submodules=dirty'];

export const gitCommit = defineTool({
  name: 'git_commit',
  title: 'Commit',
  description: 'Commits what is staged. Refused when that holds a key or password. No hooks run.',
  group: 'git',
  risk: 'write',
  input: z.strictObject({ path: REPOSITORY, message: z.string().trim().min(1).max(20_000) }),
  output: z.object({ commit: z.string(), branch: z.string().nullable(), files: z.int() }),
  async plan({ path, message }, context) {
    const repository = await repositoryAt(path, context, 'write');
    await refuseUnfinished(repository, context);
    const names = zeroSeparated(
      (await git(repository, ['diff', '--cached', ...STAGED, '--name-only', '-z'], context)).stdout,
    );
    if (names.length === 0)
      throw new FastbandError('invalid_input', 'Nothing is staged. Use git_stage first.');
    await refuseSecrets(repository, message, context);
    const data = {
      repository: frozen(repository),
      message,
      head: await headOf(repository, context),
      branch: await branchOf(repository, context),
      index: await indexHash(repository, context),
      author: await authorOf(repository, context),
      files: names.length,
    };
    return {
      effects: [gitEffect(repository, 'git-commit')],
      data,
      preview: async () => {
        const { stdout } = await git(repository, ['diff', '--cached', ...STAGED], context, {
          partial: true,
        });
        return {
          previews: [
            textPreview(previewTitle('message', data.author, data.branch ?? ''), message),
            diffOfFiles(names.length, stdout),
          ],
          warnings: [],
        };
      },
    };
  },
  async run({ data }, context) {
    const { repository, message, head, branch, files } = data;
    const same =
      (await headOf(repository, context)) === head &&
      (await branchOf(repository, context)) === branch &&
      (await authorOf(repository, context)) === data.author &&
      (await indexHash(repository, context)) === data.index;
    if (!same) throw changed('What is staged');
    // Made from its parts, so that what was hashed is what is committed: the tree of this index, on this head.
    const tree = (await git(repository, ['write-tree'], context, { write: true })).stdout.trim();
    await refuseSecretsInTree(repository, head, tree, message, context);
    const parent = head === null ? [] : ['-p', head];
    const made = await git(
      repository,
      ['commit-tree', '--no-gpg-sign', ...parent, '-F', '-', tree],
      context,
      { write: true, stdin: `${message}\n` },
    );
    const commit = made.stdout.trim();
    const subject = message.split('\n')[0]?.slice(0, 200) ?? '';
    // Only if HEAD is still where it was: git compares and swaps under its own lock.
    await git(
      repository,
      [
        'update-ref',
        '-m',
        `commit${head === null ? ' (initial)' : ''}: ${subject}`,
        'HEAD',
        commit,
        head ?? '0'.repeat(commit.length),
      ],
      context,
      { write: true },
    );
    return {
      output: { commit, branch, files },
      summary: `Committed ${files} files as ${commit.slice(0, 12)}.`,
    };
  },
});

/** A merge, rebase or pick under way has more to it than one tree and one parent. */
async function refuseUnfinished(repository: Repository, context: PlanContext): Promise<void> {
  const unmerged = await git(repository, ['ls-files', '--unmerged', '-z'], context);
  if (unmerged.stdout !== '')
    throw new FastbandError(
      'git_refused',
      'There are unresolved conflicts. Ask your user to finish the merge.',
    );
  for (const name of ['MERGE_HEAD', 'CHERRY_PICK_HEAD', 'REVERT_HEAD', 'REBASE_HEAD']) {
    const { exitCode } = await git(repository, ['rev-parse', '--verify', '--quiet', name], context, {
      allowFailure: true,
    });
    if (exitCode === 0)
      throw new FastbandError(
        'git_refused',
        `A merge, rebase or pick is under way (${name}). Ask your user to finish it by hand.`,
      );
  }
}

/** The staged files by mode, content and name. */
async function indexHash(repository: Repository, context: PlanContext): Promise<string> {
  return sha256Hex((await git(repository, ['ls-files', '--stage', '-z'], context)).stdout);
}

async function authorOf(repository: Repository, context: PlanContext): Promise<string> {
  const { stdout, exitCode } = await git(repository, ['var', 'GIT_AUTHOR_IDENT'], context, {
    allowFailure: true,
  });
  const author = /^(.*) \d+ [+-]\d{4}$/.exec(stdout.trim())?.[1];
  if (exitCode !== 0 || author === undefined)
    throw new FastbandError(
      'git_refused',
      'git does not know who commits. Ask your user to set user.name and user.email.',
    );
  return author;
}

function refuseSecrets(repository: Repository, message: string, context: PlanContext): Promise<void> {
  return scan(repository, ['diff', '--cached', ...SCANNED], message, context, false);
}

function refuseSecretsInTree(
  repository: Repository,
  head: string | null,
  tree: string,
  message: string,
  context: PlanContext,
): Promise<void> {
  const base = head ?? EMPTY_TREE[tree.length] ?? '';
  return scan(repository, ['diff', ...SCANNED, base, tree], message, context, true);
}

/** The hash of a tree with nothing in it, by the length of the repository's hashes (SHA-1, SHA-256). */
const EMPTY_TREE: Readonly<Record<number, string>> = {
  40: '4b825dc642cb6eb9a060e54bf8d69288fbee4904',
  64: '6ef19b41225c5369f1c104d45d8d85efa9b057b53b14b4b9b939dd74decc5321',
};

async function scan(
  repository: Repository,
  args: readonly string[],
  message: string,
  context: PlanContext,
  withoutIndex: boolean,
): Promise<void> {
  const [inMessage] = findSecrets(message);
  if (inMessage !== undefined)
    throw new FastbandError(
      'secret_found',
      `The message holds what looks like a secret (${inMessage.name}). Nothing was committed.`,
    );
  refuseAddedSecrets((await git(repository, args, context, { withoutIndex })).stdout);
}
