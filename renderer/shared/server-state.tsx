import {
  ChevronDown,
  CircleAlert,
  CircleCheck,
  CircleDashed,
  CirclePause,
  LogOut,
  Power,
} from 'lucide-react';
import { useEffect, useRef, useState } from 'react';
import { ask, HostError } from './host.ts';
import { panel } from './panel.ts';
import type { PanelState } from './panel-state.ts';
import { Button, Copyable, Notice } from './parts.tsx';
import styles from './server-state.module.css';

/** How the server is, always in view; behind it its address, and the switch. */
export function ServerState({ state }: { state: PanelState }) {
  const menu = useRef<HTMLDetailsElement>(null);
  useEffect(() => {
    const close = (event: Event) => {
      const { current } = menu;
      if (current === null || !current.open) return;
      if (event instanceof KeyboardEvent ? event.key === 'Escape' : !current.contains(event.target as Node))
        current.open = false;
    };
    document.addEventListener('pointerdown', close);
    document.addEventListener('keydown', close);
    return () => {
      document.removeEventListener('pointerdown', close);
      document.removeEventListener('keydown', close);
    };
  }, []);

  const { status } = state;
  const { icon: Icon, word, tone } = look(state);
  return (
    <details ref={menu} className={styles.menu}>
      <summary className={styles.chip}>
        <Icon className={styles[tone]} size={16} aria-hidden="true" />
        {word}
        <ChevronDown size={14} aria-hidden="true" />
      </summary>
      <div className={styles.sheet}>
        {status?.mcp !== undefined && (
          <div>
            <h2>Address for clients</h2>
            <Copyable text={status.mcp} />
          </div>
        )}
        {status !== undefined && (
          <dl className={styles.facts}>
            <dt>Activity log</dt>
            <dd>{status.audit === 'ok' ? 'Written' : 'Cannot be written, so calls are refused'}</dd>
            <dt>Data</dt>
            <dd>
              <code>{status.home}</code>
            </dd>
            <dt>Version</dt>
            <dd>{status.version}</dd>
          </dl>
        )}
        <Switches state={state} />
      </div>
    </details>
  );
}

function Switches({ state }: { state: PanelState }) {
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string>();
  const running = state.status?.running === true;
  const attempt = (what: () => Promise<void>) => {
    setBusy(true);
    setProblem(undefined);
    what()
      .catch((error: unknown) => setProblem(error instanceof HostError ? error.message : String(error)))
      .finally(() => setBusy(false));
  };
  const turn = async () => {
    const status = await ask(running ? 'server.stop' : 'server.start', {});
    panel.merge((now) => ({ ...now, status }));
  };
  return (
    <>
      {problem !== undefined && <Notice tone="danger">{problem}</Notice>}
      <div className={styles.switches}>
        <Button
          icon={Power}
          look={running ? 'danger' : 'plain'}
          disabled={busy || state.connection !== 'live'}
          onClick={() => attempt(turn)}
        >
          {running ? 'Stop the server' : 'Start the server'}
        </Button>
        <Button
          icon={LogOut}
          disabled={busy || state.connection !== 'live'}
          onClick={() => attempt(() => panel.logOut())}
        >
          Log out
        </Button>
      </div>
      {running && <p className={styles.hint}>Stopping denies what waits and cancels what runs.</p>}
    </>
  );
}

function look({ connection, status }: PanelState): {
  icon: typeof CircleCheck;
  word: string;
  tone: 'good' | 'bad' | 'quiet';
} {
  if (connection === 'lost') return { icon: CircleAlert, word: 'No connection', tone: 'bad' };
  if (status === undefined) return { icon: CircleDashed, word: 'Connecting', tone: 'quiet' };
  if (!status.running) return { icon: CirclePause, word: 'Server stopped', tone: 'quiet' };
  if (status.audit !== 'ok') return { icon: CircleAlert, word: 'Refusing calls', tone: 'bad' };
  return { icon: CircleCheck, word: 'Server running', tone: 'good' };
}
