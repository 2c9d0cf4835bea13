import { CircleAlert } from 'lucide-react';
import { type FormEvent, useState } from 'react';
import { type KeyImport, PROVIDERS } from '../../contract/keys.ts';
import { Dialog } from '../shared/dialog.tsx';
import forms from '../shared/forms.module.css';
import { errorText } from '../shared/host.ts';
import { useMessages } from '../shared/language.ts';
import { Button } from '../shared/parts.tsx';
import { useCommand } from '../shared/query.ts';
import { toast } from '../shared/toast.tsx';

/** Takes keys from a .env file: it is looked at first, then the person says which, and whether their lines go. */
export function ImportKeys({ onClose }: { readonly onClose: () => void }) {
  const m = useMessages();
  const words = m.keys;
  const [path, setPath] = useState('');
  const [found, setFound] = useState<KeyImport['found']>();
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  // A file of the person's is changed when they say so.
  const [removeLines, setRemoveLines] = useState(false);
  const read = useCommand('keys.importEnv');
  const take = (unchecked: boolean) =>
    read.mutate(
      { path: path.trim(), names: [...chosen], removeLines, unchecked },
      {
        onSuccess: ({ taken, removed }) => {
          toast.done(words.imported(taken.length, removed));
          onClose();
        },
      },
    );
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (found === undefined) {
      read.mutate(
        { path: path.trim() },
        {
          onSuccess: (seen) => {
            setFound(seen.found);
            setChosen(new Set(PROVIDERS.flatMap((id) => ofProvider(seen.found, id) ?? [])));
          },
        },
      );
      return;
    }
    take(false);
  };
  const replaces = found?.some((one) => one.replaces && chosen.has(one.name)) === true;
  const turn = (name: string, id: string) => {
    const next = new Set(chosen);
    if (!next.delete(name)) {
      // Two names of one key: one of them is taken.
      for (const other of found ?? []) if (other.id === id) next.delete(other.name);
      next.add(name);
    }
    setChosen(next);
  };
  return (
    <Dialog
      open
      onClose={onClose}
      title={words.importFile}
      actions={
        <>
          <Button onClick={onClose}>{m.actions.cancel}</Button>
          {read.isError && replaces && (
            <Button look="danger" onClick={() => take(true)}>
              {words.importAnyway}
            </Button>
          )}
          <Button
            look="primary"
            type="submit"
            form="import-keys"
            disabled={path.trim() === '' || read.isPending || (found !== undefined && chosen.size === 0)}
          >
            {found === undefined ? words.look : words.take(chosen.size)}
          </Button>
        </>
      }
    >
      <form id="import-keys" className={forms.form} onSubmit={submit}>
        <div className={forms.field}>
          <label htmlFor="env-path">{words.file}</label>
          <input
            id="env-path"
            className={`${forms.input} ${forms.code}`}
            value={path}
            placeholder="/home/ada/shop/.env"
            autoComplete="off"
            spellCheck={false}
            aria-invalid={read.isError}
            aria-describedby="env-path-hint"
            onChange={(event) => {
              setPath(event.target.value);
              setFound(undefined);
            }}
          />
          <p className={forms.hint} id="env-path-hint">
            {words.fileHint}
          </p>
          {read.isError && (
            <p className={forms.problem} role="alert">
              <CircleAlert size={16} aria-hidden="true" />
              {errorText(read.error)}
            </p>
          )}
        </div>
        {found !== undefined && found.length === 0 && <p>{words.nothingFound}</p>}
        {found !== undefined && found.length > 0 && (
          <fieldset className={forms.section}>
            <legend>{words.found}</legend>
            {found.map(({ name, id, tail, replaces }) => (
              <label key={name} className={forms.line}>
                <input type="checkbox" checked={chosen.has(name)} onChange={() => turn(name, id)} />
                <code>{name}</code>
                <span className={forms.hint}>
                  {tail === '' ? '' : `…${tail} `}→ {id}
                  {replaces ? ` (${words.replaces})` : ''}
                </span>
              </label>
            ))}
            <label className={forms.line}>
              <input
                type="checkbox"
                checked={removeLines}
                onChange={(event) => setRemoveLines(event.target.checked)}
              />
              {words.removeLines}
            </label>
          </fieldset>
        )}
      </form>
    </Dialog>
  );
}

/**
 * The name to begin with for a provider's key. What a provider's key is called is known; the rest is for the person to
 * say, and so is which of two it is, and that one which there is shall be replaced.
 */
function ofProvider(found: KeyImport['found'], id: string): string | undefined {
  const [only, ...more] = found.filter((one) => one.id === id);
  return only === undefined || more.length > 0 || only.replaces ? undefined : only.name;
}
