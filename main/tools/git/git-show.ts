import { z } from 'zod';
import { FastbandError } from '../../core/errors.ts';
import { git } from '../../guard/git.ts';
import { defineTool } from '../tool.ts';
import {
  commitOf,
  frozen,
  MAX_PATCH,
  namesIn,
  patchOf,
  placeOf,
  REPOSITORY,
  readEffect,
  repositoryAt,
} from './common.ts';
import { patchText } from './git-diff.ts';

export const gitShow = defineTool({
  name: 'git_show',
  title: 'Git show',
  description: 'A commit with its patch, or with file that file as of the commit.',
  group: 'git',
  risk: 'read',
  input: z.strictObject({
    path: REPOSITORY,
    revision: z.string().default('HEAD'),
    file: z.string().optional(),
  }),
  output: z.object({
    commit: z.string(),
    text: z.string(),
    files: z.array(z.string()),
    hidden: z.int(),
    cut: z.boolean(),
  }),
  async plan({ path, revision, file }, context) {
    const repository = await repositoryAt(path, context);
    const commit = await commitOf(repository, revision, context);
    const [name] = file === undefined ? [] : await namesIn(repository, [file], context, 'read');
    const place = name === undefined ? undefined : placeOf(repository, name, context);
    return {
      effects: [
        place === undefined
          ? readEffect(repository)
          : { kind: 'read', workspace: place.workspace.name, path: place.path },
      ],
      data: { repository: frozen(repository), commit, ...(name === undefined ? {} : { name }) },
    };
  },
  async run({ data: { repository, commit, name } }, context) {
    if (name !== undefined) {
      const { stdout, exitCode } = await git(repository, ['cat-file', 'blob', `${commit}:${name}`], context, {
        allowFailure: true,
        partial: true,
      });
      if (exitCode !== 0) throw new FastbandError('not_found', `${name} is not a file of that commit.`);
      const text = stdout.includes('\0') ? `${name} is binary in that commit.` : stdout.slice(0, MAX_PATCH);
      return {
        output: { commit, text, files: [name], hidden: 0, cut: stdout.length > MAX_PATCH },
        content: [{ type: 'text', text }],
        summary: `Showed ${name} of ${commit.slice(0, 12)}.`,
      };
    }
    const head = await git(
      repository,
      [
        'log',
        '--max-count=1',
        '--no-show-signature',
        '--format=commit %H%nauthor %an <%ae>%ndate %aI%n%n%B',
        commit,
      ],
      context,
    );
    // Against its first parent; a first commit against nothing.
    const patch = await patchOf(
      repository,
      ['diff-tree', '-p', '--root', '--no-commit-id', '-r', '--first-parent', '-m', commit],
      context,
    );
    const text = `${head.stdout.trim()}\n\n${patchText(patch)}`;
    const { files, hidden, cut } = patch;
    return {
      output: { commit, text, files, hidden, cut },
      content: [{ type: 'text', text }],
      summary: `Showed ${commit.slice(0, 12)}, ${files.length} files.`,
    };
  },
});
