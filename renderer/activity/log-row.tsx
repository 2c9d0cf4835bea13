import { memo } from 'react';
import type { AuditRow } from '../../contract/audit.ts';
import { KindLabel } from '../shared/effects.tsx';
import { useFormat } from '../shared/format.ts';
import { visible } from '../shared/hidden.ts';
import { Shown } from '../shared/parts.tsx';
import type { Column } from './columns.ts';
import styles from './log-list.module.css';
import { RowMark, useActor } from './row-mark.tsx';

/** One line of the log. Empty while it is on its way, so that scrolling never waits. */
export const LogRow = memo(function LogRow({
  id,
  place,
  row,
  top,
  height,
  now,
  columns,
  active,
  open,
  onOpen,
}: {
  readonly id: string;
  readonly place: number;
  readonly row: AuditRow | undefined;
  readonly top: number;
  readonly height: number;
  readonly now: number;
  readonly columns: ReadonlySet<Column>;
  readonly active: boolean;
  readonly open: boolean;
  readonly onOpen: (row: AuditRow) => void;
}) {
  const { duration, exactTime, relative } = useFormat();
  const actor = useActor();
  const look = `${styles.row} ${active ? styles.active : ''} ${open ? styles.open : ''}`;
  return (
    <div
      id={id}
      role="row"
      className={look}
      style={{ transform: `translateY(${top}px)`, height }}
      aria-rowindex={place + 1}
      aria-selected={open}
      onClick={() => row !== undefined && onOpen(row)}
    >
      {row === undefined ? (
        <span role="gridcell" className={styles.waiting} />
      ) : (
        <>
          <span
            role="gridcell"
            className={styles.time}
            // Worked out when it is looked at: it costs more than the rest of the row.
            onPointerMove={({ currentTarget }) => {
              currentTarget.title = exactTime(row.at);
            }}
          >
            {relative(row.at, now)}
          </span>
          {columns.has('who') && (
            <span role="gridcell" className={styles.who}>
              <Shown text={actor(row.actor)} />
            </span>
          )}
          <span role="gridcell" className={styles.what} title={visible(row.summary)}>
            <RowMark row={row} />
            <span className={row.type === 'call.started' ? styles.quiet : undefined}>
              <Shown text={visible(row.summary)} />
            </span>
          </span>
          {columns.has('effects') && (
            <span role="gridcell" className={styles.effects}>
              {row.kinds.map((kind) => (
                <KindLabel key={kind} kind={kind} short={row.kinds.length > 1} />
              ))}
            </span>
          )}
          {columns.has('took') && (
            <span role="gridcell" className={styles.took}>
              {row.durationMs === null ? '' : duration(row.durationMs)}
            </span>
          )}
        </>
      )}
    </div>
  );
});
