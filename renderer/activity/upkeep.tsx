import { Download, ShieldCheck } from 'lucide-react';
import { useEffect, useState } from 'react';
import { type AuditFilter, type AuditVerifyOutput, INDEX_TASK } from '../../contract/audit.ts';
import { desktop } from '../shared/bridge.ts';
import { Menu } from '../shared/controls.tsx';
import { Dialog } from '../shared/dialog.tsx';
import { useFormat } from '../shared/format.ts';
import forms from '../shared/forms.module.css';
import { ask, download, errorText, HostError } from '../shared/host.ts';
import { useMessages } from '../shared/language.ts';
import { panel } from '../shared/panel.ts';
import { Button, Notice } from '../shared/parts.tsx';
import { Progress } from '../shared/progress.tsx';
import { hrefTo } from '../shared/route.ts';
import { type Task, useTask } from '../shared/task.ts';
import { toast } from '../shared/toast.tsx';

/** The log as a file, and the proof that nobody changed it. */
export function Upkeep({ filter, filtered }: { readonly filter: AuditFilter; readonly filtered: boolean }) {
  const m = useMessages();
  const words = m.activity;
  const { number } = useFormat();
  const saving = useTask();
  const checking = useTask();
  const indexing = useIndexing();
  const [verdict, setVerdict] = useState<AuditVerifyOutput>();
  const [problem, setProblem] = useState<string>();
  const [open, setOpen] = useState(false);

  const save = (format: 'jsonl' | 'csv') => {
    const input = { format, ...(filtered ? { filter } : {}) };
    saving
      .run(async (task) => {
        // The desktop asks where and writes there itself; a browser takes the file as it comes.
        if (desktop() === undefined) return download('audit.export', { ...input, task });
        const { rows } = await ask('audit.export', { ...input, task });
        toast.done(words.exported(rows));
      })
      .catch((error: unknown) => {
        if (!(error instanceof HostError && error.code === 'cancelled')) toast.failed(error);
      });
  };
  const verify = () => {
    setOpen(true);
    setVerdict(undefined);
    setProblem(undefined);
    checking
      .run((task) => ask('audit.verify', { task }))
      .then(setVerdict)
      .catch((error: unknown) => setProblem(errorText(error)));
  };
  return (
    <>
      {indexing.progress !== undefined && <span className={forms.hint}>{words.indexing}</span>}
      <Progress task={indexing} label={words.indexing} />
      {saving.progress !== undefined && <Progress task={saving} label={words.exporting} />}
      <Menu
        trigger={
          <Button icon={Download} disabled={saving.progress !== undefined}>
            {words.export}
          </Button>
        }
        entries={[
          { label: filtered ? words.exportFound('CSV') : words.exportAll('CSV'), run: () => save('csv') },
          {
            label: filtered ? words.exportFound('JSON Lines') : words.exportAll('JSON Lines'),
            run: () => save('jsonl'),
          },
        ]}
      />
      <Button icon={ShieldCheck} onClick={verify}>
        {words.verify}
      </Button>
      <Dialog
        open={open}
        onClose={() => {
          checking.cancel();
          setOpen(false);
        }}
        title={words.verifyTitle}
        actions={
          checking.progress === undefined && <Button onClick={() => setOpen(false)}>{m.actions.close}</Button>
        }
      >
        <div className={forms.form}>
          <p className={forms.hint}>{words.verifyText}</p>
          {checking.progress !== undefined && <Progress task={checking} label={words.verifying} />}
          {problem !== undefined && <Notice tone="danger">{problem}</Notice>}
          {verdict?.ok === true && (
            <Notice tone="plain">
              <strong>{words.whole}</strong> {words.wholeText(verdict.rows, number(verdict.rows))}
              {verdict.lastHash !== null && (
                <>
                  {' '}
                  {words.lastHash} <code>{verdict.lastHash}</code>
                </>
              )}
            </Notice>
          )}
          {verdict?.ok === false && (
            <Notice tone="danger">
              <strong>{words.broken}</strong> {words.brokenText(number(verdict.bad?.seq ?? 0))}{' '}
              {verdict.bad?.problem}
              {verdict.bad !== null && (
                <>
                  {' '}
                  <a href={hrefTo('activity', { row: String(verdict.bad.seq) })}>{words.showRow}</a>
                </>
              )}
            </Notice>
          )}
        </div>
      </Dialog>
    </>
  );
}

/** The index of the log, which the host makes by itself. */
function useIndexing(): Pick<Task, 'progress' | 'cancel'> {
  const [progress, setProgress] = useState<Task['progress']>();
  useEffect(
    () =>
      panel.onEvent((event) => {
        if (event.type !== 'task.progress' || event.task !== INDEX_TASK) return;
        const { done, total } = event;
        setProgress(done < total ? { done, total } : undefined);
      }),
    [],
  );
  return {
    progress,
    cancel: () => void ask('tasks.cancel', { task: INDEX_TASK }).catch(toast.failed),
  };
}
