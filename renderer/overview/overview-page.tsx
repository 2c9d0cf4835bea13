import { Power } from 'lucide-react';
import { useState } from 'react';
import { ask } from '../shared/host.ts';
import { useMessages } from '../shared/language.ts';
import { PageTitle } from '../shared/page-title.tsx';
import { panel, usePanel } from '../shared/panel.ts';
import { Button, Copyable, Loading } from '../shared/parts.tsx';
import { useChannel } from '../shared/query.ts';
import { toast } from '../shared/toast.tsx';
import { FirstSteps } from './first-steps.tsx';
import { Health } from './health.tsx';
import { LastHour } from './last-hour.tsx';
import styles from './overview-page.module.css';
import { ActiveClients, Waiting } from './people.tsx';

/** How everything is, at a glance, and what to do first when nothing is set up. */
export function OverviewPage() {
  const m = useMessages();
  const state = usePanel();
  const workspaces = useChannel('workspaces.list', {});
  const clients = useChannel('clients.list', {}, { refetchMs: 5_000 });
  const known = clients.data?.filter((one) => one.revokedAt === undefined);
  const setUp =
    workspaces.data === undefined || known === undefined || (workspaces.data.length > 0 && known.length > 0);
  return (
    <>
      <PageTitle title={m.pages.overview} />
      {!state.loaded && state.connection !== 'lost' && <Loading lines={6} />}
      {state.loaded && (
        <div className={styles.page}>
          {!setUp && <FirstSteps workspaces={workspaces.data?.length ?? 0} clients={known?.length ?? 0} />}
          <div className={styles.cards}>
            <Server />
            <Waiting />
            <ActiveClients clients={known ?? []} />
            <Health />
            <LastHour />
          </div>
        </div>
      )}
    </>
  );
}

function Server() {
  const m = useMessages();
  const words = m.overview;
  const { status, connection } = usePanel();
  const [busy, setBusy] = useState(false);
  const running = status?.running === true;
  const turn = () => {
    setBusy(true);
    ask(running ? 'server.stop' : 'server.start', {})
      .then((after) => panel.merge((now) => ({ ...now, status: after })))
      .catch(toast.failed)
      .finally(() => setBusy(false));
  };
  if (status === undefined) return null;
  return (
    <section className={styles.card} aria-labelledby="server-card">
      <div className={styles.head}>
        <h2 id="server-card">{words.server}</h2>
        <Button
          icon={Power}
          look={running ? 'plain' : 'primary'}
          disabled={busy || connection !== 'live'}
          onClick={turn}
        >
          {running ? words.stop : words.start}
        </Button>
      </div>
      {status.mcp === undefined ? (
        <p className={styles.soft}>{words.off}</p>
      ) : (
        <>
          <Copyable text={status.mcp} />
          <p className={styles.soft}>
            {status.activeCalls > 0 ? words.underWay(status.activeCalls) : words.quiet}
          </p>
        </>
      )}
    </section>
  );
}
