import { PictureId } from '../contract/pictures.ts';

/** Which picture a panel's `/pictures/ID` or `/pictures/ID/small` means; undefined for any other path. */
export function picturePath(path: string): { id: string; size: 'full' | 'small' } | undefined {
  const [empty, folder, id, size, ...rest] = path.split('/');
  if (empty !== '' || folder !== 'pictures' || rest.length > 0) return undefined;
  if (size !== undefined && size !== 'small') return undefined;
  return PictureId.safeParse(id).success && id !== undefined ? { id, size: size ?? 'full' } : undefined;
}
