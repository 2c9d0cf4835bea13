import { KeyRound, ListChecks, type LucideIcon, ScrollText } from 'lucide-react';
import { useEffect, useSyncExternalStore } from 'react';
import { ActivityPage } from './activity/activity-page.tsx';
import styles from './app.module.css';
import { ApprovalsPage } from './approvals/approvals-page.tsx';
import { usePanel } from './shared/panel.ts';
import { waitingApprovals } from './shared/panel-state.ts';
import { Empty, Notice } from './shared/parts.tsx';
import { ServerState } from './shared/server-state.tsx';

/** The pages, in the rail's order. */
const PAGES = {
  approvals: { name: 'Approvals', icon: ListChecks, page: ApprovalsPage },
  activity: { name: 'Activity', icon: ScrollText, page: ActivityPage },
} as const;
type PageId = keyof typeof PAGES;

export function App() {
  const state = usePanel();
  const current = usePageId();
  const waiting = waitingApprovals(state).length;
  const { name, page: Page } = PAGES[current];

  useEffect(() => {
    document.title = `${waiting > 0 ? `(${waiting}) ` : ''}${name} · Fastband`;
  }, [waiting, name]);

  if (state.connection === 'signed-out') return <SignedOut />;
  return (
    <div className={styles.frame}>
      <nav className={styles.rail} aria-label="Pages">
        <div className={styles.brand}>
          <Mark />
          <span>Fastband</span>
        </div>
        {(Object.keys(PAGES) as PageId[]).map((id) => (
          <RailLink
            key={id}
            id={id}
            name={PAGES[id].name}
            icon={PAGES[id].icon}
            current={id === current}
            count={id === 'approvals' ? waiting : 0}
          />
        ))}
      </nav>
      <div className={styles.body}>
        <header className={styles.title}>
          <h1>{name}</h1>
          <span className={styles.count} aria-live="polite">
            {state.loaded && (waiting === 0 ? 'Nothing waiting' : `${waiting} waiting`)}
          </span>
          <ServerState state={state} />
        </header>
        <main className={styles.content}>
          {state.connection === 'lost' && (
            <Notice tone="danger">
              Fastband does not answer, so what you see may be old and answers cannot be given. Check that it
              is running, and that the tunnel to it is open. This page connects again by itself.
            </Notice>
          )}
          {state.status?.problems.map((problem) => (
            <Notice key={problem} tone="warn">
              {problem}
            </Notice>
          ))}
          <Page state={state} />
        </main>
      </div>
    </div>
  );
}

function RailLink({
  id,
  name,
  icon: Icon,
  current,
  count,
}: {
  id: PageId;
  name: string;
  icon: LucideIcon;
  current: boolean;
  count: number;
}) {
  return (
    <a className={styles.link} href={`#/${id}`} aria-current={current ? 'page' : undefined} title={name}>
      <Icon size={18} strokeWidth={1.75} aria-hidden="true" />
      <span className={styles.linkName}>{name}</span>
      {count > 0 && <span className={styles.badge}>{count}</span>}
    </a>
  );
}

function SignedOut() {
  return (
    <main className={styles.alone}>
      <Empty icon={KeyRound} title="This browser is not logged in">
        <p>
          A session lasts twelve hours at most. To go on, open a new link: Fastband prints one in its terminal
          when it starts.
        </p>
      </Empty>
    </main>
  );
}

/** The brand: three bands. */
function Mark() {
  return (
    <svg className={styles.mark} width="20" height="20" viewBox="0 0 24 24" fill="none" aria-hidden="true">
      <rect width="24" height="24" rx="6" fill="currentColor" />
      <path className={styles.bands} d="M6 7h12M6 12h8M6 17h4" strokeWidth="2.5" strokeLinecap="round" />
    </svg>
  );
}

function usePageId(): PageId {
  const hash = useSyncExternalStore(
    (changed) => {
      window.addEventListener('hashchange', changed);
      return () => window.removeEventListener('hashchange', changed);
    },
    () => window.location.hash,
  );
  const id = hash.replace(/^#\//, '');
  return Object.hasOwn(PAGES, id) ? (id as PageId) : 'approvals';
}
