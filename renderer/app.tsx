import { useQuery } from '@tanstack/react-query';
import {
  FolderTree,
  Gauge,
  Images,
  KeyRound,
  ListChecks,
  type LucideIcon,
  MonitorSmartphone,
  Scale,
  ScrollText,
  Settings2,
  ShieldCheck,
  Wrench,
} from 'lucide-react';
import { type ComponentType, lazy, Suspense, useEffect, useState } from 'react';
import type { DesktopOutput } from '../contract/desktop.ts';
import { PAGE_IDS, type PageId } from '../contract/page-ids.ts';
import styles from './app.module.css';
import { Keys } from './palette/keys.tsx';
import { desktop } from './shared/bridge.ts';
import { askDesktop } from './shared/host.ts';
import { useMessages } from './shared/language.ts';
import { TitleSlot } from './shared/page-title.tsx';
import { usePanel } from './shared/panel.ts';
import { waitingApprovals } from './shared/panel-state.ts';
import { Empty, Loading, Notice } from './shared/parts.tsx';
import { Fence } from './shared/root.tsx';
import { hrefTo, usePage } from './shared/route.ts';
import { ServerState } from './shared/server-state.tsx';
import { StartupProblem } from './startup/startup-problem.tsx';

/** Each page is loaded when it is first opened. */
const PAGES: Readonly<Record<PageId, { icon: LucideIcon; page: ComponentType }>> = {
  overview: {
    icon: Gauge,
    page: lazy(() => import('./overview/overview-page.tsx').then((one) => ({ default: one.OverviewPage }))),
  },
  approvals: {
    icon: ListChecks,
    page: lazy(() =>
      import('./approvals/approvals-page.tsx').then((one) => ({ default: one.ApprovalsPage })),
    ),
  },
  activity: {
    icon: ScrollText,
    page: lazy(() => import('./activity/activity-page.tsx').then((one) => ({ default: one.ActivityPage }))),
  },
  rules: {
    icon: Scale,
    page: lazy(() => import('./rules/rules-page.tsx').then((one) => ({ default: one.RulesPage }))),
  },
  tools: {
    icon: Wrench,
    page: lazy(() => import('./tools/tools-page.tsx').then((one) => ({ default: one.ToolsPage }))),
  },
  clients: {
    icon: MonitorSmartphone,
    page: lazy(() => import('./clients/clients-page.tsx').then((one) => ({ default: one.ClientsPage }))),
  },
  workspaces: {
    icon: FolderTree,
    page: lazy(() =>
      import('./workspaces/workspaces-page.tsx').then((one) => ({ default: one.WorkspacesPage })),
    ),
  },
  gallery: {
    icon: Images,
    page: lazy(() => import('./gallery/gallery-page.tsx').then((one) => ({ default: one.GalleryPage }))),
  },
  keys: {
    icon: KeyRound,
    page: lazy(() => import('./keys/keys-page.tsx').then((one) => ({ default: one.KeysPage }))),
  },
  security: {
    icon: ShieldCheck,
    page: lazy(() => import('./security/security-page.tsx').then((one) => ({ default: one.SecurityPage }))),
  },
  settings: {
    icon: Settings2,
    page: lazy(() => import('./settings/settings-page.tsx').then((one) => ({ default: one.SettingsPage }))),
  },
};

/** How often it is asked whether what kept Fastband from starting is over, in milliseconds. */
const PROBLEM_MS = 2000;

/** The main window: rail, title row, the page. */
export function App() {
  const m = useMessages();
  const state = usePanel();
  const current = usePage();
  const [slot, setSlot] = useState<HTMLElement | null>(null);
  const waiting = waitingApprovals(state).length;
  const { page: Page } = PAGES[current];

  useEffect(() => {
    document.title = `${waiting > 0 ? `(${waiting}) ` : ''}${m.pages[current]} · Fastband`;
  }, [waiting, current, m]);

  const info = useQuery({
    queryKey: ['desktop.info'],
    queryFn: async () => (await askDesktop('desktop.info')) as DesktopOutput<'desktop.info'>,
    enabled: desktop() !== undefined,
    // A start that takes long may still end well.
    refetchInterval: ({ state: { data } }) => (data?.problem === undefined ? false : PROBLEM_MS),
  }).data;

  if (info?.problem !== undefined)
    return (
      <main className={styles.alone}>
        <StartupProblem problem={info.problem} home={info.home} />
      </main>
    );
  if (state.connection === 'signed-out') return <SignedOut />;
  return (
    <div className={styles.frame}>
      <Keys />
      <button type="button" className={styles.skip} onClick={() => document.getElementById('page')?.focus()}>
        {m.pages.skip}
      </button>
      <nav className={styles.rail} aria-label={m.pages.rail}>
        <div className={styles.brand}>
          <Mark />
          <span>Fastband</span>
        </div>
        {PAGE_IDS.map((id) => (
          <RailLink
            key={id}
            id={id}
            name={m.pages[id]}
            icon={PAGES[id].icon}
            current={id === current}
            count={id === 'approvals' ? waiting : 0}
          />
        ))}
      </nav>
      <div className={styles.body}>
        <header className={styles.title}>
          <div className={styles.slot} ref={setSlot} />
          <ServerState state={state} />
        </header>
        <main className={styles.content} id="page" tabIndex={-1}>
          {state.connection === 'lost' && <Notice tone="danger">{m.errors.lost}</Notice>}
          {state.status?.problems.map((problem) => (
            <Notice key={problem} tone="warn">
              {problem}
            </Notice>
          ))}
          <TitleSlot value={slot}>
            <Fence key={current}>
              <Suspense fallback={<Loading lines={6} />}>
                <Page />
              </Suspense>
            </Fence>
          </TitleSlot>
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
  const m = useMessages();
  return (
    <a className={styles.link} href={hrefTo(id)} aria-current={current ? 'page' : undefined} title={name}>
      <Icon size={18} strokeWidth={1.75} aria-hidden="true" />
      <span className={styles.linkName}>{name}</span>
      {count > 0 && (
        <span className={styles.badge}>
          <span aria-hidden="true">{count}</span>
          <span className={styles.spoken}>{m.server.waiting(count)}</span>
        </span>
      )}
    </a>
  );
}

function SignedOut() {
  const m = useMessages();
  return (
    <main className={styles.alone}>
      <Empty alone icon={KeyRound} title={m.signedOut.title}>
        <p>{m.signedOut.text}</p>
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
