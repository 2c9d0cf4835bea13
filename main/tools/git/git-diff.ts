import { z } from 'zod';
import { defineTool } from '../tool.ts';
import { commitOf, frozen, namesIn, patchOf, REPOSITORY, readEffect, repositoryAt } from './common.ts';

export const gitDiff = defineTool({
  name: 'git_diff',
  title: 'Git diff',
  description: 'Unstaged changes; staged ones; or between commits (from, to).',
  group: 'git',
  risk: 'read',
  input: z.strictObject({
    path: REPOSITORY,
    staged: z.boolean().default(false),
    from: z.string().optional(),
    to: z.string().optional(),
    paths: z.array(z.string()).max(200).default([]),
  }),
  output: z.object({ patch: z.string(), files: z.array(z.string()), hidden: z.int(), cut: z.boolean() }),
  async plan({ path, staged, from, to, paths }, context) {
    const repository = await repositoryAt(path, context);
    const commits: string[] = [];
    for (const revision of [from, to])
      if (revision !== undefined) commits.push(await commitOf(repository, revision, context));
    const only = await namesIn(repository, paths, context, 'read');
    return {
      effects: [readEffect(repository)],
      data: {
        repository: frozen(repository),
        args: ['diff', ...(staged ? ['--cached'] : []), ...commits],
        only: only.filter((name) => name !== '.'),
      },
    };
  },
  async run({ data }, context) {
    const output = await patchOf(data.repository, data.args, context, data.only);
    return {
      output,
      content: [{ type: 'text', text: patchText(output) }],
      summary: `Diff of ${output.files.length} files.`,
    };
  },
});

/** A patch as a model reads it, with what was left out said. */
export function patchText({
  patch,
  hidden,
  cut,
}: {
  readonly patch: string;
  readonly hidden: number;
  readonly cut: boolean;
}): string {
  const notes = [
    ...(hidden > 0 ? [`[${hidden} files are hidden by rules]`] : []),
    ...(cut ? ['[the rest is too long: ask for fewer paths]'] : []),
  ];
  return [patch === '' ? 'No differences.' : patch, ...notes].join('\n');
}
