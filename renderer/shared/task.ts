import { useCallback, useEffect, useRef, useState } from 'react';
import { ask } from './host.ts';
import { panel } from './panel.ts';

export interface Task {
  /** Undefined when nothing runs. `total` is 0 until the host has said how much there is. */
  readonly progress: { readonly done: number; readonly total: number } | undefined;
  /** Runs work under a name that the host reports its progress by. */
  readonly run: <T>(work: (task: string) => Promise<T>) => Promise<T>;
  readonly cancel: () => void;
}

/** Long work on the host, followed and stopped from here. Leaving the page stops it. */
export function useTask(): Task {
  const [progress, setProgress] = useState<{ done: number; total: number }>();
  const current = useRef<string>(undefined);
  useEffect(
    () =>
      panel.onEvent((event) => {
        if (event.type === 'task.progress' && event.task === current.current)
          setProgress({ done: event.done, total: event.total });
      }),
    [],
  );
  const cancel = useCallback(() => {
    if (current.current !== undefined) void ask('tasks.cancel', { task: current.current }).catch(() => {});
  }, []);
  useEffect(() => cancel, [cancel]);
  return {
    progress,
    cancel,
    run: async (work) => {
      const task = `panel-${crypto.randomUUID()}`;
      current.current = task;
      setProgress({ done: 0, total: 0 });
      try {
        return await work(task);
      } finally {
        if (current.current === task) {
          current.current = undefined;
          setProgress(undefined);
        }
      }
    },
  };
}
