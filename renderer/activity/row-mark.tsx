import { Ban, Check, CircleHelp, CircleSlash, CircleX, Hourglass, Play } from 'lucide-react';
import type { ReactElement } from 'react';
import type { AuditRow } from '../../contract/audit.ts';
import { showLine } from '../../contract/display.ts';
import type { Messages } from '../messages/en.ts';
import { useMessages } from '../shared/language.ts';
import styles from './log-list.module.css';

type Words = Messages['activity']['marks'];
type Mark = readonly [ReactElement, keyof Words, 'asked' | 'bad' | undefined];

/** Made once: a row that is filled anew keeps the icon that it has. */
const MARKS = {
  started: [<Play key="icon" size={14} aria-hidden="true" />, 'started', undefined],
  asked: [<CircleHelp key="icon" size={14} aria-hidden="true" />, 'asked', 'asked'],
  timeout: [<Hourglass key="icon" size={14} aria-hidden="true" />, 'timeout', 'bad'],
  cancelled: [<CircleSlash key="icon" size={14} aria-hidden="true" />, 'cancelled', undefined],
  denied: [<Ban key="icon" size={14} aria-hidden="true" />, 'denied', 'bad'],
  failed: [<CircleX key="icon" size={14} aria-hidden="true" />, 'failed', 'bad'],
  done: [<Check key="icon" size={14} aria-hidden="true" />, 'done', undefined],
  allowed: [<Check key="icon" size={14} aria-hidden="true" />, 'allowed', undefined],
} as const satisfies Record<string, Mark>;

/** How a row ended, as an icon with its word. */
export function RowMark({ row, worded = false }: { readonly row: AuditRow; readonly worded?: boolean }) {
  return drawMark(row, useMessages().activity.marks, worded);
}

/** The same without a component of its own, for where forty are drawn at once. */
export function drawMark(row: AuditRow, words: Words, worded = false): ReactElement | null {
  const mark = markOf(row);
  if (mark === undefined) return null;
  const [icon, name, tone] = mark;
  return (
    <span className={`${styles.mark} ${tone === undefined ? '' : styles[tone]}`} title={words[name]}>
      {icon}
      <span className={worded ? undefined : styles.spoken}>{words[name]}</span>
    </span>
  );
}

function markOf(row: AuditRow): Mark | undefined {
  if (row.type === 'call.started') return MARKS.started;
  if (row.type === 'approval.asked') return MARKS.asked;
  if (row.outcome === 'timeout') return MARKS.timeout;
  if (row.outcome === 'cancelled') return MARKS.cancelled;
  if (row.outcome === 'denied' || row.decision === 'deny') return MARKS.denied;
  if (row.outcome === 'error') return MARKS.failed;
  if (row.outcome === 'ok') return MARKS.done;
  return row.decision === 'allow' ? MARKS.allowed : undefined;
}

/** Who acted, as a person is told. */
export function useActor(): (actor: string) => string {
  const { actors } = useMessages().activity;
  return (actor) =>
    actor === 'person' ? actors.person : actor === 'unknown' ? actors.unknown : showLine(actor);
}
