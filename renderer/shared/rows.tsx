import { type KeyboardEvent, type ReactNode, useEffect, useRef } from 'react';
import { useListedKey } from './hotkeys.ts';
import { useMessages } from './language.ts';
import styles from './rows.module.css';

/**
 * A list of things, each in a row of its own. Arrows, Home and End go from row to row wherever a row's own button has
 * the focus; Enter opens it, as a button does.
 */
export function Rows({ label, children }: { readonly label: string; readonly children: ReactNode }) {
  useRowKeys();
  const list = useRef<HTMLUListElement>(null);
  const move = (event: KeyboardEvent) => {
    const buttons = [...(list.current?.querySelectorAll<HTMLElement>('[data-row]') ?? [])];
    const at = buttons.indexOf(document.activeElement as HTMLElement);
    if (at === -1) return;
    const to = {
      ArrowDown: Math.min(at + 1, buttons.length - 1),
      ArrowUp: Math.max(at - 1, 0),
      Home: 0,
      End: buttons.length - 1,
    }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    buttons[to]?.focus();
  };
  return (
    <ul ref={list} className={styles.rows} aria-label={label} onKeyDown={move}>
      {children}
    </ul>
  );
}

/** Lists under `?` the keys that go from row to row. */
export function useRowKeys(): void {
  const m = useMessages().keyboard;
  useListedKey('ArrowDown', m.nextRow);
  useListedKey('ArrowUp', m.previousRow);
  useListedKey('Home', m.firstRow);
  useListedKey('End', m.lastRow);
  useListedKey('Enter', m.openRow);
}

/**
 * One row: what it is, facts about it, and what can be done at once. Without `onOpen` there is nothing behind it.
 * `current`: the one that a link led to; it comes into view and has the focus.
 */
export function Row({
  title,
  text,
  icon,
  facts,
  actions,
  onOpen,
  dim = false,
  current = false,
}: {
  readonly title: ReactNode;
  readonly text?: ReactNode;
  readonly icon?: ReactNode;
  readonly facts?: ReactNode;
  readonly actions?: ReactNode;
  readonly onOpen?: () => void;
  readonly dim?: boolean;
  readonly current?: boolean;
}) {
  const row = useRef<HTMLLIElement>(null);
  useEffect(() => {
    if (current) row.current?.focus();
  }, [current]);
  const words = (
    <>
      {icon !== undefined && <span className={styles.icon}>{icon}</span>}
      <span className={styles.words}>
        <span className={styles.title}>{title}</span>
        {text !== undefined && <span className={styles.text}>{text}</span>}
      </span>
    </>
  );
  return (
    <li
      ref={row}
      className={`${styles.row} ${dim ? styles.dim : ''}`}
      {...(current ? { tabIndex: -1, 'aria-current': true } : {})}
    >
      {onOpen === undefined ? (
        <div className={styles.main}>{words}</div>
      ) : (
        <button type="button" className={styles.main} onClick={onOpen} data-row>
          {words}
        </button>
      )}
      {facts !== undefined && <div className={styles.facts}>{facts}</div>}
      {actions !== undefined && <div className={styles.actions}>{actions}</div>}
    </li>
  );
}

/** A figure or a word about a row; `label` says what it is when that is not plain. */
export function Fact({
  children,
  label,
  tone,
}: {
  readonly children: ReactNode;
  readonly label?: string;
  readonly tone?: 'good' | 'warn' | 'bad';
}) {
  return (
    <span className={`${styles.fact} ${tone === undefined ? '' : styles[tone]}`} title={label}>
      {children}
    </span>
  );
}
