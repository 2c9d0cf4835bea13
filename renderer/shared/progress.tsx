import { useFormat } from './format.ts';
import { useMessages } from './language.ts';
import { Button } from './parts.tsx';
import styles from './progress.module.css';
import type { Task } from './task.ts';

/** How far long work is, and the way to stop it. */
export function Progress({
  task,
  label,
}: {
  readonly task: Pick<Task, 'progress' | 'cancel'>;
  readonly label: string;
}) {
  const m = useMessages();
  const { percent } = useFormat();
  if (task.progress === undefined) return null;
  const { done, total } = task.progress;
  return (
    <div className={styles.progress}>
      <progress aria-label={label} {...(total > 0 ? { value: done, max: total } : {})} />
      <span className={styles.figure}>
        {total > 0 ? percent(Math.floor((done / total) * 100) / 100) : label}
      </span>
      <Button onClick={task.cancel}>{m.actions.cancel}</Button>
    </div>
  );
}
