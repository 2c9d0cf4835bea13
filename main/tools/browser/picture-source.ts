import { FastbandError } from '../../core/errors.ts';
import type { PlanContext } from '../../core/tool.ts';
import type { PathStat } from '../../guard/path.ts';
import { resolveFor } from '../paths.ts';

/** A picture of the gallery, or a PNG file of a workspace. */
export type PictureSource =
  | { readonly kind: 'picture'; readonly id: string }
  | {
      readonly kind: 'file';
      readonly requested: string;
      readonly absolute: string;
      readonly workspace: string;
      readonly path: string;
      readonly stat: PathStat | null;
    };

/** @throws FastbandError `not_found`, `invalid_input`, and what the path guard refuses with */
export async function sourceOf(text: string, context: PlanContext): Promise<PictureSource> {
  if (/^p_[A-Za-z0-9_-]{16}$/.test(text)) return { kind: 'picture', id: text };
  const { requested, absolute, relative, type, workspace, stat } = await resolveFor(context, text, 'read');
  if (type === null) throw new FastbandError('not_found', `${text} does not exist.`);
  if (type === 'directory') throw new FastbandError('invalid_input', `${text} is a folder.`);
  return { kind: 'file', requested, absolute, workspace: workspace.name, path: relative, stat };
}
