import { z } from 'zod';
import type { Effect } from '../../../contract/effects.ts';
import { FastbandError } from '../../core/errors.ts';
import type { ToolContent } from '../../core/tool.ts';
import { callerPath } from '../../guard/path.ts';
import { resolveFor } from '../paths.ts';
import { defineTool } from '../tool.ts';
import { type ReadData, ReadOutput, readOne } from './read-file.ts';

/** Of all files together. */
const MAX_CHARACTERS = 2 * 1024 * 1024;
const Failure = z.object({ path: z.string(), error: z.string() });

export const readManyFiles = defineTool({
  name: 'read_many_files',
  title: 'Read several files',
  description:
    'Reads up to 50 files. One that cannot be read is named with its error; the others still come.',
  group: 'files',
  risk: 'read',
  contentOnly: true,
  input: z.strictObject({ paths: z.array(z.string()).min(1).max(50) }),
  output: z.object({ files: z.array(ReadOutput), errors: z.array(Failure) }),
  async plan({ paths }, context) {
    const files: ReadData[] = [];
    const errors: z.infer<typeof Failure>[] = [];
    const effects: Effect[] = [];
    for (const path of new Set(paths)) {
      try {
        const { requested, absolute, relative, stat, workspace, type } = await resolveFor(
          context,
          path,
          'read',
        );
        if (type !== 'file')
          throw new FastbandError(
            'not_found',
            type === null ? `${path} does not exist.` : `${path} is a folder.`,
          );
        files.push({
          requested,
          absolute,
          path: callerPath(context.workspaces, workspace.name, relative),
          stat,
        });
        effects.push({ kind: 'read', workspace: workspace.name, path: relative });
      } catch (error) {
        // A refusal by a guard is about the whole call; a missing file is not.
        if (!(error instanceof FastbandError) || error.code !== 'not_found') throw error;
        errors.push({ path, error: error.message });
      }
    }
    return { effects, data: { files, errors } };
  },
  async run({ data }, context) {
    const files: ReadOutput[] = [];
    const errors = [...data.errors];
    const content: ToolContent[] = [];
    let room = MAX_CHARACTERS;
    for (const file of data.files) {
      context.signal.throwIfAborted();
      try {
        if (room <= 0)
          throw new FastbandError('output_too_large', 'Not read: the answer is full. Read it by itself.');
        const one = await readOne(file, { room, signal: context.signal });
        for (const part of one.content ?? [])
          room -= part.type === 'text' ? part.text.length : part.type === 'image' ? part.data.length : 0;
        files.push(one.output);
        content.push({ type: 'text', text: `── ${file.path}` }, ...(one.content ?? []));
      } catch (error) {
        if (!(error instanceof FastbandError)) throw error;
        errors.push({ path: file.path, error: error.message });
      }
    }
    for (const { path, error } of errors) content.push({ type: 'text', text: `── ${path}: ${error}` });
    return {
      output: { files, errors },
      content,
      summary: `Read ${files.length} files${errors.length > 0 ? `, ${errors.length} could not be read` : ''}.`,
    };
  },
});
