import { z } from 'zod';
import { git } from '../../guard/git.ts';
import { defineTool } from '../tool.ts';
import { branchOf, frozen, REPOSITORY, readEffect, repositoryAt } from './common.ts';

const Branch = z.object({
  name: z.string(),
  commit: z.string(),
  remote: z.boolean(),
  upstream: z.string(),
  subject: z.string(),
});

export const gitBranches = defineTool({
  name: 'git_branches',
  title: 'Git branches',
  description: 'Local and remote-tracking branches.',
  group: 'git',
  risk: 'read',
  input: z.strictObject({ path: REPOSITORY }),
  output: z.object({ current: z.string().nullable(), branches: z.array(Branch) }),
  async plan({ path }, context) {
    const repository = await repositoryAt(path, context);
    return { effects: [readEffect(repository)], data: { repository: frozen(repository) } };
  },
  async run({ data: { repository } }, context) {
    const format = '%(refname)%1f%(objectname)%1f%(upstream:short)%1f%(subject)%00';
    const { stdout } = await git(
      repository,
      ['for-each-ref', `--format=${format}`, 'refs/heads', 'refs/remotes'],
      context,
    );
    const branches = stdout
      .split('\0')
      .map((one) => one.replace(/^\n/, ''))
      .filter((one) => one !== '')
      .map((one) => {
        const [ref = '', commit = '', upstream = '', subject = ''] = one.split('\x1f');
        return {
          name: ref.replace(/^refs\/(?:heads|remotes)\//, ''),
          commit,
          remote: ref.startsWith('refs/remotes/'),
          upstream,
          subject,
        };
      });
    const current = await branchOf(repository, context);
    const text = branches
      .map(
        (one) =>
          `${one.name === current && !one.remote ? '*' : ' '} ${one.name} ${one.commit.slice(0, 12)} ${one.subject}`,
      )
      .join('\n');
    return {
      output: { current, branches },
      content: [{ type: 'text', text: text || 'No branches yet.' }],
      summary: `${branches.length} branches.`,
    };
  },
});
