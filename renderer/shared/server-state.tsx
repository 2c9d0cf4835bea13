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
import type { Messages } from '../messages/en.ts';
import { desktop } from './bridge.ts';
import { ask, HostError } from './host.ts';
import { useMessages } from './language.ts';
import { panel } from './panel.ts';
import type { PanelState } from './panel-state.ts';
import { Button, Copyable, Notice } from './parts.tsx';
import styles from './server-state.module.css';

/** How the server is, always in view; behind it its address, and the switch. */
export function ServerState({ state }: { state: PanelState }) {
  const m = useMessages().server;
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
  const { icon: Icon, word, tone } = look(state, m);
  return (
    <details ref={menu} className={styles.menu}>
      <summary className={styles.chip}>
        <Icon className={styles[tone]} size={16} aria-hidden="true" />
        <span className={styles.word}>{word}</span>
        <ChevronDown size={14} aria-hidden="true" />
      </summary>
      <div className={styles.sheet}>
        {status?.mcp !== undefined && (
          <div>
            <h2>{m.address}</h2>
            <Copyable text={status.mcp} />
          </div>
        )}
        {status !== undefined && (
          <dl className={styles.facts}>
            <dt>{m.log}</dt>
            <dd>{status.audit === 'ok' ? m.logWritten : m.logFails}</dd>
            <dt>{m.data}</dt>
            <dd>
              <code>{status.home}</code>
            </dd>
            <dt>{m.version}</dt>
            <dd>{status.version}</dd>
          </dl>
        )}
        <Switches state={state} />
      </div>
    </details>
  );
}

function Switches({ state }: { state: PanelState }) {
  const m = useMessages().server;
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
          {running ? m.stop : m.start}
        </Button>
        {desktop() === undefined && (
          <Button
            icon={LogOut}
            disabled={busy || state.connection !== 'live'}
            onClick={() => attempt(() => panel.logOut())}
          >
            {m.logOut}
          </Button>
        )}
      </div>
      {running && <p className={styles.hint}>{m.stopHint}</p>}
    </>
  );
}

function look(
  { connection, status }: PanelState,
  m: Messages['server'],
): {
  icon: typeof CircleCheck;
  word: string;
  tone: 'good' | 'bad' | 'quiet';
} {
  if (connection === 'lost') return { icon: CircleAlert, word: m.noConnection, tone: 'bad' };
  if (status === undefined) return { icon: CircleDashed, word: m.connecting, tone: 'quiet' };
  if (!status.running) return { icon: CirclePause, word: m.stopped, tone: 'quiet' };
  if (status.audit !== 'ok') return { icon: CircleAlert, word: m.refusing, tone: 'bad' };
  return { icon: CircleCheck, word: m.running, tone: 'good' };
}
