import { ChevronLeft, ChevronRight, ShieldCheck } from 'lucide-react';
import { useEffect, useSyncExternalStore } from 'react';
import { alikeTo } from '../approvals/alike.ts';
import { ApprovalCard } from '../approvals/approval-card.tsx';
import { desktop } from '../shared/bridge.ts';
import { askDesktop } from '../shared/host.ts';
import { useHotkey } from '../shared/hotkeys.ts';
import { useMessages } from '../shared/language.ts';
import { usePanel } from '../shared/panel.ts';
import { waitingApprovals } from '../shared/panel-state.ts';
import { Button, Empty, Loading, Notice } from '../shared/parts.tsx';
import styles from './approval-window.module.css';

/** The approval to show. The address names it, also after a step: by that the app knows what it need not load. */
function useAsked(): string {
  return useSyncExternalStore(
    (changed) => {
      window.addEventListener('hashchange', changed);
      return () => window.removeEventListener('hashchange', changed);
    },
    () => decodeURIComponent(window.location.hash.slice(1)),
  );
}

/** A window of its own for answers: the one asked for, then the next, until none waits. */
export function ApprovalWindow() {
  const m = useMessages();
  const state = usePanel();
  const asked = useAsked();
  const waiting = waitingApprovals(state);
  const at = Math.max(
    0,
    waiting.findIndex(({ id }) => id === asked),
  );
  const shown = waiting[at];
  const step = (by: number) => {
    const next = waiting[(at + by + waiting.length) % waiting.length];
    if (next !== undefined) window.location.replace(`#${encodeURIComponent(next.id)}`);
  };
  useHotkey('j', m.approvals.next, () => step(1), { enabled: waiting.length > 1 });
  useHotkey('k', m.approvals.previous, () => step(-1), { enabled: waiting.length > 1 });

  const client = shown?.clientName;
  useEffect(() => {
    document.title = client === undefined ? 'Fastband' : `${client} · Fastband`;
  }, [client]);

  const done = state.loaded && shown === undefined;
  useEffect(() => {
    if (done && desktop() !== undefined) void askDesktop('desktop.closeApproval').catch(() => {});
  }, [done]);

  return (
    <main className={styles.window}>
      <h1 className={styles.spoken}>{m.pages.approvals}</h1>
      {state.connection === 'lost' && <Notice tone="danger">{m.errors.lost}</Notice>}
      {waiting.length > 1 && (
        <nav className={styles.steps} aria-label={m.approvals.queue}>
          <span>{m.approvals.position(at + 1, waiting.length)}</span>
          <Button icon={ChevronLeft} hotkey="K" onClick={() => step(-1)}>
            {m.approvals.previous}
          </Button>
          <Button icon={ChevronRight} hotkey="J" onClick={() => step(1)}>
            {m.approvals.next}
          </Button>
        </nav>
      )}
      {!state.loaded && <Loading lines={5} />}
      {shown !== undefined && (
        <ApprovalCard
          key={shown.id}
          approval={shown}
          alike={alikeTo(shown, waiting)}
          live={state.connection === 'live'}
        />
      )}
      {done && (
        <Empty icon={ShieldCheck} title={m.approvals.nothing}>
          <p>{m.approvals.nothingText}</p>
        </Empty>
      )}
    </main>
  );
}
