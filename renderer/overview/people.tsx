import { Bot, Check } from 'lucide-react';
import type { ClientState } from '../../contract/entities.ts';
import { ApprovalTitle } from '../shared/approval-title.tsx';
import { countdown, useFormat } from '../shared/format.ts';
import { useMessages } from '../shared/language.ts';
import { usePanel } from '../shared/panel.ts';
import { waitingApprovals } from '../shared/panel-state.ts';
import { Shown } from '../shared/parts.tsx';
import { hrefTo } from '../shared/route.ts';
import { Fact } from '../shared/rows.tsx';
import { useNow } from '../shared/time.ts';
import styles from './overview-page.module.css';

const FEW = 4;

/** What waits for an answer, the one with the least time first. */
export function Waiting() {
  const m = useMessages();
  const words = m.overview;
  const waiting = waitingApprovals(usePanel());
  const now = useNow(1000);
  return (
    <section className={styles.card} aria-labelledby="waiting-card">
      <div className={styles.head}>
        <h2 id="waiting-card">{words.waiting}</h2>
        <a href={hrefTo('approvals')}>
          {waiting.length > FEW ? words.all(waiting.length) : m.pages.approvals}
        </a>
      </div>
      {waiting.length === 0 ? (
        <p className={styles.nothing}>
          <Check size={16} aria-hidden="true" />
          {words.nothingWaits}
        </p>
      ) : (
        <ul className={styles.lines}>
          {waiting
            .toSorted((a, b) => a.expiresAt - b.expiresAt)
            .slice(0, FEW)
            .map((one) => (
              <li key={one.id}>
                <a href={hrefTo('approvals', { id: one.id })}>
                  <ApprovalTitle approval={one} />
                </a>
                <span className={styles.soft}>{countdown(one.expiresAt - now)}</span>
              </li>
            ))}
        </ul>
      )}
    </section>
  );
}

/** Who is at work, and who was here last. */
export function ActiveClients({ clients }: { clients: readonly ClientState[] }) {
  const m = useMessages();
  const words = m.overview;
  const { relative, exactTime } = useFormat();
  const now = useNow(10_000);
  return (
    <section className={styles.card} aria-labelledby="clients-card">
      <div className={styles.head}>
        <h2 id="clients-card">{m.pages.clients}</h2>
        <a href={hrefTo('clients')}>{clients.length > FEW ? words.all(clients.length) : words.manage}</a>
      </div>
      {clients.length === 0 && <p className={styles.soft}>{words.noClients}</p>}
      <ul className={styles.lines}>
        {clients
          .toSorted((a, b) => (b.lastSeenAt ?? 0) - (a.lastSeenAt ?? 0))
          .slice(0, FEW)
          .map((one) => (
            <li key={one.id}>
              <a href={hrefTo('clients', { client: one.id })}>
                <Bot size={14} aria-hidden="true" /> <Shown text={one.name} />
              </a>
              {one.connected ? (
                <Fact tone="good">● {m.clients.connected}</Fact>
              ) : one.lastSeenAt === undefined ? (
                <span className={styles.soft}>{m.clients.never}</span>
              ) : (
                <time
                  className={styles.soft}
                  dateTime={new Date(one.lastSeenAt).toISOString()}
                  title={exactTime(one.lastSeenAt)}
                >
                  {relative(one.lastSeenAt, now)}
                </time>
              )}
            </li>
          ))}
      </ul>
    </section>
  );
}
