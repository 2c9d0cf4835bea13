import { ShieldCheck } from 'lucide-react';
import { useMessages } from '../shared/language.ts';
import { PageTitle } from '../shared/page-title.tsx';
import { usePanel } from '../shared/panel.ts';
import { type PanelState, waitingApprovals } from '../shared/panel-state.ts';
import { Empty, Loading } from '../shared/parts.tsx';
import { hrefTo, useHashParams } from '../shared/route.ts';
import { alikeTo } from './alike.ts';
import { ApprovalCard } from './approval-card.tsx';
import styles from './approvals-page.module.css';
import { Queue } from './queue.tsx';
import { Recent } from './recent.tsx';

/** The calls that wait for a person, one at a time, and the answers given before. */
export function ApprovalsPage() {
  const m = useMessages();
  const state = usePanel();
  const waiting = waitingApprovals(state).length;
  return (
    <>
      <PageTitle title={m.pages.approvals} note={state.loaded && m.approvals.waiting(waiting)} />
      <Approvals state={state} />
    </>
  );
}

function Approvals({ state }: { state: PanelState }) {
  const [params, setParams] = useHashParams();
  const chosen = params.get('id');
  if (!state.loaded) return state.connection === 'lost' ? null : <Loading lines={4} />;
  const waiting = waitingApprovals(state);
  const settled = state.approvals.filter((approval) => approval.status !== 'waiting');
  const shown = waiting.find((approval) => approval.id === chosen) ?? waiting[0];
  return (
    <div className={styles.page}>
      {shown === undefined ? (
        <NothingWaits state={state} />
      ) : (
        <div className={waiting.length > 1 ? styles.both : styles.one}>
          {waiting.length > 1 && (
            <Queue waiting={waiting} shown={shown.id} onChoose={(id) => setParams({ id })} />
          )}
          <ApprovalCard
            key={shown.id}
            approval={shown}
            alike={alikeTo(shown, waiting)}
            live={state.connection === 'live'}
          />
        </div>
      )}
      {settled.length > 0 && <Recent settled={settled} />}
    </div>
  );
}

function NothingWaits({ state }: { state: PanelState }) {
  const m = useMessages();
  const known = state.clients.filter((client) => client.revokedAt === undefined);
  return (
    <Empty icon={ShieldCheck} title={m.approvals.nothing}>
      <p>{m.approvals.nothingText}</p>
      {known.length === 0 && (
        <p>
          <a href={hrefTo('clients')}>{m.approvals.connectFirst}</a>
        </p>
      )}
    </Empty>
  );
}
