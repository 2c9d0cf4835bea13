import { createContext, type ReactNode, useContext, useEffect } from 'react';
import { createPortal } from 'react-dom';
import styles from './page-title.module.css';

/** The place in the frame's title row that belongs to the page. */
export const TitleSlot = createContext<HTMLElement | null>(null);

/** The page's name in the title row, a short note beside it, and at its end the page's one primary action. */
export function PageTitle({
  title,
  note,
  actions,
}: {
  title: string;
  note?: ReactNode;
  actions?: ReactNode;
}) {
  const slot = useContext(TitleSlot);
  useEffect(() => {
    document.title = document.title.replace(/^(\(\d+\) )?.*$/, `$1${title} · Fastband`);
  }, [title]);
  if (slot === null) return null;
  return createPortal(
    <>
      <h1 className={styles.title}>{title}</h1>
      <span className={styles.note}>{note}</span>
      <div className={styles.actions}>{actions}</div>
    </>,
    slot,
  );
}
