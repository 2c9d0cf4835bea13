import { ScrollText } from 'lucide-react';
import { useEffect, useMemo, useState } from 'react';
import type { AuditRow } from '../../contract/audit.ts';
import { useMessages } from '../shared/language.ts';
import { PageTitle } from '../shared/page-title.tsx';
import { usePanel } from '../shared/panel.ts';
import { Button, Empty, Loading } from '../shared/parts.tsx';
import { useNow } from '../shared/time.ts';
import styles from './activity-page.module.css';
import { ActivityRow } from './activity-row.tsx';

const SHOWN = 100;
/** Scrolled further than this, a person is reading: new rows wait. */
const READING_PX = 80;

/** What clients and people did, newest first. */
export function ActivityPage() {
  return (
    <>
      <PageTitle title={useMessages().pages.activity} />
      <Activity />
    </>
  );
}

function Activity() {
  const state = usePanel();
  const now = useNow(10_000);
  const rows = useMemo(() => withoutDoubles(state.rows), [state.rows]);
  const { top, show } = useHeldRows(rows);
  const undoable = useMemo(
    () =>
      new Set(
        state.journal
          .filter((entry) => entry.undoable && entry.undoneBy === undefined)
          .map((entry) => entry.callId),
      ),
    [state.journal],
  );
  const undone = useMemo(
    () => new Set(state.journal.filter((entry) => entry.undoneBy !== undefined).map((entry) => entry.callId)),
    [state.journal],
  );

  if (!state.loaded) return state.connection === 'lost' ? null : <Loading lines={6} />;
  if (rows.length === 0) {
    return (
      <Empty icon={ScrollText} title="Nothing has happened yet">
        <p>
          Every call of a client appears here with what it did, and so does every change of a rule, key,
          client or setting.
        </p>
      </Empty>
    );
  }
  const held = rows.filter((row) => row.seq > top).length;
  return (
    <div className={styles.page}>
      {held > 0 && (
        <div className={styles.held}>
          <Button look="primary" onClick={show}>
            {held} new
          </Button>
        </div>
      )}
      <table className={styles.table}>
        <thead>
          <tr>
            <th scope="col">Time</th>
            <th scope="col">Who</th>
            <th scope="col">What</th>
            <th scope="col">Effects</th>
            <th scope="col" className={styles.figure}>
              Took
            </th>
            <th scope="col">
              <span className={styles.spoken}>Undo</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {rows
            .filter((row) => row.seq <= top)
            .slice(0, SHOWN)
            .map((row) => (
              <ActivityRow
                key={row.seq}
                row={row}
                now={now}
                undo={
                  endsCall(row) && row.callId !== null
                    ? undone.has(row.callId)
                      ? 'undone'
                      : undoable.has(row.callId)
                        ? 'offered'
                        : 'none'
                    : 'none'
                }
                live={state.connection === 'live'}
              />
            ))}
        </tbody>
      </table>
    </div>
  );
}

/** The row of a call's end stands for its start as well. */
function withoutDoubles(rows: readonly AuditRow[]): readonly AuditRow[] {
  const ended = new Set(rows.filter(endsCall).map((row) => row.callId));
  return rows.filter(
    (row) =>
      endsCall(row) || !((row.type === 'call.started' || row.type === 'undo') && ended.has(row.callId)),
  );
}

function endsCall(row: AuditRow): boolean {
  return row.type === 'call.finished' || (row.type === 'undo' && row.outcome !== null);
}

/** Holds new rows back while a person has scrolled down. `top` is the highest row to show. */
function useHeldRows(rows: readonly AuditRow[]): { top: number; show: () => void } {
  const [heldAt, setHeldAt] = useState<number>();
  const newest = rows[0]?.seq ?? 0;
  useEffect(() => {
    const scrolled = () => {
      const reading = window.scrollY > READING_PX;
      setHeldAt((now) => (reading ? (now ?? newest) : undefined));
    };
    window.addEventListener('scroll', scrolled, { passive: true });
    return () => window.removeEventListener('scroll', scrolled);
  }, [newest]);
  return { top: heldAt ?? newest, show: () => window.scrollTo({ top: 0 }) };
}
