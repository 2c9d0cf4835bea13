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

/** As answers name a picture: by its id, or by the address of its resource. */
const PICTURE = /^(?:fastband:\/\/pictures\/)?(p_[A-Za-z0-9_-]{16})$/;

/** @throws FastbandError `not_found`, `invalid_input`, and what the path guard refuses with */
export async function sourceOf(text: string, context: PlanContext): Promise<PictureSource> {
  const id = PICTURE.exec(text)?.[1];
  if (id !== undefined) return { kind: 'picture', id };
  const { requested, absolute, relative, type, workspace, stat } = await resolveFor(context, text, 'read');
  if (type === null) throw new FastbandError('not_found', `${text} does not exist.`);
  if (type === 'directory') throw new FastbandError('invalid_input', `${text} is a folder.`);
  return { kind: 'file', requested, absolute, workspace: workspace.name, path: relative, stat };
}
