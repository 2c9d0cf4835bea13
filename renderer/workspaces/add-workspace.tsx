import { CircleAlert } from 'lucide-react';
import { type FormEvent, useState } from 'react';
import { Dialog } from '../shared/dialog.tsx';
import forms from '../shared/forms.module.css';
import { errorText } from '../shared/host.ts';
import { useMessages } from '../shared/language.ts';
import { Button } from '../shared/parts.tsx';

/** Where no folder can be picked: its path is typed. */
export function AddWorkspace({
  hint,
  onClose,
  onAdd,
}: {
  /** The name of a folder that was dropped, whose path a browser does not tell. */
  readonly hint: string;
  readonly onClose: () => void;
  /** Closes it when it is done. */
  readonly onAdd: (root: string) => Promise<void>;
}) {
  const m = useMessages();
  const words = m.workspaces;
  const [root, setRoot] = useState('');
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string>();
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    setProblem(undefined);
    onAdd(root.trim()).catch((error: unknown) => {
      setBusy(false);
      setProblem(errorText(error));
    });
  };
  return (
    <Dialog
      open
      onClose={onClose}
      title={words.add}
      actions={
        <>
          <Button onClick={onClose}>{m.actions.cancel}</Button>
          <Button look="primary" type="submit" form="new-workspace" disabled={root.trim() === '' || busy}>
            {m.actions.add}
          </Button>
        </>
      }
    >
      <form id="new-workspace" className={forms.form} onSubmit={submit}>
        <div className={forms.field}>
          <label htmlFor="workspace-root">{words.path}</label>
          <input
            id="workspace-root"
            className={`${forms.input} ${forms.code}`}
            value={root}
            spellCheck={false}
            autoComplete="off"
            aria-invalid={problem !== undefined}
            aria-describedby="workspace-hint"
            onChange={(event) => setRoot(event.target.value)}
          />
          <p className={forms.hint} id="workspace-hint">
            {hint === '' ? words.pathHint : words.dropped(hint)}
          </p>
          {problem !== undefined && (
            <p className={forms.problem} role="alert">
              <CircleAlert size={16} aria-hidden="true" />
              {problem}
            </p>
          )}
        </div>
      </form>
    </Dialog>
  );
}
