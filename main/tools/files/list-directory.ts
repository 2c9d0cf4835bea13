import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { FastbandError } from '../../core/errors.ts';
import type { RunContext } from '../../core/tool.ts';
import { inFolder } from '../../guard/fs-folder.ts';
import { isGitName } from '../../guard/fs-names.ts';
import { callerPath, lstatOf } from '../../guard/path.ts';
import { childPath, resolveFor } from '../paths.ts';
import { defineTool } from '../tool.ts';
import { visibleIn } from './visible.ts';
import { kindOf } from './walk.ts';

const MAX_ENTRIES = 2000;
const Entry = z.object({
  path: z.string(),
  type: z.enum(['file', 'directory', 'link', 'other']),
  size: z.int().optional(),
});
type Entry = z.infer<typeof Entry>;

export const listDirectory = defineTool({
  name: 'list_directory',
  title: 'List a folder',
  description: 'Lists a folder, down to a depth (default 1). A .git folder is named but not entered.',
  group: 'files',
  risk: 'read',
  input: z.strictObject({ path: z.string().default('.'), depth: z.int().min(1).max(10).default(1) }),
  output: z.object({ path: z.string(), entries: z.array(Entry), more: z.boolean() }),
  async plan({ path, depth }, context) {
    const { type, absolute, relative, workspace } = await resolveFor(context, path, 'read');
    if (type === null) throw new FastbandError('not_found', `${path} does not exist.`);
    if (type === 'file') throw new FastbandError('invalid_input', `${path} is a file. Use read_file.`);
    return {
      effects: [{ kind: 'read', workspace: workspace.name, path: relative, tree: true }],
      data: { requested: path, absolute, path: relative, workspace: workspace.name, depth },
    };
  },
  async run({ data }, context) {
    const { entries, more } = await list(data, context);
    const text = entries
      .map((one) =>
        one.type === 'directory' ? `${one.path}/` : one.type === 'link' ? `${one.path} (link)` : one.path,
      )
      .join('\n');
    return {
      output: { path: callerPath(context.workspaces, data.workspace, data.path), entries, more },
      content: [
        { type: 'text', text: `${text}${more ? `\n[only the first ${MAX_ENTRIES}]` : ''}` || '(empty)' },
      ],
      summary: `Listed ${data.path}, ${entries.length} entries.`,
    };
  },
});

async function list(
  data: {
    readonly requested: string;
    readonly absolute: string;
    readonly path: string;
    readonly workspace: string;
    readonly depth: number;
  },
  context: RunContext,
): Promise<{ entries: Entry[]; more: boolean }> {
  const visible = visibleIn(context, data.workspace);
  const entries: Entry[] = [];
  const queue = [{ absolute: data.absolute, path: data.path, depth: 1 }];
  for (let folder = queue.shift(); folder !== undefined; folder = queue.shift()) {
    context.signal.throwIfAborted();
    const { path, absolute, depth } = folder;
    const found = await inFolder(absolute, data.requested, async (held) => {
      const names = (await readdir(held.self)).filter((name) => visible(childPath(path, name))).sort();
      const some = names.slice(0, MAX_ENTRIES - entries.length);
      const stats = await Promise.all(some.map((name) => lstatOf(held.at(name)).catch(() => null)));
      return { some, stats, more: some.length < names.length };
    }).catch((error: unknown) => {
      // A folder further down that cannot be opened, or is gone, does not spoil the rest.
      if (depth === 1 || !(error instanceof FastbandError)) throw error;
      return { some: [], stats: [], more: false };
    });
    for (const [i, name] of found.some.entries()) {
      const stat = found.stats[i];
      if (stat == null) continue;
      const type = kindOf(stat);
      const below = childPath(path, name);
      entries.push({
        path: callerPath(context.workspaces, data.workspace, below),
        type,
        ...(type === 'file' ? { size: stat.size } : {}),
      });
      if (type === 'directory' && depth < data.depth && !isGitName(name))
        queue.push({ absolute: join(absolute, name), path: below, depth: depth + 1 });
    }
    if (found.more) return { entries, more: true };
  }
  return { entries, more: false };
}
