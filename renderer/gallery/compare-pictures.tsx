import { ArrowLeftRight } from 'lucide-react';
import { useState } from 'react';
import type { PictureInfo } from '../../contract/pictures.ts';
import { Dialog } from '../shared/dialog.tsx';
import { useFormat } from '../shared/format.ts';
import { useMessages } from '../shared/language.ts';
import { Button, Notice, Shown } from '../shared/parts.tsx';
import { Picture } from './picture.tsx';
import styles from './picture-view.module.css';

/** Two pictures over each other; a slider moves the border between them. */
export function ComparePictures({
  first,
  second,
  onSwap,
  onClose,
}: {
  readonly first: PictureInfo;
  readonly second: PictureInfo;
  readonly onSwap: () => void;
  readonly onClose: () => void;
}) {
  const words = useMessages().gallery;
  const { exactTime } = useFormat();
  const [share, setShare] = useState(50);
  const sameSize = first.width === second.width && first.height === second.height;
  return (
    <Dialog
      open
      wide
      onClose={onClose}
      title={words.comparing}
      actions={
        <Button icon={ArrowLeftRight} onClick={onSwap}>
          {words.swap}
        </Button>
      }
    >
      <div className={styles.view}>
        {!sameSize && <Notice tone="plain">{words.otherSize}</Notice>}
        <div className={styles.slider}>
          <span>{words.first}</span>
          <input
            type="range"
            min={0}
            max={100}
            value={share}
            aria-label={words.slider}
            aria-valuetext={`${share} %`}
            onChange={(event) => setShare(Number(event.target.value))}
          />
          <span>{words.second}</span>
        </div>
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls can be scrolled by keys */}
        <div className={styles.stack} tabIndex={0}>
          <div className={styles.inside}>
            <Picture picture={second} size="full" />
            <div className={styles.over} style={{ clipPath: `inset(0 ${100 - share}% 0 0)` }}>
              <Picture picture={first} size="full" />
            </div>
            <span className={styles.edge} style={{ left: `${share}%` }} />
          </div>
        </div>
        <dl className={styles.facts}>
          {[[words.first, first] as const, [words.second, second] as const].map(([name, one]) => (
            <div key={name}>
              <dt>{name}</dt>
              <dd>
                <Shown text={`${one.url}, ${exactTime(one.at)}`} />
              </dd>
            </div>
          ))}
        </dl>
      </div>
    </Dialog>
  );
}
