import { Ban, Check, CircleSlash, Hourglass, type LucideIcon } from 'lucide-react';
import type { Approval, ApprovalStatus } from '../../contract/approvals.ts';
import { ApprovalTitle } from '../shared/approval-title.tsx';
import { useFormat } from '../shared/format.ts';
import { useMessages } from '../shared/language.ts';
import { hrefTo } from '../shared/route.ts';
import { useNow } from '../shared/time.ts';
import styles from './recent.module.css';

const ICONS: Readonly<Record<Exclude<ApprovalStatus, 'waiting'>, LucideIcon>> = {
  allowed: Check,
  denied: Ban,
  timeout: Hourglass,
  cancelled: CircleSlash,
};
const SHOWN = 20;

/** The last answers. */
export function Recent({ settled }: { settled: readonly Approval[] }) {
  const now = useNow(10_000);
  const m = useMessages().approvals;
  const { exactTime, relative } = useFormat();
  return (
    <section aria-labelledby="recent">
      <h2 id="recent" className={styles.heading}>
        {m.recent} · <a href={hrefTo('activity', { about: 'approvals' })}>{m.allAnswers}</a>
      </h2>
      <ul className={styles.list}>
        {settled.slice(0, SHOWN).map((approval) => {
          if (approval.status === 'waiting') return null;
          const Icon = ICONS[approval.status];
          const at = approval.settledAt ?? approval.createdAt;
          return (
            <li key={approval.id} className={styles.item}>
              <span className={`${styles.status} ${approval.status === 'denied' ? styles.denied : ''}`}>
                <Icon size={14} aria-hidden="true" />
                {m.settled[approval.status]}
              </span>
              <span className={styles.title}>
                <ApprovalTitle approval={approval} />
                {approval.reason !== undefined && <span className={styles.reason}>“{approval.reason}”</span>}
              </span>
              <time className={styles.time} dateTime={new Date(at).toISOString()} title={exactTime(at)}>
                {relative(at, now)}
              </time>
            </li>
          );
        })}
      </ul>
    </section>
  );
}
