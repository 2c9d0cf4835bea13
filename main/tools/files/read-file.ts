import { z } from 'zod';
import { FastbandError } from '../../core/errors.ts';
import type { ToolContent, ToolResult } from '../../core/tool.ts';
import { callerPath, type PathStat } from '../../guard/path.ts';
import { readContent } from '../file-content.ts';
import { resolveFor } from '../paths.ts';
import { defineTool } from '../tool.ts';

const MAX_CHARACTERS = 1024 * 1024;
const MAX_IMAGE_BYTES = 5 * 1024 * 1024;

export const ReadOutput = z.object({
  path: z.string(),
  kind: z.enum(['text', 'image', 'binary']),
  bytes: z.int(),
  text: z.string().optional(),
  mimeType: z.string().optional(),
  startLine: z.int().optional(),
  endLine: z.int().optional(),
  totalLines: z.int().optional(),
  /** There is more after `endLine`. */
  more: z.boolean().optional(),
});
export type ReadOutput = z.infer<typeof ReadOutput>;

export interface ReadData {
  readonly requested: string;
  readonly absolute: string;
  /** As a caller would write it. */
  readonly path: string;
  readonly stat: PathStat | null;
}

export const readFile = defineTool({
  name: 'read_file',
  title: 'Read a file',
  description: 'Reads a text file (whole, or lines from offset) or an image.',
  group: 'files',
  risk: 'read',
  contentOnly: true,
  input: z.strictObject({
    path: z.string(),
    offset: z.int().min(1).optional().describe('first line, from 1'),
    limit: z.int().min(1).optional().describe('lines'),
  }),
  output: ReadOutput,
  async plan({ path, offset, limit }, context) {
    const resolved = await resolveFor(context, path, 'read');
    if (resolved.type === null) throw new FastbandError('not_found', `${path} does not exist.`);
    if (resolved.type === 'directory')
      throw new FastbandError('invalid_input', `${path} is a folder. Use list_directory.`);
    const { requested, absolute, relative, stat, workspace } = resolved;
    const data: ReadData & { offset?: number | undefined; limit?: number | undefined } = {
      requested,
      absolute,
      path: callerPath(context.workspaces, workspace.name, relative),
      stat,
      offset,
      limit,
    };
    return { effects: [{ kind: 'read', workspace: workspace.name, path: relative }], data };
  },
  run: ({ data }) => readOne(data, data.offset ?? 1, data.limit),
});

/**
 * Reads one planned file as the tool answers it.
 *
 * @param room - characters that the answer may take; a longer text ends at a line before
 * @throws FastbandError `too_large` for an image that has no room
 */
export async function readOne(
  data: ReadData,
  offset: number,
  limit: number | undefined,
  room = MAX_CHARACTERS,
): Promise<ToolResult<ReadOutput>> {
  const content = await readContent(data);
  const base = { path: data.path, kind: content.kind, bytes: content.bytes };
  if (content.kind === 'image') {
    if (content.bytes > MAX_IMAGE_BYTES)
      throw new FastbandError(
        'too_large',
        `${data.path} is an image of ${content.bytes} bytes, more than the ${MAX_IMAGE_BYTES} that can be shown.`,
      );
    return {
      output: { ...base, mimeType: content.mimeType },
      content: [{ type: 'image', data: content.data.toString('base64'), mimeType: content.mimeType }],
      summary: `Read the image ${data.path}, ${content.bytes} bytes.`,
    };
  }
  if (content.kind === 'binary') {
    return {
      output: base,
      content: [{ type: 'text', text: `${data.path} is a binary file of ${content.bytes} bytes.` }],
      summary: `Found ${data.path} to be binary, ${content.bytes} bytes.`,
    };
  }
  const view = lineWindow(content.text, offset, limit, room);
  const range =
    view.more || offset > 1
      ? `lines ${view.startLine} to ${view.endLine} of ${view.totalLines}`
      : `${view.totalLines} lines`;
  const next =
    view.endLine < view.totalLines ? `go on with offset ${view.endLine + 1}` : 'the last line is cut';
  const note: ToolContent[] = view.more ? [{ type: 'text', text: `[${range}; ${next}]` }] : [];
  return {
    output: { ...base, ...view },
    content: [{ type: 'text', text: view.text }, ...note],
    summary: `Read ${data.path}, ${range}.`,
  };
}

function lineWindow(text: string, offset: number, limit: number | undefined, room: number) {
  const starts = lineStarts(text);
  const totalLines = starts.length;
  if (offset > Math.max(1, totalLines))
    throw new FastbandError(
      'invalid_input',
      `The file has ${totalLines} lines; offset ${offset} is past its end.`,
    );
  const from = starts[offset - 1] ?? 0;
  let endLine = Math.min(totalLines, limit === undefined ? totalLines : offset - 1 + limit);
  const endOf = (line: number) => starts[line] ?? text.length;
  while (endLine > offset && endOf(endLine) - from > room) endLine--;
  return {
    text: text.slice(from, Math.min(endOf(endLine), from + room)),
    startLine: totalLines === 0 ? 0 : offset,
    endLine,
    totalLines,
    more: endLine < totalLines || endOf(endLine) - from > room,
  };
}

/** Where each line begins. A last line without its line feed counts; the emptiness after a last line feed does not. */
function lineStarts(text: string): number[] {
  if (text === '') return [];
  const starts = [0];
  for (let at = text.indexOf('\n'); at !== -1 && at + 1 < text.length; at = text.indexOf('\n', at + 1))
    starts.push(at + 1);
  return starts;
}
