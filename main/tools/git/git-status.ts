import { z } from 'zod';
import { git } from '../../guard/git.ts';
import { defineTool } from '../tool.ts';
import { byVisibility, frozen, REPOSITORY, readEffect, repositoryAt } from './common.ts';

const Entry = z.object({
  path: z.string(),
  index: z.string(),
  worktree: z.string(),
  from: z.string().optional(),
});
type Entry = z.infer<typeof Entry>;

export const gitStatus = defineTool({
  name: 'git_status',
  title: 'Git status',
  description: 'Branch, and files staged, changed, untracked or in conflict.',
  group: 'git',
  risk: 'read',
  input: z.strictObject({ path: REPOSITORY }),
  output: z.object({
    branch: z.string().nullable(),
    head: z.string().nullable(),
    upstream: z.string().nullable(),
    ahead: z.int(),
    behind: z.int(),
    entries: z.array(Entry),
    hidden: z.int(),
  }),
  async plan({ path }, context) {
    const repository = await repositoryAt(path, context);
    return { effects: [readEffect(repository)], data: { repository: frozen(repository) } };
  },
  async run({ data: { repository } }, context) {
    const { stdout } = await git(
      repository,
      ['status', '--porcelain=v2', '--branch', '-z', '--untracked-files=all', '--ignore-submodules=all'],
      context,
    );
    const parsed = parseStatus(stdout);
    const { shown, hidden } = byVisibility(
      repository,
      parsed.entries.map((entry) => entry.path),
      context,
    );
    const visible = new Set(shown);
    const entries = parsed.entries.filter((entry) => visible.has(entry.path));
    const lines = entries.map(
      (entry) =>
        `${entry.index}${entry.worktree} ${entry.path}${entry.from === undefined ? '' : ` (from ${entry.from})`}`,
    );
    const text = [
      `On ${parsed.branch ?? 'no branch'}${parsed.upstream === null ? '' : `, ${parsed.ahead} ahead and ${parsed.behind} behind ${parsed.upstream}`}`,
      ...(lines.length === 0 ? ['Nothing has changed.'] : lines),
    ].join('\n');
    return {
      output: { ...parsed, entries, hidden },
      content: [{ type: 'text', text }],
      summary: `Status: ${entries.length} files.`,
    };
  },
});

/** Reads porcelain v2: git-status(1), "Porcelain Format Version 2". */
export function parseStatus(text: string): {
  branch: string | null;
  head: string | null;
  upstream: string | null;
  ahead: number;
  behind: number;
  entries: Entry[];
} {
  const result = {
    branch: null as string | null,
    head: null as string | null,
    upstream: null as string | null,
    ahead: 0,
    behind: 0,
    entries: [] as Entry[],
  };
  const fields = text.split('\0');
  for (let i = 0; i < fields.length; i++) {
    const field = fields[i] ?? '';
    const header = /^# branch\.(\S+) (.*)$/.exec(field);
    const [kind, states = '..'] = field.split(' ');
    const [index = '.', worktree = '.'] = states;
    if (header?.[1] === 'oid') result.head = header[2] === '(initial)' ? null : (header[2] ?? null);
    else if (header?.[1] === 'head') result.branch = header[2] === '(detached)' ? null : (header[2] ?? null);
    else if (header?.[1] === 'upstream') result.upstream = header[2] ?? null;
    else if (header?.[1] === 'ab')
      [result.ahead = 0, result.behind = 0] = (header[2] ?? '')
        .split(' ')
        .map((count) => Math.abs(Number(count)));
    else if (kind === '1')
      result.entries.push({ path: field.split(' ').slice(8).join(' '), index, worktree });
    else if (kind === '2')
      result.entries.push({
        path: field.split(' ').slice(9).join(' '),
        index,
        worktree,
        from: fields[++i] ?? '',
      });
    else if (kind === 'u')
      result.entries.push({ path: field.split(' ').slice(10).join(' '), index, worktree });
    else if (kind === '?') result.entries.push({ path: field.slice(2), index: '?', worktree: '?' });
  }
  return result;
}
