import { CircleAlert } from 'lucide-react';
import { type FormEvent, useEffect, useState } from 'react';
import { EFFECT_KINDS, type EffectKind, WRITE_OPS, type WriteOp } from '../../contract/effects.ts';
import type { Decision, Rule, RuleInput } from '../../contract/policy.ts';
import { Select } from '../shared/controls.tsx';
import { Drawer, useUnsaved } from '../shared/dialog.tsx';
import { useFormat } from '../shared/format.ts';
import forms from '../shared/forms.module.css';
import { ask, errorText, hostNow } from '../shared/host.ts';
import { useMessages } from '../shared/language.ts';
import { Button } from '../shared/parts.tsx';
import { renew, useChannel } from '../shared/query.ts';
import { toast } from '../shared/toast.tsx';
import { DecisionWord } from './decision.tsx';
import { Preview } from './preview.tsx';
import { type Draft, draftOf, NEW_DRAFT, ruleOf } from './rule-draft.ts';

const HOUR_MS = 3_600_000;
const LASTS = { always: undefined, hour: HOUR_MS, day: 24 * HOUR_MS, week: 7 * 24 * HOUR_MS } as const;
const WAIT_MS = 300;

/** A rule being made or changed, with what it would have done to past calls beside it. */
export function RuleDrawer({ rule, onClose }: { readonly rule?: Rule; readonly onClose: () => void }) {
  const m = useMessages();
  const words = m.rules;
  const [first] = useState(() => (rule === undefined ? NEW_DRAFT : draftOf(rule)));
  const [draft, setDraft] = useState<Draft>(first);
  const [problem, setProblem] = useState<string>();
  const [busy, setBusy] = useState(false);
  const dirty = JSON.stringify(draft) !== JSON.stringify(first);
  const { question, leave } = useUnsaved(dirty && !busy);
  const close = () => leave(onClose);
  const input = ruleOf(draft);
  const settled = useSettled(input);

  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (input === undefined) return setProblem(words.patternsNeeded);
    setBusy(true);
    setProblem(undefined);
    (rule === undefined ? ask('rules.add', input) : ask('rules.update', { id: rule.id, rule: input }))
      .then(({ id }) => {
        renew(['rules.']);
        toast.done(rule === undefined ? words.added : words.changed, {
          undo: async () => {
            await (rule === undefined
              ? ask('rules.remove', { id })
              : ask('rules.update', { id, rule: bodyOf(rule) }));
            renew(['rules.']);
          },
        });
        onClose();
      })
      .catch((error: unknown) => {
        setBusy(false);
        setProblem(errorText(error));
      });
  };
  return (
    <Drawer
      open
      onClose={close}
      title={rule === undefined ? words.add : words.edit}
      actions={
        <>
          <Button onClick={close}>{m.actions.cancel}</Button>
          <Button look="primary" type="submit" form="rule" disabled={busy || (!dirty && rule !== undefined)}>
            {m.actions.save}
          </Button>
        </>
      }
    >
      <form id="rule" className={forms.form} onSubmit={submit}>
        <Fields draft={draft} onChange={(change) => setDraft({ ...draft, ...change })} />
        {problem !== undefined && (
          <p className={forms.problem} role="alert">
            <CircleAlert size={16} aria-hidden="true" />
            {problem}
          </p>
        )}
        <Preview rule={settled} replaces={rule?.id} />
      </form>
      {question}
    </Drawer>
  );
}

