import { ChevronLeft, ChevronRight, ScrollText, Trash2 } from 'lucide-react';
import { useEffect } from 'react';
import type { PictureInfo } from '../../contract/pictures.ts';
import { Dialog } from '../shared/dialog.tsx';
import { useFormat } from '../shared/format.ts';
import { useMessages } from '../shared/language.ts';
import { Button, Shown } from '../shared/parts.tsx';
import { hrefTo } from '../shared/route.ts';
import { Picture } from './picture.tsx';
import styles from './picture-view.module.css';

/** One picture, whole, with what is known of it. Arrows go to the one before and after. */
export function PictureView({
  picture,
  pictures,
  onShow,
  onDelete,
  onClose,
}: {
  readonly picture: PictureInfo;
  readonly pictures: readonly PictureInfo[];
  readonly onShow: (id: string) => void;
  readonly onDelete: () => void;
  readonly onClose: () => void;
}) {
  const m = useMessages();
  const words = m.gallery;
  const { bytes, exactTime } = useFormat();
  const at = pictures.findIndex(({ id }) => id === picture.id);
  const previous = pictures[at - 1]?.id;
  const next = pictures[at + 1]?.id;

  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      // The question whether to delete lies over this one.
      if (document.querySelector('[role=alertdialog]:not([aria-modal=false])') !== null) return;
      if (event.key === 'ArrowLeft' && previous !== undefined) onShow(previous);
      if (event.key === 'ArrowRight' && next !== undefined) onShow(next);
      if (event.key === 'Delete') onDelete();
    };
    // Before the dialog hears them: it lets arrows go no further.
    window.addEventListener('keydown', onKey, true);
    return () => window.removeEventListener('keydown', onKey, true);
  }, [previous, next, onShow, onDelete]);

  const facts: readonly (readonly [string, string])[] = [
    [words.shows, picture.url],
    ...(picture.title === '' ? [] : [[words.title, `“${picture.title}”`] as const]),
    [words.madeBy, picture.clientName],
    [words.tool, picture.tool],
    [words.size, `${picture.width} × ${picture.height}, ${bytes(picture.bytes)}`],
    [words.at, exactTime(picture.at)],
  ];
  return (
    <Dialog
      open
      wide
      onClose={onClose}
      title={<Shown text={picture.url} />}
      actions={
        <>
          <Button icon={Trash2} onClick={onDelete}>
            {words.delete}
          </Button>
          <span className={styles.space} />
          <Button
            icon={ChevronLeft}
            disabled={previous === undefined}
            aria-label={words.previous}
            title={words.previous}
            onClick={() => previous !== undefined && onShow(previous)}
          />
          <Button
            icon={ChevronRight}
            disabled={next === undefined}
            aria-label={words.next}
            title={words.next}
            onClick={() => next !== undefined && onShow(next)}
          />
        </>
      }
    >
      <div className={styles.view}>
        <Picture picture={picture} size="full" className={styles.picture} />
        <dl className={styles.facts}>
          {facts.map(([name, value]) => (
            <div key={name}>
              <dt>{name}</dt>
              <dd>
                <Shown text={value} />
              </dd>
            </div>
          ))}
        </dl>
        <a className={styles.link} href={hrefTo('activity', { callId: picture.callId })}>
          <ScrollText size={14} aria-hidden="true" /> {words.activity}
        </a>
      </div>
    </Dialog>
  );
}
