import { type KeyboardEvent, useRef } from 'react';
import type { PictureInfo } from '../../contract/pictures.ts';
import { useFormat } from '../shared/format.ts';
import { useListedKey } from '../shared/hotkeys.ts';
import { useMessages } from '../shared/language.ts';
import { Shown } from '../shared/parts.tsx';
import { useRowKeys } from '../shared/rows.tsx';
import { useNow } from '../shared/time.ts';
import styles from './gallery-page.module.css';
import { Picture } from './picture.tsx';

/** Pictures side by side. Arrows go from one to the next, Enter opens, Delete asks to delete. */
export function Grid({
  pictures,
  chosen,
  onChoose,
  onOpen,
  onDelete,
}: {
  readonly pictures: readonly PictureInfo[];
  readonly chosen: readonly string[];
  readonly onChoose: (id: string, on: boolean) => void;
  readonly onOpen: (id: string) => void;
  readonly onDelete: (picture: PictureInfo) => void;
}) {
  const m = useMessages();
  const words = m.gallery;
  const { relative, exactTime } = useFormat();
  const now = useNow(10_000);
  const list = useRef<HTMLUListElement>(null);
  useRowKeys();
  useListedKey('ArrowRight', words.next);
  useListedKey('ArrowLeft', words.previous);
  useListedKey('Delete', words.delete);

  const onKey = (event: KeyboardEvent) => {
    const tiles = [...(list.current?.querySelectorAll<HTMLElement>('[data-row]') ?? [])];
    const at = tiles.indexOf(document.activeElement as HTMLElement);
    const picture = pictures[at];
    if (at === -1 || picture === undefined) return;
    if (event.key === 'Delete') return onDelete(picture);
    const to = nextTile(event.key, at, tiles);
    if (to === undefined) return;
    event.preventDefault();
    tiles[to]?.focus();
  };

  return (
    <ul ref={list} className={styles.grid} aria-label={m.pages.gallery} onKeyDown={onKey}>
      {pictures.map((picture) => (
        <li key={picture.id} className={styles.tile}>
          <button type="button" data-row className={styles.open} onClick={() => onOpen(picture.id)}>
            <span className={styles.frame}>
              <Picture picture={picture} size="small" className={styles.small} />
            </span>
            <span className={styles.url}>
              <Shown text={picture.url} />
            </span>
            <span className={styles.by} title={exactTime(picture.at)}>
              <Shown text={words.by(picture.clientName, relative(picture.at, now))} />
            </span>
          </button>
          <input
            type="checkbox"
            className={styles.choose}
            checked={chosen.includes(picture.id)}
            onChange={(event) => onChoose(picture.id, event.target.checked)}
            aria-label={words.choose(picture.url)}
          />
        </li>
      ))}
    </ul>
  );
}

/** Where a key leads from a tile: within the row, or to the nearest of the row above or below. */
function nextTile(key: string, at: number, tiles: readonly HTMLElement[]): number | undefined {
  const last = tiles.length - 1;
  const rowOf = (index: number) => tiles[index]?.getBoundingClientRect().top;
  const perRow = Math.max(1, tiles.filter((_, index) => rowOf(index) === rowOf(0)).length);
  const to = {
    ArrowRight: Math.min(at + 1, last),
    ArrowLeft: Math.max(at - 1, 0),
    ArrowDown: Math.min(at + perRow, last),
    ArrowUp: at - perRow < 0 ? at : at - perRow,
    Home: 0,
    End: last,
  }[key];
  return to;
}
