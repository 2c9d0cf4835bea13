import { basename, dirname } from 'node:path';
import { z } from 'zod';
import { FastbandError } from '../../core/errors.ts';
import type { RunContext } from '../../core/tool.ts';
import { type HeldFolder, inFolder } from '../../guard/fs-folder.ts';
import { isOwnLink } from '../../guard/fs-home.ts';
import { callerPath, changed, lstatOf } from '../../guard/path.ts';
import { childPath, resolveFor } from '../paths.ts';
import { defineTool } from '../tool.ts';
import { fileGlob } from './globs.ts';
import { inSearchTurn, isHidden, ripgrep, scopeArgs } from './ripgrep.ts';
import { visibleIn } from './visible.ts';

const MAX_SHOWN = 500;
const Line = z.object({ path: z.string(), line: z.int(), text: z.string(), match: z.boolean() });
type Line = z.infer<typeof Line>;

/** The part of ripgrep's `--json` that is used here. Text that is not UTF-8 comes as `bytes` and is passed over. */
interface RipgrepLine {
  readonly type: 'begin' | 'match' | 'context' | 'end' | 'summary';
  readonly data: {
    readonly path?: { readonly text?: string };
    readonly line_number?: number | null;
    readonly lines?: { readonly text?: string };
  };
}

export const searchFiles = defineTool({
  name: 'search_files',
  title: 'Search in files',
  description: 'Searches file contents by regular expression (ripgrep). Leaves out what .gitignore names.',
  group: 'files',
  risk: 'read',
  input: z.strictObject({
    pattern: z.string().min(1).max(1000),
    path: z.string().default('.'),
    glob: z.string().min(1).max(1000).optional().describe('only files like this'),
    literal: z.boolean().default(false),
    ignore_case: z.boolean().default(false),
    hidden: z.boolean().default(false),
    context: z.int().min(0).max(20).default(0).describe('lines around'),
    limit: z.int().min(1).max(2000).default(100),
  }),
  output: z.object({ lines: z.array(Line), matches: z.int(), more: z.boolean() }),
  async plan({ path, ...input }, context) {
    const { type, absolute, relative, workspace, stat } = await resolveFor(context, path, 'read');
    if (input.glob !== undefined) fileGlob(input.glob);
    if (type === null) throw new FastbandError('not_found', `${path} does not exist.`);
    return {
      effects: [
        {
          kind: 'read',
          workspace: workspace.name,
          path: relative,
          ...(type === 'directory' ? { tree: true } : {}),
        },
      ],
      data: {
        ...input,
        requested: path,
        absolute,
        path: relative,
        workspace: workspace.name,
        inode: type === 'file' ? (stat?.ino ?? 0) : null,
      },
    };
  },
  async run({ data }, context) {
    const glob = data.glob === undefined ? undefined : fileGlob(data.glob);
    const visible = visibleIn(context, data.workspace);
    let lines: Line[] = [];
    const wanted = new Map<string, string | undefined>();
    /** The path to show for one that ripgrep names, or undefined where it is not to be shown. */
    const shownPath = (below: string): string | undefined => {
      const path = data.inode !== null ? data.path : childPath(data.path, below);
      // A file named by the caller is searched whatever its name.
      const left =
        data.inode === null && (glob?.matches(below) === false || (!data.hidden && isHidden(below)));
      return left || !visible(path) ? undefined : callerPath(context.workspaces, data.workspace, path);
    };
    let matches = 0;
    let more = false;
    const args = [
      '--json',
      ...(data.literal ? ['--fixed-strings'] : []),
      ...(data.ignore_case ? ['--ignore-case'] : []),
      ...(data.context > 0 ? [`--context=${data.context}`] : []),
      ...scopeArgs(data),
      ...(data.inode === null ? (glob?.args ?? []) : []),
      `--regexp=${data.pattern}`,
      '--',
      data.inode === null ? './' : `./${basename(data.absolute)}`,
    ];
    await inSearchTurn(context, () =>
      inFolder(
        data.inode === null ? data.absolute : dirname(data.absolute),
        data.requested,
        async (folder) => {
          // ripgrep follows a link that it is given by name.
          if (data.inode !== null && (await lstatOf(folder.at(basename(data.absolute))))?.ino !== data.inode)
            throw changed(data.requested);
          await ripgrep(args, folder.self, '\n', context, (piece) => {
            if (!piece.startsWith('{"type":"match"') && !piece.startsWith('{"type":"context"')) return 'more';
            const { type, data: found } = JSON.parse(piece) as RipgrepLine;
            const name = found.path?.text;
            if (name === undefined || found.lines?.text === undefined) return 'more';
            if (!wanted.has(name))
              wanted.set(
                name,
                shownPath(
                  (process.platform === 'win32' ? name.replaceAll('\\', '/') : name).replace(/^\.\//, ''),
                ),
              );
            const path = wanted.get(name);
            if (path === undefined) return 'more';
            if (type === 'match' && matches === data.limit) {
              more = true;
              return 'stop';
            }
            if (type === 'match') matches++;
            lines.push({
              path,
              line: found.line_number ?? 0,
              text: shorten(found.lines.text),
              match: type === 'match',
            });
            return 'more';
          });
          const own = await ownLinks(wanted, folder, context);
          lines = lines.filter((one) => !own.has(one.path));
          matches = lines.filter((one) => one.match).length;
        },
      ),
    );
    // Files come in the order that threads finish them; the same search should read the same.
    lines.sort((a, b) => (a.path === b.path ? a.line - b.line : a.path < b.path ? -1 : 1));
    return {
      output: { lines, matches, more },
      content: [{ type: 'text', text: asText(lines, more) }],
      summary: `Found ${matches}${more ? ' or more' : ''} matches in ${data.path}.`,
    };
  },
});

/** Which of the files are Fastband's own under a second name, by the path that they would be shown with. */
async function ownLinks(
  files: ReadonlyMap<string, string | undefined>,
  folder: HeldFolder,
  { ports }: RunContext,
): Promise<ReadonlySet<string>> {
  const own = new Set<string>();
  for (const [name, path] of files) {
    if (path === undefined) continue;
    const info = await lstatOf(folder.at(name));
    if (info !== null && (await isOwnLink(info, ports.home))) own.add(path);
  }
  return own;
}

function shorten(text: string): string {
  const line = text.replace(/\r?\n$/, '');
  return line.length > MAX_SHOWN ? `${line.slice(0, MAX_SHOWN)}… (${line.length} characters)` : line;
}

function asText(lines: readonly Line[], more: boolean): string {
  if (lines.length === 0) return 'Nothing matches.';
  let text = '';
  let path = '';
  for (const one of lines) {
    if (one.path !== path) text += `${path === '' ? '' : '\n'}${one.path}\n`;
    path = one.path;
    text += `${one.line}${one.match ? ':' : '-'} ${one.text}\n`;
  }
  return more ? `${text}[there are more]` : text;
}
