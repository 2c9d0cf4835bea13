import { z } from 'zod';
import { FastbandError } from '../../core/errors.ts';
import { callerPath } from '../../guard/path.ts';
import { diffPreview } from '../diff-preview.ts';
import { decodeText, holding, MAX_READ_BYTES, readBytes, startsWithBom } from '../file-content.ts';
import { resolveFor } from '../paths.ts';
import { defineTool } from '../tool.ts';
import { changeEffects, makeChange, planChange } from './change.ts';
import { changeWarnings } from './warnings.ts';

const Edit = z.strictObject({
  old: z.string().min(1),
  new: z.string(),
  all: z.boolean().optional().describe('replace every occurrence'),
});

/** Places that an error names. */
const MAX_NAMED = 10;

export const editFile = defineTool({
  name: 'edit_file',
  title: 'Edit a file',
  description:
    'Replaces exact texts in a file, in order, all or none. Each old text must occur once, unless all is true.',
  group: 'files',
  risk: 'write',
  input: z.strictObject({ path: z.string(), edits: z.array(Edit).min(1).max(200) }),
  output: z.object({ path: z.string(), replacements: z.int() }),
  async plan({ path, edits }, context) {
    const resolved = await resolveFor(context, path, 'write');
    if (resolved.type !== 'file')
      throw new FastbandError('not_found', `There is no file ${path}. Use write_file to create one.`);
    // The errors below say what the file holds, so only who may read it may edit it.
    if (!context.visible(resolved.workspace.name, resolved.relative)) {
      throw new FastbandError(
        'denied_by_rule',
        `The rules do not let you read ${path}, so you cannot edit it.`,
      );
    }
    const { change, replacements, decoded, text } = await holding(
      resolved.stat?.size ?? 0,
      context.signal,
      async () => {
        const bytes = await readBytes(resolved);
        const decoded = decodeText(bytes);
        if (decoded === undefined) throw new FastbandError('invalid_input', `${path} is not a text file.`);
        const { text, replacements } = applyEdits(decoded, edits, path);
        const bom = startsWithBom(bytes) ? '\ufeff' : '';
        return {
          change: await planChange(resolved, bom + text, context.signal, bytes),
          replacements,
          decoded,
          text,
        };
      },
    );
    return {
      effects: changeEffects(change),
      data: { ...change, replacements },
      preview: () => ({
        previews: [diffPreview(change.path, decoded, text)],
        warnings: changeWarnings(change.path, resolved.viaLink, change.before, context),
      }),
    };
  },
  async run({ data }, context) {
    await makeChange(data, context);
    return {
      output: {
        path: callerPath(context.workspaces, data.workspace, data.path),
        replacements: data.replacements,
      },
      summary: `Edited ${data.path}, ${data.replacements} ${data.replacements === 1 ? 'replacement' : 'replacements'}.`,
    };
  },
});

/** Applies exact replacements to a text. A file with CRLF line ends is matched and keeps them. */
export function applyEdits(
  original: string,
  edits: readonly z.infer<typeof Edit>[],
  path: string,
): { text: string; replacements: number } {
  const crlf = original.includes('\r\n') && !/[^\r]\n/.test(original);
  let text = original;
  let replacements = 0;
  edits.forEach((edit, index) => {
    const which = edits.length > 1 ? `Edit ${index + 1}: ` : '';
    const inFile = (part: string) => (crlf ? part.replaceAll('\r\n', '\n').replaceAll('\n', '\r\n') : part);
    const old = inFile(edit.old);
    const { count, first } = occurrences(text, old);
    if (count === 0)
      throw new FastbandError(
        'invalid_input',
        `${which}the old text is not in ${path}.${nearest(text, edit.old)} Nothing was changed.`,
      );
    if (count > 1 && edit.all !== true) {
      const lines = first.map((at) => lineAt(text, at)).join(', ');
      throw new FastbandError(
        'invalid_input',
        `${which}the old text occurs ${count} times in ${path} (lines ${lines}). Add lines around it, or set all. Nothing was changed.`,
      );
    }
    const replacement = inFile(edit.new);
    // Before it is made: a few short edits could ask for more than there is memory.
    if (text.length + count * (replacement.length - old.length) > MAX_READ_BYTES)
      throw new FastbandError(
        'too_large',
        `${which}${path} would become larger than ${MAX_READ_BYTES} characters. Nothing was changed.`,
      );
    text = text.split(old).join(replacement);
    replacements += count;
  });
  if (text === original) throw new FastbandError('invalid_input', `These edits change nothing in ${path}.`);
  return { text, replacements };
}

/** How often a part occurs, and where first. */
function occurrences(text: string, part: string): { count: number; first: number[] } {
  const first: number[] = [];
  let count = 0;
  for (let at = text.indexOf(part); at !== -1; at = text.indexOf(part, at + part.length)) {
    count++;
    if (first.length < MAX_NAMED) first.push(at);
  }
  return { count, first };
}

function lineAt(text: string, at: number): number {
  return text.slice(0, at).split('\n').length;
}

/** The line most like the first wanted one, for whoever mistyped it. */
function nearest(text: string, wanted: string): string {
  const target =
    wanted
      .split('\n')
      .find((line) => line.trim() !== '')
      ?.trim() ?? '';
  if (target === '') return '';
  const words = new Set(target.split(/\W+/).filter(Boolean));
  let best = { score: 0, line: 0, text: '' };
  text
    .split('\n')
    .slice(0, 20_000)
    .forEach((line, index) => {
      const trimmed = line.trim();
      const score =
        trimmed === target
          ? 1
          : trimmed.split(/\W+/).filter((word) => words.has(word)).length / Math.max(words.size, 1) - 0.01;
      if (score > best.score) best = { score, line: index + 1, text: trimmed };
    });
  if (best.score >= 1)
    return ` Line ${best.line} has its first line, but what follows differs, or the white space does.`;
  return best.score >= 0.5 ? ` Most like it is line ${best.line}: ${best.text.slice(0, 200)}` : '';
}
