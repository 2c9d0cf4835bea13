import { type FormEvent, useId, useState } from 'react';
import { type Client, ModelLimits } from '../../contract/entities.ts';
import type { Settings } from '../../contract/settings.ts';
import { useFormat } from '../shared/format.ts';
import forms from '../shared/forms.module.css';
import { useMessages } from '../shared/language.ts';
import { Button } from '../shared/parts.tsx';
import { useCommand } from '../shared/query.ts';
import { toast } from '../shared/toast.tsx';
import styles from './client-drawer.module.css';

/** What this client alone may use of AI models in a day. An empty field leaves it to the settings. */
export function ClientLimits({
  client,
  general,
}: {
  readonly client: Client;
  readonly general: Settings['providers'];
}) {
  const m = useMessages();
  const words = m.clients;
  const { number } = useFormat();
  const id = useId();
  const update = useCommand('clients.setLimits');
  const before = { dailyTokens: textOf(client.dailyTokens), dailyCents: textOf(client.dailyCents) };
  const [typed, setTyped] = useState(before);
  const [wrong, setWrong] = useState(false);
  const save = (event: FormEvent) => {
    event.preventDefault();
    const wanted = ModelLimits.safeParse({
      dailyTokens: limitOf(typed.dailyTokens),
      dailyCents: limitOf(typed.dailyCents),
    });
    setWrong(!wanted.success);
    if (!wanted.success) return;
    update.mutate(
      { id: client.id, ...wanted.data },
      { onSuccess: () => toast.done(words.limitsSaved), onError: toast.failed },
    );
  };
  const field = (name: keyof typeof typed, label: string) => (
    <div className={forms.field}>
      <label htmlFor={`${id}-${name}`}>{label}</label>
      <input
        id={`${id}-${name}`}
        className={forms.input}
        inputMode="numeric"
        autoComplete="off"
        value={typed[name]}
        placeholder={general[name] === 0 ? words.noLimit : number(general[name])}
        aria-describedby={`${id}-hint`}
        aria-invalid={wrong && Number.isNaN(limitOf(typed[name]) ?? 0)}
        onChange={(event) => setTyped({ ...typed, [name]: event.target.value })}
      />
    </div>
  );
  const changed = typed.dailyTokens !== before.dailyTokens || typed.dailyCents !== before.dailyCents;
  return (
    <form className={forms.section} onSubmit={save} noValidate>
      <h3>{words.limits}</h3>
      <p className={forms.hint} id={`${id}-hint`}>
        {words.limitsHint}
      </p>
      <div className={styles.limits}>
        {field('dailyTokens', words.limitTokens)}
        {field('dailyCents', words.limitCents)}
        <Button type="submit" disabled={!changed || update.isPending}>
          {m.actions.save}
        </Button>
      </div>
      {wrong && (
        <p className={forms.problem} role="alert">
          {words.limitWrong}
        </p>
      )}
    </form>
  );
}

const textOf = (limit: number | undefined): string => (limit === undefined ? '' : String(limit));

/** `null` where nothing is typed; NaN for what is no number. */
function limitOf(text: string): number | null {
  const plain = text.trim();
  if (plain === '') return null;
  return /^\d+$/.test(plain) ? Number(plain) : Number.NaN;
}