function Fields({ draft, onChange }: { draft: Draft; onChange: (change: Partial<Draft>) => void }) {
  const m = useMessages();
  const words = m.rules;
  const { exactTime } = useFormat();
  const clients = useChannel('clients.list', {}).data?.filter((one) => one.revokedAt === undefined) ?? [];
  const workspaces = useChannel('workspaces.list', {}).data ?? [];
  const { kind } = draft;
  const inFolder = kind === 'read' || kind === 'write' || kind === 'exec' || kind === 'query';
  const known = Object.entries(LASTS).find(([, span]) => span === undefined && draft.expires === undefined);
  return (
    <>
      <Choice
        label={words.decision}
        value={draft.effect}
        options={(['allow', 'ask', 'deny'] as const).map((one) => ({
          value: one,
          label: <DecisionWord decision={one} />,
        }))}
        onChange={(effect: Decision) => onChange({ effect })}
        hint={words.decisionHints[draft.effect]}
      />
      <Choice
        label={words.client}
        value={draft.client}
        options={[
          { value: '', label: words.who(undefined) },
          ...[...new Set([...clients.map((one) => one.name), draft.client])]
            .filter((name) => name !== '')
            .map((name) => ({ value: name, label: name })),
        ]}
        onChange={(client: string) => onChange({ client })}
      />
      <Choice
        label={m.activity.chips.kind}
        value={kind}
        options={EFFECT_KINDS.map((one) => ({ value: one, label: m.effects.verbs[one] }))}
        onChange={(next: EffectKind) => onChange({ kind: next, ops: [] })}
      />
      <div className={forms.field}>
        <label htmlFor="rule-patterns">{words.patterns[kind]}</label>
        <textarea
          id="rule-patterns"
          className={`${forms.input} ${forms.code} ${forms.area}`}
          value={draft.patterns}
          spellCheck={false}
          aria-describedby="rule-patterns-hint"
          onChange={(event) => onChange({ patterns: event.target.value })}
        />
        <p className={forms.hint} id="rule-patterns-hint">
          {words.patternHints[kind]}
        </p>
      </div>
      {inFolder && (
        <Choice
          label={words.workspace}
          value={draft.workspace}
          options={[
            { value: '', label: words.everyWorkspace },
            ...[...new Set([...workspaces.map((one) => one.name), draft.workspace])]
              .filter((name) => name !== '')
              .map((name) => ({ value: name, label: name })),
          ]}
          onChange={(workspace: string) => onChange({ workspace })}
        />
      )}
      {kind === 'write' && (
        <fieldset className={forms.field}>
          <legend className={forms.label}>{words.ops}</legend>
          <div className={forms.line}>
            {WRITE_OPS.map((op: WriteOp) => (
              <label key={op}>
                <input
                  type="checkbox"
                  checked={draft.ops.includes(op)}
                  onChange={(event) =>
                    onChange({
                      ops: event.target.checked ? [...draft.ops, op] : draft.ops.filter((one) => one !== op),
                    })
                  }
                />{' '}
                {m.effects.ops[op]}
              </label>
            ))}
          </div>
          <p className={forms.hint}>{words.opsHint}</p>
        </fieldset>
      )}
      {kind === 'exec' && (
        <div className={forms.field}>
          <label htmlFor="rule-cwd">{words.cwd}</label>
          <textarea
            id="rule-cwd"
            className={`${forms.input} ${forms.code}`}
            rows={2}
            value={draft.cwd}
            spellCheck={false}
            aria-describedby="rule-cwd-hint"
            onChange={(event) => onChange({ cwd: event.target.value })}
          />
          <p className={forms.hint} id="rule-cwd-hint">
            {words.cwdHint}
          </p>
        </div>
      )}
      {kind === 'net' && (
        <>
          <Line
            id="rule-ports"
            label={words.ports}
            hint={words.portsHint}
            value={draft.ports}
            onChange={(ports) => onChange({ ports })}
          />
          <Line
            id="rule-methods"
            label={words.methods}
            hint={words.methodsHint}
            value={draft.methods}
            onChange={(methods) => onChange({ methods })}
          />
        </>
      )}
      {kind === 'query' && (
        <Choice
          label={words.access}
          value={draft.access}
          options={(['', 'read', 'write'] as const).map((one) => ({
            value: one,
            label: words.accesses[one === '' ? 'any' : one],
          }))}
          onChange={(access: Draft['access']) => onChange({ access })}
        />
      )}
      <Choice
        label={words.lasts}
        value={known === undefined ? 'kept' : 'always'}
        options={[
          ...(draft.expires === undefined
            ? []
            : [{ value: 'kept', label: words.until(exactTime(draft.expires)) }]),
          ...(Object.keys(LASTS) as (keyof typeof LASTS)[]).map((one) => ({
            value: one,
            label: words.spans[one],
          })),
        ]}
        onChange={(span: string) => {
          if (span === 'kept') return;
          const ms = LASTS[span as keyof typeof LASTS];
          onChange({ expires: ms === undefined ? undefined : Math.round(hostNow()) + ms });
        }}
      />
      <div className={forms.field}>
        <label htmlFor="rule-note">{words.note}</label>
        <input
          id="rule-note"
          className={forms.input}
          value={draft.note}
          maxLength={500}
          onChange={(event) => onChange({ note: event.target.value })}
        />
      </div>
    </>
  );
}

/** A few values in one line, separated by commas. */
function Line({
  id,
  label,
  hint,
  value,
  onChange,
}: {
  id: string;
  label: string;
  hint: string;
  value: string;
  onChange: (value: string) => void;
}) {
  return (
    <div className={forms.field}>
      <label htmlFor={id}>{label}</label>
      <input
        id={id}
        className={forms.input}
        value={value}
        autoComplete="off"
        spellCheck={false}
        aria-describedby={`${id}-hint`}
        onChange={(event) => onChange(event.target.value)}
      />
      <p className={forms.hint} id={`${id}-hint`}>
        {hint}
      </p>
    </div>
  );
}

function Choice<T extends string>({
  label,
  value,
  options,
  onChange,
  hint,
}: {
  label: string;
  value: T;
  options: Parameters<typeof Select<T>>[0]['options'];
  onChange: (value: T) => void;
  hint?: string;
}) {
  return (
    <div className={forms.field}>
      <span className={forms.label}>{label}</span>
      <Select value={value} options={options} onChange={onChange} label={label} />
      {hint !== undefined && <p className={forms.hint}>{hint}</p>}
    </div>
  );
}

/** What was typed, once nobody types for a moment. */
function useSettled(input: RuleInput | undefined): RuleInput | undefined {
  const text = input === undefined ? undefined : JSON.stringify(input);
  const [settled, setSettled] = useState(text);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(text), WAIT_MS);
    return () => clearTimeout(timer);
  }, [text]);
  return settled === undefined ? undefined : (JSON.parse(settled) as RuleInput);
}

function bodyOf({ id: _id, createdAt: _at, source: _source, ...body }: Rule): RuleInput {
  return body;
}
