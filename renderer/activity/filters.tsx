import { ChevronDown, X } from 'lucide-react';
import { type FormEvent, useState } from 'react';
import { showLine } from '../../contract/display.ts';
import { EFFECT_KINDS } from '../../contract/effects.ts';
import { Menu, type MenuEntry } from '../shared/controls.tsx';
import { Dialog } from '../shared/dialog.tsx';
import { useFormat } from '../shared/format.ts';
import forms from '../shared/forms.module.css';
import { useMessages } from '../shared/language.ts';
import { Button } from '../shared/parts.tsx';
import { useChannel } from '../shared/query.ts';
import type { Params } from '../shared/route.ts';
import { ABOUT, CHIPS, type Chip, SPANS } from './filter.ts';
import styles from './filters.module.css';

/** What the list is narrowed to, a chip for each; one that is not set opens what it could be. */
export function Filters({
  params,
  onChange,
}: {
  readonly params: URLSearchParams;
  readonly onChange: (change: Params) => void;
}) {
  const m = useMessages();
  const words = m.activity;
  const { exactTime } = useFormat();
  const [choosing, setChoosing] = useState(false);
  const clients = useChannel('clients.list', {}).data ?? [];
  const tools = useChannel('tools.list', {}).data ?? [];
  const range = [params.get('from'), params.get('to')].map((one) => (one === null ? undefined : Number(one)));
  const timed = range.some((one) => one !== undefined && !Number.isNaN(one));

  const options: Readonly<Record<Chip, readonly (readonly [string, string])[]>> = {
    time: Object.keys(SPANS).map((span) => [span, words.spans[span as keyof typeof SPANS]]),
    client: [...new Set([...clients.map((one) => one.name), 'person', 'fastband'])].map((name) => [
      name,
      name === 'person' ? words.actors.person : name === 'fastband' ? 'Fastband' : showLine(name),
    ]),
    tool: tools.map((tool) => [tool.name, tool.name]),
    kind: EFFECT_KINDS.map((kind) => [kind, m.effects.verbs[kind]]),
    decision: (['allow', 'ask', 'deny'] as const).map((one) => [one, words.decisions[one]]),
    outcome: (['ok', 'error', 'denied', 'cancelled', 'timeout'] as const).map((one) => [
      one,
      words.outcomes[one],
    ]),
    about: (Object.keys(ABOUT) as (keyof typeof ABOUT)[]).map((one) => [one, words.abouts[one]]),
  };
  const callId = params.get('callId');
  return (
    <fieldset className={styles.chips} aria-label={words.filters}>
      {CHIPS.map((chip) => {
        const value = params.get(chip) ?? undefined;
        const entries: MenuEntry[] = options[chip].map(([id, label]) => ({
          label,
          checked: id === value,
          run: () =>
            onChange({
              [chip]: id === value ? undefined : id,
              ...(chip === 'time' ? { from: undefined, to: undefined } : {}),
            }),
        }));
        if (chip === 'time') entries.push({ label: words.range, run: () => setChoosing(true) });
        const shown =
          chip === 'time' && timed
            ? range.map((one) => (one === undefined ? '…' : exactTime(one))).join(' – ')
            : value === undefined
              ? undefined
              : (options[chip].find(([id]) => id === value)?.[1] ?? showLine(value));
        return (
          <ChipMenu
            key={chip}
            name={words.chips[chip]}
            value={shown}
            entries={entries}
            onClear={() =>
              onChange({ [chip]: undefined, ...(chip === 'time' ? { from: undefined, to: undefined } : {}) })
            }
          />
        );
      })}
      {callId !== null && (
        <span className={`${styles.chip} ${styles.set}`}>
          <span className={styles.text}>
            {words.chips.call} {showLine(callId)}
          </span>
          <Clear name={words.chips.call} onClear={() => onChange({ callId: undefined })} />
        </span>
      )}
      {choosing && (
        <Range
          from={range[0]}
          to={range[1]}
          onClose={() => setChoosing(false)}
          onChoose={(from, to) => onChange({ time: undefined, from: from?.toString(), to: to?.toString() })}
        />
      )}
    </fieldset>
  );
}

function ChipMenu({
  name,
  value,
  entries,
  onClear,
}: {
  name: string;
  value: string | undefined;
  entries: readonly MenuEntry[];
  onClear: () => void;
}) {
  return (
    <span className={`${styles.chip} ${value === undefined ? '' : styles.set}`}>
      <Menu
        trigger={
          <button type="button" className={styles.text}>
            {name}
            {value !== undefined && <strong>{value}</strong>}
            {value === undefined && <ChevronDown size={14} aria-hidden="true" />}
          </button>
        }
        entries={entries}
      />
      {value !== undefined && <Clear name={name} onClear={onClear} />}
    </span>
  );
}

function Clear({ name, onClear }: { name: string; onClear: () => void }) {
  const label = useMessages().activity.clearOne(name);
  return (
    <button type="button" className={styles.clear} onClick={onClear} aria-label={label} title={label}>
      <X size={14} aria-hidden="true" />
    </button>
  );
}

/** From one time to another, either of which may be left open. */
function Range({
  from,
  to,
  onClose,
  onChoose,
}: {
  from: number | undefined;
  to: number | undefined;
  onClose: () => void;
  onChoose: (from: number | undefined, to: number | undefined) => void;
}) {
  const m = useMessages();
  const words = m.activity;
  const [typed, setTyped] = useState({ from: local(from), to: local(to) });
  const backwards = typed.from !== '' && typed.to !== '' && typed.from >= typed.to;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (backwards) return;
    onChoose(instant(typed.from), instant(typed.to));
    onClose();
  };
  return (
    <Dialog
      open
      onClose={onClose}
      title={words.range}
      actions={
        <>
          <Button onClick={onClose}>{m.actions.cancel}</Button>
          <Button look="primary" type="submit" form="time-range" disabled={backwards}>
            {words.show}
          </Button>
        </>
      }
    >
      <form id="time-range" className={forms.form} onSubmit={submit}>
        {(['from', 'to'] as const).map((end) => (
          <div key={end} className={forms.field}>
            <label htmlFor={`range-${end}`}>{words.ends[end]}</label>
            <input
              id={`range-${end}`}
              type="datetime-local"
              className={forms.input}
              value={typed[end]}
              onChange={(event) => setTyped({ ...typed, [end]: event.target.value })}
            />
          </div>
        ))}
        {backwards && (
          <p className={forms.problem} role="alert">
            {words.backwards}
          </p>
        )}
      </form>
    </Dialog>
  );
}

/** A time as its input writes it, in the person's own time zone. */
function local(at: number | undefined): string {
  if (at === undefined || Number.isNaN(at)) return '';
  return new Date(at - new Date(at).getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

function instant(text: string): number | undefined {
  return text === '' ? undefined : new Date(text).getTime();
}
