import { CircleAlert } from 'lucide-react';
import { type FormEvent, useState } from 'react';
import { PROVIDERS, type Provider } from '../../contract/keys.ts';
import { desktop } from '../shared/bridge.ts';
import { Select } from '../shared/controls.tsx';
import { Dialog, useUnsaved } from '../shared/dialog.tsx';
import forms from '../shared/forms.module.css';
import { ask, errorText } from '../shared/host.ts';
import { useMessages } from '../shared/language.ts';
import { Button } from '../shared/parts.tsx';
import { useCommand } from '../shared/query.ts';
import { toast } from '../shared/toast.tsx';
import { hostsOf } from './hosts.ts';
import { ValueInput } from './value-input.tsx';

/** A new key. What was typed stays when it cannot be kept. */
export function AddKey({
  known,
  wanted,
  onClose,
}: {
  /** Keys that there are: they are rotated instead. */
  readonly known: readonly string[];
  /** A provider to begin with. */
  readonly wanted: string;
  readonly onClose: () => void;
}) {
  const m = useMessages();
  const words = m.keys;
  const free = PROVIDERS.filter((one) => !known.includes(one));
  const [kind, setKind] = useState<Provider | 'secret'>(
    free.find((one) => one === wanted) ?? free[0] ?? 'secret',
  );
  const [name, setName] = useState('');
  const [hosts, setHosts] = useState('');
  const [value, setValue] = useState('');
  const set = useCommand('keys.set');
  const typed = [name, hosts, value].some((one) => one.trim() !== '');
  const { question, leave } = useUnsaved(typed && !set.isPending && !set.isSuccess);
  const close = () => leave(onClose);
  const id = kind === 'secret' ? `secret:${name.trim()}` : kind;
  const ready =
    value.trim() !== '' && (kind !== 'secret' || /^[A-Za-z][A-Za-z0-9_-]{0,63}$/.test(name.trim()));
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (!ready) return;
    set.mutate(
      { id, value, ...(kind === 'secret' ? { hosts: hostsOf(hosts) } : {}) },
      {
        onSuccess: () => {
          onClose();
          if (kind === 'secret') toast.done(words.added(name.trim()));
          else void checked(id, words.names[kind], words);
        },
      },
    );
  };
  return (
    <Dialog
      open
      onClose={close}
      title={words.add}
      actions={
        <>
          <Button onClick={close}>{m.actions.cancel}</Button>
          <Button look="primary" type="submit" form="new-key" disabled={!ready || set.isPending}>
            {words.keep}
          </Button>
        </>
      }
    >
      <form id="new-key" className={forms.form} onSubmit={submit}>
        <div className={forms.field}>
          <span className={forms.label}>{words.kind}</span>
          <Select
            label={words.kind}
            value={kind}
            onChange={setKind}
            options={[
              ...free.map((one) => ({ value: one, label: words.names[one] })),
              { value: 'secret' as const, label: words.ownSecret },
            ]}
          />
        </div>
        {kind === 'secret' && (
          <>
            <div className={forms.field}>
              <label htmlFor="key-name">{words.name}</label>
              <input
                id="key-name"
                className={`${forms.input} ${forms.code}`}
                value={name}
                maxLength={64}
                autoComplete="off"
                spellCheck={false}
                aria-describedby="key-name-hint"
                onChange={(event) => setName(event.target.value)}
              />
              <p className={forms.hint} id="key-name-hint">
                {words.nameHint}
              </p>
            </div>
            <div className={forms.field}>
              <label htmlFor="key-hosts">{words.hosts}</label>
              <input
                id="key-hosts"
                className={`${forms.input} ${forms.code}`}
                value={hosts}
                placeholder="api.example.com"
                autoComplete="off"
                spellCheck={false}
                aria-describedby="key-hosts-hint"
                onChange={(event) => setHosts(event.target.value)}
              />
              <p className={forms.hint} id="key-hosts-hint">
                {words.hostsHint}
              </p>
            </div>
          </>
        )}
        <div className={forms.field}>
          <label htmlFor="key-value">{words.value}</label>
          <ValueInput id="key-value" value={value} onChange={setValue} invalid={set.isError} />
          <p className={forms.hint} id="key-value-hint">
            {desktop() === undefined ? words.valueHintBrowser : words.valueHint}
          </p>
          {set.isError && (
            <p className={forms.problem} role="alert">
              <CircleAlert size={16} aria-hidden="true" />
              {errorText(set.error)}
            </p>
          )}
        </div>
      </form>
      {question}
    </Dialog>
  );
}

/** It is kept; what the provider says of it comes after. */
async function checked(
  id: string,
  name: string,
  words: { added(name: string): string; addedValid(name: string): string },
): Promise<void> {
  try {
    const { check } = await ask('keys.check', { id });
    if (check?.result === 'valid') toast.done(words.addedValid(name));
    else toast.failed(new Error(check?.problem ?? words.added(name)));
  } catch (error) {
    toast.failed(error);
  }
}
