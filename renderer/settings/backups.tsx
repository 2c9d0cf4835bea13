import { Archive, ShieldCheck } from 'lucide-react';
import { type FormEvent, useId, useState } from 'react';
import type { BackupInfo } from '../../contract/backups.ts';
import { Dialog } from '../shared/dialog.tsx';
import { useFormat } from '../shared/format.ts';
import { ask, errorText } from '../shared/host.ts';
import { useMessages } from '../shared/language.ts';
import { Button, Copyable, Failed, Loading, Notice } from '../shared/parts.tsx';
import { renew, useChannel } from '../shared/query.ts';
import { Row, Rows } from '../shared/rows.tsx';
import { useTask } from '../shared/task.ts';
import { toast } from '../shared/toast.tsx';
import styles from './section.module.css';

const MIN_CHARS = 12;

/** What there is to go back to, made and checked here. Restoring takes the host down, so a command does it. */
export function Backups() {
  const m = useMessages().settings.backups;
  const format = useFormat();
  const asked = useChannel('backups.list', {});
  const [open, setOpen] = useState<'create' | BackupInfo>();
  const backups = asked.data?.backups ?? [];
  const problem = asked.data?.problem;
  return (
    <section className={styles.section} id="section-backups" tabIndex={-1} aria-label={m.title}>
      <header className={styles.head}>
        <div>
          <h2>{m.title}</h2>
          <p>{m.text}</p>
        </div>
      </header>
      {problem !== undefined && <Notice tone="warn">{m.problems[problem]}</Notice>}
      {asked.isPending && <Loading lines={2} />}
      {asked.isError && <Failed error={asked.error} onRetry={() => void asked.refetch()} />}
      {asked.data !== undefined && backups.length === 0 && <p>{m.none}</p>}
      {backups.length > 0 && (
        <Rows label={m.list}>
          {backups.map((one) => (
            <Row
              key={one.name}
              title={new Date(one.at).toLocaleString(document.documentElement.lang)}
              text={one.name}
              facts={[
                format.bytes(one.bytes),
                ...(one.scheduled ? [m.scheduled] : []),
                ...(one.encrypted ? [] : [m.plain]),
              ].join(', ')}
              actions={
                <Button icon={ShieldCheck} onClick={() => setOpen(one)}>
                  {m.verify}
                </Button>
              }
            />
          ))}
        </Rows>
      )}
      {backups[0] !== undefined && (
        <div>
          <p>{m.restore}</p>
          <Copyable text={`fastband backup restore ${backups[0].name}`} />
        </div>
      )}
      <div className={styles.buttons}>
        <Button icon={Archive} onClick={() => setOpen('create')}>
          {m.create}
        </Button>
      </div>
      {open !== undefined && (
        <BackupDialog of={open === 'create' ? undefined : open} onClose={() => setOpen(undefined)} />
      )}
    </section>
  );
}

/** Asks for the passphrase, then makes a backup, or verifies `of`. */
function BackupDialog({
  of,
  onClose,
}: {
  readonly of: BackupInfo | undefined;
  readonly onClose: () => void;
}) {
  const words = useMessages();
  const m = words.settings.backups;
  const format = useFormat();
  const id = useId();
  const task = useTask();
  const [first, setFirst] = useState('');
  const [second, setSecond] = useState('');
  const [problem, setProblem] = useState<string>();
  const running = task.progress !== undefined;

  const work = async () => {
    const passphrase = first === '' ? {} : { passphrase: first };
    if (of === undefined) {
      await task.run((name) => ask('backups.create', { ...passphrase, task: name }));
      renew(['backups.']);
      toast.done(m.made);
    } else {
      const facts = await task.run((name) =>
        ask('backups.verify', { name: of.name, ...passphrase, task: name }),
      );
      toast.done((facts.encrypted ? m.asMade : m.undamaged)(facts.files, facts.auditRows));
    }
    onClose();
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (running) return;
    if (of === undefined && first !== '' && first.length < MIN_CHARS) return setProblem(m.short);
    if (of === undefined && first !== second) return setProblem(m.different);
    setProblem(undefined);
    work().catch((error: unknown) => setProblem(errorText(error)));
  };
  const close = () => {
    task.cancel();
    onClose();
  };
  const { done, total } = task.progress ?? { done: 0, total: 0 };
  return (
    <Dialog
      open
      onClose={close}
      title={of === undefined ? m.createTitle : m.verifyTitle}
      actions={
        <>
          <Button onClick={close}>{running ? m.stop : words.actions.cancel}</Button>
          <Button look="primary" type="submit" form={id} disabled={running}>
            {of === undefined ? m.create : m.verify}
          </Button>
        </>
      }
    >
      <form id={id} className={styles.section} onSubmit={submit}>
        {of?.encrypted !== false && (
          <Secret label={m.passphrase} value={first} disabled={running} onChange={setFirst} />
        )}
        {of === undefined && (
          <Secret label={m.again} value={second} disabled={running} onChange={setSecond} />
        )}
        {of?.encrypted !== false && <p className={styles.text}>{m.useKept}</p>}
        {of === undefined && <p className={styles.text}>{m.lost}</p>}
        {running && (
          <p role="status">{total === 0 ? m.starting : m.working(format.bytes(done), format.bytes(total))}</p>
        )}
        {running && <progress value={total === 0 ? undefined : done} max={total === 0 ? undefined : total} />}
        {problem !== undefined && <Notice tone="danger">{problem}</Notice>}
      </form>
    </Dialog>
  );
}

function Secret({
  label,
  value,
  disabled,
  onChange,
}: {
  readonly label: string;
  readonly value: string;
  readonly disabled: boolean;
  readonly onChange: (value: string) => void;
}) {
  const id = useId();
  return (
    <div>
      <label htmlFor={id}>{label}</label>
      <input
        id={id}
        className={styles.wide}
        type="password"
        autoComplete="new-password"
        maxLength={1000}
        value={value}
        disabled={disabled}
        onChange={(event) => onChange(event.target.value)}
      />
    </div>
  );
}
