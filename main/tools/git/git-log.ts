import { z } from 'zod';
import { git } from '../../guard/git.ts';
import { defineTool } from '../tool.ts';
import { commitOf, frozen, headOf, namesIn, REPOSITORY, readEffect, repositoryAt } from './common.ts';

const Commit = z.object({
  hash: z.string(),
  author: z.string(),
  date: z.string(),
  subject: z.string(),
  body: z.string(),
});

export const gitLog = defineTool({
  name: 'git_log',
  title: 'Git log',
  description: 'Commits, newest first; of one file with file.',
  group: 'git',
  risk: 'read',
  input: z.strictObject({
    path: REPOSITORY,
    revision: z.string().default('HEAD'),
    file: z.string().optional(),
    limit: z.int().min(1).max(500).default(20),
  }),
  output: z.object({ commits: z.array(Commit) }),
  async plan({ path, revision, file, limit }, context) {
    const repository = await repositoryAt(path, context);
    const none = revision === 'HEAD' && (await headOf(repository, context)) === null;
    const commit = none ? null : await commitOf(repository, revision, context);
    const names = file === undefined ? [] : await namesIn(repository, [file], context, 'read');
    return {
      effects: [readEffect(repository)],
      data: { repository: frozen(repository), commit, names, limit },
    };
  },
  async run({ data: { repository, commit, names, limit } }, context) {
    if (commit === null)
      return {
        output: { commits: [] },
        content: [{ type: 'text', text: 'There is no commit yet.' }],
        summary: 'Log: no commit yet.',
      };
    const args = [
      'log',
      '-z',
      `--max-count=${limit}`,
      '--format=%H%x1f%an <%ae>%x1f%aI%x1f%s%x1f%b',
      '--no-show-signature',
      '--end-of-options',
      commit,
    ];
    const { stdout } = await git(repository, names.length === 0 ? args : [...args, '--', ...names], context);
    const commits = stdout
      .split('\0')
      .filter((one) => one !== '')
      .map((one) => {
        const [hash = '', author = '', date = '', subject = '', body = ''] = one.split('\x1f');
        return { hash, author, date, subject, body: body.trim() };
      });
    const text = commits
      .map(
        (one) =>
          `${one.hash.slice(0, 12)} ${one.date} ${one.author}\n    ${one.subject}${one.body === '' ? '' : `\n\n${one.body.replace(/^/gm, '    ')}`}`,
      )
      .join('\n');
    return {
      output: { commits },
      content: [{ type: 'text', text: text || 'No commits.' }],
      summary: `Log: ${commits.length} commits.`,
    };
  },
});
