import {
  Ban,
  Check,
  CircleHelp,
  CircleSlash,
  CircleX,
  Hourglass,
  type LucideIcon,
  Undo2,
} from 'lucide-react';
import { useState } from 'react';
import type { AuditRow } from '../../contract/audit.ts';
import { KindLabel } from '../shared/effects.tsx';
import { useFormat } from '../shared/format.ts';
import { visible } from '../shared/hidden.ts';
import { ask, HostError } from '../shared/host.ts';
import { Button, Shown } from '../shared/parts.tsx';
import styles from './activity-page.module.css';

interface Mark {
  readonly icon: LucideIcon;
  readonly word: string;
  readonly tone: string | undefined;
}

/** One row, with what can be undone about it. */
export function ActivityRow({
  row,
  now,
  undo,
  live,
}: {
  row: AuditRow;
  now: number;
  undo: 'offered' | 'undone' | 'none';
  live: boolean;
}) {
  const mark = markOf(row);
  const { duration, exactTime, relative } = useFormat();
  return (
    <tr>
      <td className={styles.time}>
        <time dateTime={new Date(row.at).toISOString()} title={exactTime(row.at)}>
          {relative(row.at, now)}
        </time>
      </td>
      <td className={styles.who}>
        <Shown
          text={visible(row.actor === 'person' ? 'You' : row.actor === 'fastband' ? 'Fastband' : row.actor)}
        />
      </td>
      <td className={styles.what}>
        {mark !== undefined && (
          <span className={`${styles.mark} ${mark.tone ?? ''}`} title={mark.word}>
            <mark.icon size={14} aria-hidden="true" />
            <span className={styles.spoken}>{mark.word}</span>
          </span>
        )}
        <span>
          <Shown text={visible(row.summary)} />
        </span>
      </td>
      <td className={styles.kinds}>
        {row.kinds.map((kind) => (
          <KindLabel key={kind} kind={kind} />
        ))}
      </td>
      <td className={styles.figure}>{row.durationMs === null ? '' : duration(row.durationMs)}</td>
      <td className={styles.undo}>
        {undo === 'none' || row.callId === null ? null : (
          <UndoCell callId={row.callId} undone={undo === 'undone'} live={live} />
        )}
      </td>
    </tr>
  );
}

function UndoCell({ callId, undone, live }: { callId: string; undone: boolean; live: boolean }) {
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string>();
  if (undone) return <span className={styles.undone}>Undone</span>;
  const run = async () => {
    setBusy(true);
    setProblem(undefined);
    try {
      await ask('journal.undo', { callId });
    } catch (error) {
      setProblem(error instanceof HostError ? error.message : String(error));
    }
    setBusy(false);
  };
  return (
    <>
      <Button
        icon={Undo2}
        disabled={busy || !live}
        onClick={() => void run()}
        className={styles.undoButton}
        title="Put back what this call changed"
      >
        Undo
      </Button>
      {problem !== undefined && (
        <p className={styles.problem} role="alert">
          {problem}
        </p>
      )}
    </>
  );
}

function markOf(row: AuditRow): Mark | undefined {
  if (row.type === 'approval.asked') return { icon: CircleHelp, word: 'Asked', tone: styles.asked };
  if (row.type === 'call.refused' || row.decision === 'deny' || row.outcome === 'denied')
    return { icon: Ban, word: 'Denied', tone: styles.bad };
  if (row.outcome === 'error') return { icon: CircleX, word: 'Failed', tone: styles.bad };
  if (row.outcome === 'timeout') return { icon: Hourglass, word: 'Out of time', tone: styles.bad };
  if (row.outcome === 'cancelled') return { icon: CircleSlash, word: 'Cancelled', tone: undefined };
  if (row.outcome === 'ok' || row.decision === 'allow')
    return { icon: Check, word: 'Allowed', tone: undefined };
  return undefined;
}
