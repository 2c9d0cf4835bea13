import { z } from 'zod';
import { FastbandError } from '../../core/errors.ts';
import type { ToolContent, ToolResult } from '../../core/tool.ts';
import { callerPath, type PathStat } from '../../guard/path.ts';
import { holding, readContent } from '../file-content.ts';
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
  run: ({ data }, { signal }) => readOne(data, { offset: data.offset, limit: data.limit, signal }),
});

interface Reading {
  /** First line, from 1. */
  readonly offset?: number | undefined;
  /** Lines. */
  readonly limit?: number | undefined;
  /** Characters that the answer may take; a longer text ends at a line before. */
  readonly room?: number;
  readonly signal: AbortSignal;
}

/**
 * Reads one planned file as the tool answers it.
 *
 * @throws FastbandError `too_large` for an image that has no room
 */
export function readOne(data: ReadData, reading: Reading): Promise<ToolResult<ReadOutput>> {
  return holding(data.stat?.size ?? 0, reading.signal, () => readHeld(data, reading));
}

async function readHeld(
  data: ReadData,
  { offset = 1, limit, room = MAX_CHARACTERS }: Reading,
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
  const view = lineWindow(content.data, offset, limit, room);
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

/** A UTF-16 unit takes three bytes of UTF-8 at most. */
const BYTES_PER_UNIT = 3;
const LINE_FEED = 10;

/** Lines of a text, decoded no further than there is room: the rest of a large file never becomes a string. */
function lineWindow(bytes: Buffer, offset: number, limit: number | undefined, room: number) {
  const last = limit === undefined ? Number.POSITIVE_INFINITY : offset - 1 + limit;
  // A last line without its line feed counts; the emptiness after a last line feed does not.
  let totalLines = bytes.length === 0 ? 0 : 1;
  let [from, to] = [0, bytes.length];
  for (let at = 0; at < bytes.length - 1; at++) {
    if (bytes[at] !== LINE_FEED) continue;
    totalLines++;
    if (totalLines === offset) from = at + 1;
    if (totalLines === last + 1) to = at + 1;
  }
  if (offset > Math.max(1, totalLines))
    throw new FastbandError(
      'invalid_input',
      `The file has ${totalLines} lines; offset ${offset} is past its end.`,
    );
  // One unit more than there is room for, so that what does not fit shows.
  const text = bytes.toString('utf8', from, Math.min(to, from + BYTES_PER_UNIT * (room + 1)));
  const starts = lineStarts(text);
  const endOf = (line: number) => starts[line - offset + 1] ?? text.length;
  let endLine = Math.min(totalLines, last);
  while (endLine > offset && endOf(endLine) > room) endLine--;
  return {
    text: text.slice(0, Math.min(endOf(endLine), room)),
    startLine: totalLines === 0 ? 0 : offset,
    endLine,
    totalLines,
    more: endLine < totalLines || endOf(endLine) > room,
  };
}

/** Where each line begins. */
function lineStarts(text: string): number[] {
  const starts = [0];
  for (let at = text.indexOf('\n'); at !== -1 && at + 1 < text.length; at = text.indexOf('\n', at + 1))
    starts.push(at + 1);
  return starts;
}
