import { FileUp } from 'lucide-react';
import { useRef, useState } from 'react';
import { Switch } from '../shared/controls.tsx';
import { Dialog } from '../shared/dialog.tsx';
import forms from '../shared/forms.module.css';
import { errorText } from '../shared/host.ts';
import { useMessages } from '../shared/language.ts';
import { Button, Notice } from '../shared/parts.tsx';
import { useChannel, useCommand } from '../shared/query.ts';
import { toast } from '../shared/toast.tsx';
import { DecisionWord } from './decision.tsx';
import { MatchLine } from './match-line.tsx';
import styles from './rules-page.module.css';

const MAX_BYTES = 1_000_000;

/** A policy file: first what it would change, then the change. */
export function ImportRules({ onClose }: { readonly onClose: () => void }) {
  const m = useMessages();
  const words = m.rules;
  const input = useRef<HTMLInputElement>(null);
  const [file, setFile] = useState<{ name: string; text: string }>();
  const [replace, setReplace] = useState(false);
  const [problem, setProblem] = useState<string>();
  const look = useChannel(
    'rules.import',
    { text: file?.text ?? '', replace, dryRun: true },
    { enabled: file !== undefined, keepPrevious: true },
  );
  const take = useCommand('rules.import');
  const found = file === undefined ? undefined : look.data;
  const changes = (found?.added.length ?? 0) + (found?.removed.length ?? 0);

  const read = async (chosen: File | undefined) => {
    setProblem(undefined);
    if (chosen === undefined) return;
    if (chosen.size > MAX_BYTES) return setProblem(words.tooLarge);
    setFile({ name: chosen.name, text: await chosen.text() });
  };
  return (
    <Dialog
      open
      wide
      onClose={onClose}
      title={words.import}
      actions={
        <>
          <Button onClick={onClose}>{m.actions.cancel}</Button>
          <Button
            look="primary"
            disabled={file === undefined || changes === 0 || take.isPending}
            onClick={() =>
              take.mutate(
                { text: file?.text ?? '', replace, dryRun: false },
                {
                  onSuccess: ({ added, removed }) => {
                    toast.done(words.imported(added.length, removed.length));
                    onClose();
                  },
                  onError: (error) => setProblem(errorText(error)),
                },
              )
            }
          >
            {words.take}
          </Button>
        </>
      }
    >
      <div className={forms.form}>
        <p className={forms.hint}>{words.importText}</p>
        <div className={forms.line}>
          <Button icon={FileUp} onClick={() => input.current?.click()}>
            {words.choose}
          </Button>
          {file?.name}
          <input
            ref={input}
            type="file"
            accept=".yaml,.yml"
            hidden
            aria-label={words.choose}
            onChange={(event) =>
              void read(event.target.files?.[0]).catch((error: unknown) => setProblem(errorText(error)))
            }
          />
        </div>
        <div className={forms.line}>
          <Switch checked={replace} onChange={setReplace} label={words.replace} />
          {words.replace}
        </div>
        {problem !== undefined && <Notice tone="danger">{problem}</Notice>}
        {found?.problem !== undefined && <Notice tone="danger">{found.problem}</Notice>}
        {found !== undefined && found.problem === undefined && (
          <section className={forms.section} aria-live="polite">
            <p>{words.importCounts(found.added.length, found.removed.length, found.kept)}</p>
            <ul className={styles.examples}>
              {found.added.map((rule) => (
                <li key={JSON.stringify(rule)} className={styles.sentence}>
                  + <DecisionWord decision={rule.effect} /> {words.who(rule.client)}{' '}
                  <MatchLine match={rule.match} />
                </li>
              ))}
              {found.removed.map((rule) => (
                <li key={rule.id} className={styles.sentence}>
                  − <DecisionWord decision={rule.effect} /> {words.who(rule.client)}{' '}
                  <MatchLine match={rule.match} />
                </li>
              ))}
            </ul>
          </section>
        )}
      </div>
    </Dialog>
  );
}
