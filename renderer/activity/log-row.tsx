import { memo, useMemo } from 'react';
import type { AuditRow } from '../../contract/audit.ts';
import { showLine } from '../../contract/display.ts';
import { drawKind } from '../shared/effects.tsx';
import { useFormat } from '../shared/format.ts';
import { useMessages } from '../shared/language.ts';
import { Shown } from '../shared/parts.tsx';
import type { Column } from './columns.ts';
import styles from './log-list.module.css';
import { drawMark, useActor } from './row-mark.tsx';

/** What every row speaks with: found once for all of them, as forty are filled at once while scrolling. */
type RowWords = ReturnType<typeof useRowWords>;

export function useRowWords() {
  const format = useFormat();
  const actor = useActor();
  const { marks } = useMessages().activity;
  const { verbs } = useMessages().effects;
  // biome-ignore lint/correctness/useExhaustiveDependencies: `actor` follows the language, as `marks` does
  return useMemo(() => ({ format, actor, marks, verbs }), [format, marks, verbs]);
}

/** One line of the log. Empty while it is on its way, so that scrolling never waits. */
export const LogRow = memo(function LogRow({
  id,
  place,
  row,
  top,
  height,
  now,
  words,
  columns,
  active,
  open,
}: {
  readonly id: string;
  readonly place: number;
  readonly row: AuditRow | undefined;
  readonly top: number;
  readonly height: number;
  readonly now: number;
  readonly words: RowWords;
  readonly columns: ReadonlySet<Column>;
  readonly active: boolean;
  readonly open: boolean;
}) {
  const look = `${styles.row} ${active ? styles.active : ''} ${open ? styles.open : ''}`;
  return (
    <div
      id={id}
      role="row"
      className={look}
      style={{ transform: `translateY(${top}px)`, height }}
      aria-rowindex={place + 1}
      aria-selected={open}
      data-place={place}
    >
      {row === undefined ? (
        <span role="gridcell" className={styles.waiting} />
      ) : (
        <Cells row={row} when={words.format.relative(row.at, now)} words={words} columns={columns} />
      )}
    </div>
  );
});

/** What a row says: not drawn anew when it is merely chosen or moved. */
const Cells = memo(function Cells({
  row,
  when,
  words: { format, actor, marks, verbs },
  columns,
}: {
  readonly row: AuditRow;
  /** How long ago, in words. */
  readonly when: string;
  readonly words: RowWords;
  readonly columns: ReadonlySet<Column>;
}) {
  const summary = showLine(row.summary);
  return (
    <>
      <span
        role="gridcell"
        className={styles.time}
        // Worked out when it is looked at: it costs more than the rest of the row.
        onPointerMove={({ currentTarget }) => {
          currentTarget.title = format.exactTime(row.at);
        }}
      >
        {when}
      </span>
      {columns.has('who') && (
        <span role="gridcell" className={styles.who}>
          <Shown text={actor(row.actor)} />
        </span>
      )}
      <span role="gridcell" className={styles.what} title={summary}>
        {drawMark(row, marks)}
        <span className={row.type === 'call.started' ? styles.quiet : undefined}>
          <Shown text={summary} />
        </span>
      </span>
      {columns.has('effects') && (
        <span role="gridcell" className={styles.effects}>
          {row.kinds.map((kind) => drawKind(kind, verbs[kind], row.kinds.length > 1))}
        </span>
      )}
      {columns.has('took') && (
        <span role="gridcell" className={styles.took}>
          {row.durationMs === null ? '' : format.duration(row.durationMs)}
        </span>
      )}
    </>
  );
});
