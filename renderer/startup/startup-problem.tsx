import { CircleAlert, FolderOpen, RotateCcw } from 'lucide-react';
import type { DesktopOutput } from '../../contract/desktop.ts';
import { askDesktop } from '../shared/host.ts';
import { useMessages } from '../shared/language.ts';
import { Button, Empty } from '../shared/parts.tsx';
import { toast } from '../shared/toast.tsx';

type Problem = NonNullable<DesktopOutput<'desktop.info'>['problem']>;

/** In place of every page when the core did not start: what happened, and how to mend it. */
export function StartupProblem({ problem, home }: { problem: Problem; home: string }) {
  const m = useMessages().startup;
  const run = (name: string) => void askDesktop(name).catch((error: unknown) => toast.failed(error));
  return (
    <Empty alone icon={CircleAlert} title={problem.code === 'timeout' ? m.slow : m.title}>
      <p>{problem.message}</p>
      <p>{m.hints[problem.code as keyof typeof m.hints] ?? m.hint}</p>
      <p>
        <code>{home}</code>
      </p>
      <Button look="primary" icon={RotateCcw} onClick={() => run('desktop.relaunch')}>
        {m.again}
      </Button>
      <Button icon={FolderOpen} onClick={() => run('desktop.showHome')}>
        {m.folder}
      </Button>
    </Empty>
  );
}
