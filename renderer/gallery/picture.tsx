import { useQuery } from '@tanstack/react-query';
import type { PictureInfo } from '../../contract/pictures.ts';
import { loadPicture } from '../shared/host.ts';
import { useMessages } from '../shared/language.ts';
import styles from './picture.module.css';

/** Small ones are kept for a while after they were last seen; whole ones are large. */
const KEPT_MS = { small: 5 * 60_000, full: 10_000 } as const;

/** A picture of the gallery; an empty place of its shape until it is there. */
export function Picture({
  picture,
  size,
  className,
}: {
  readonly picture: PictureInfo;
  readonly size: 'full' | 'small';
  readonly className?: string | undefined;
}) {
  const words = useMessages().gallery;
  const { data, isError } = useQuery({
    queryKey: ['picture', picture.id, size],
    queryFn: () => loadPicture(picture.id, size),
    gcTime: KEPT_MS[size],
  });
  if (isError) return <span className={styles.gone}>{words.gone}</span>;
  return (
    <img
      className={`${styles.picture} ${className ?? ''}`}
      src={data}
      alt={words.alt(picture.url)}
      width={picture.width}
      height={picture.height}
      draggable={false}
    />
  );
}
