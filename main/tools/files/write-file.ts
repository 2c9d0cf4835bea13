import { z } from 'zod';
import { warning } from '../../../contract/sentences.ts';
import { sha256Hex } from '../../core/canonical.ts';
import { callerPath, changed } from '../../guard/path.ts';
import { diffPreview } from '../diff-preview.ts';
import { decodeText, holding, MAX_READ_BYTES, readBytes } from '../file-content.ts';
import { resolveFor } from '../paths.ts';
import { defineTool } from '../tool.ts';
import { changeEffects, makeChange, planChange } from './change.ts';
import { changeWarnings } from './warnings.ts';

export const writeFile = defineTool({
  name: 'write_file',
  title: 'Write a file',
  description: 'Creates a file or replaces its whole content. Missing folders are made.',
  group: 'files',
  risk: 'write',
  input: z.strictObject({ path: z.string(), content: z.string() }),
  output: z.object({ path: z.string(), created: z.boolean(), bytes: z.int() }),
  async plan({ path, content }, context) {
    const resolved = await resolveFor(context, path, 'write');
    const data = await planChange(resolved, content, context.signal);
    return {
      effects: changeEffects(data),
      data,
      preview: () =>
        holding(resolved.stat?.size ?? 0, context.signal, async () => {
          const readable = resolved.stat !== null && resolved.stat.size <= MAX_READ_BYTES;
          const bytes = readable ? await readBytes(resolved) : undefined;
          // What is shown must be what the plan was made on.
          if (bytes !== undefined && sha256Hex(bytes) !== data.beforeHash) throw changed(path);
          const before = bytes === undefined ? '' : decodeText(bytes, 'keep');
          const warnings = changeWarnings(data.path, resolved.viaLink, data.before, context);
          if (before === undefined || (resolved.stat !== null && !readable)) {
            warnings.push(warning('unshown', data.path));
          }
          return { previews: [diffPreview(data.path, before ?? '', content)], warnings };
        }),
    };
  },
  async run({ data }, context) {
    await makeChange(data, context);
    const bytes = Buffer.byteLength(data.content);
    return {
      output: {
        path: callerPath(context.workspaces, data.workspace, data.path),
        created: data.op === 'create',
        bytes,
      },
      summary: `${data.op === 'create' ? 'Created' : 'Wrote'} ${data.path}, ${bytes} bytes.`,
    };
  },
});
