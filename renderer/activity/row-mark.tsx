import { Ban, Check, CircleHelp, CircleSlash, CircleX, Hourglass, type LucideIcon, Play } from 'lucide-react';
import type { AuditRow } from '../../contract/audit.ts';
import type { Messages } from '../messages/en.ts';
import { visible } from '../shared/hidden.ts';
import { useMessages } from '../shared/language.ts';
import styles from './log-list.module.css';

type Mark = readonly [LucideIcon, keyof Messages['activity']['marks'], 'asked' | 'bad' | undefined];

/** How a row ended, as an icon with its word. */
export function RowMark({ row, worded = false }: { readonly row: AuditRow; readonly worded?: boolean }) {
  const { marks } = useMessages().activity;
  const mark = markOf(row);
  if (mark === undefined) return null;
  const [Icon, name, tone] = mark;
  return (
    <span className={`${styles.mark} ${tone === undefined ? '' : styles[tone]}`} title={marks[name]}>
      <Icon size={14} aria-hidden="true" />
      <span className={worded ? undefined : styles.spoken}>{marks[name]}</span>
    </span>
  );
}

function markOf(row: AuditRow): Mark | undefined {
  if (row.type === 'call.started') return [Play, 'started', undefined];
  if (row.type === 'approval.asked') return [CircleHelp, 'asked', 'asked'];
  if (row.outcome === 'timeout') return [Hourglass, 'timeout', 'bad'];
  if (row.outcome === 'cancelled') return [CircleSlash, 'cancelled', undefined];
  if (row.outcome === 'denied' || row.decision === 'deny') return [Ban, 'denied', 'bad'];
  if (row.outcome === 'error') return [CircleX, 'failed', 'bad'];
  if (row.outcome === 'ok') return [Check, 'done', undefined];
  return row.decision === 'allow' ? [Check, 'allowed', undefined] : undefined;
}

/** Who acted, as a person is told. */
export function useActor(): (actor: string) => string {
  const { actors } = useMessages().activity;
  return (actor) =>
    actor === 'person' ? actors.person : actor === 'unknown' ? actors.unknown : visible(actor);
}
