import { useQuery } from '@tanstack/react-query';
import { RefreshCw, RotateCcw, X } from 'lucide-react';
import type { UpdateState } from '../../contract/desktop.ts';
import { useFormat } from '../shared/format.ts';
import { askDesktop } from '../shared/host.ts';
import { useMessages } from '../shared/language.ts';
import { Button } from '../shared/parts.tsx';
import { queries } from '../shared/query.ts';
import { toast } from '../shared/toast.tsx';
import styles from './about.module.css';

const KEY = ['desktop.update'];
const SOON_MS = 500;
/** The desktop looks by itself too. */
const LATER_MS = 30_000;

/** Whether there is a newer version of the desktop app, and the way to it. */
export function Updates() {
  const m = useMessages().settings.about.update;
  const { data: state } = useQuery({
    queryKey: KEY,
    queryFn: async () => (await askDesktop('desktop.update')) as UpdateState,
    refetchInterval: ({ state: { data } }) =>
      data?.phase === 'checking' || data?.phase === 'loading' ? SOON_MS : LATER_MS,
  });
  const run = (name: string) =>
    void askDesktop(name)
      .then(() => queries.invalidateQueries({ queryKey: KEY }))
      .catch(toast.failed);
  if (state === undefined) return null;
  return (
    <div className={styles.update}>
      <div role="status">
        <UpdateText state={state} />
      </div>
      {(state.phase === 'current' || state.phase === 'failed') && (
        <Button icon={RefreshCw} onClick={() => run('desktop.checkForUpdate')}>
          {m.check}
        </Button>
      )}
      {(state.phase === 'checking' || state.phase === 'loading') && (
        <Button icon={X} onClick={() => run('desktop.cancelUpdate')}>
          {m.cancel}
        </Button>
      )}
      {state.phase === 'ready' && (
        <Button look="primary" icon={RotateCcw} onClick={() => run('desktop.installUpdate')}>
          {m.restart}
        </Button>
      )}
    </div>
  );
}

function UpdateText({ state }: { readonly state: UpdateState }) {
  const m = useMessages().settings.about.update;
  const format = useFormat();
  switch (state.phase) {
    case 'off':
      return m.off[state.why];
    case 'current':
      return state.checkedAt === undefined ? m.unknown : m.current(format.exactTime(state.checkedAt));
    case 'checking':
      return m.checking;
    case 'loading':
      return (
        <>
          {m.loading(state.version)}{' '}
          <progress aria-label={m.loading(state.version)} value={state.percent} max={100} />
        </>
      );
    case 'ready':
      return m.ready(state.version);
    case 'failed':
      return m.failed(state.message);
  }
}
