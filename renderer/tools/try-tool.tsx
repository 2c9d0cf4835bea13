import { CircleAlert, Play, Square } from 'lucide-react';
import { type FormEvent, useEffect, useMemo, useRef, useState } from 'react';
import { showLine } from '../../contract/display.ts';
import type { ToolInfo, Trial } from '../../contract/entities.ts';
import { Select, Switch } from '../shared/controls.tsx';
import { useFormat } from '../shared/format.ts';
import forms from '../shared/forms.module.css';
import { ask } from '../shared/host.ts';
import { useMessages } from '../shared/language.ts';
import { Button, Notice } from '../shared/parts.tsx';
import { hrefTo } from '../shared/route.ts';
import { toast } from '../shared/toast.tsx';
import { AnswerTable, rowsIn } from './answer-table.tsx';
import { type FormField, fieldsOf, inputOf } from './input-form.ts';

/** A form made from the tool's schema. What it sends goes through the same door and rules as any client's call. */
export function TryTool({ tool }: { readonly tool: ToolInfo }) {
  const m = useMessages();
  const words = m.tools;
  const { duration } = useFormat();
  const fields = useMemo(() => fieldsOf(tool.inputSchema), [tool.inputSchema]);
  const [typed, setTyped] = useState<Readonly<Record<string, string>>>({});
  const [wrong, setWrong] = useState<readonly string[]>([]);
  const [result, setResult] = useState<Trial>();
  const [running, setRunning] = useState<string>();
  const task = useRef<string>(undefined);
  // Whoever closes the form no longer waits: a question that is open is withdrawn.
  useEffect(
    () => () => {
      if (task.current !== undefined) void ask('tasks.cancel', { task: task.current }).catch(() => {});
    },
    [],
  );
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const read = inputOf(fields, typed);
    if ('wrong' in read) return setWrong(read.wrong);
    setWrong([]);
    setResult(undefined);
    const id = `trial-${crypto.randomUUID()}`;
    task.current = id;
    setRunning(id);
    ask('tools.try', { tool: tool.name, input: read.input, task: id })
      .then(setResult, toast.failed)
      .finally(() => {
        task.current = undefined;
        setRunning(undefined);
      });
  };
  return (
    <form className={forms.form} onSubmit={submit}>
      <p className={forms.hint}>{words.tryHint}</p>
      {!tool.enabled && <Notice tone="warn">{words.isOff}</Notice>}
      {fields.map((field) => (
        <Field
          key={field.name}
          field={field}
          value={typed[field.name] ?? field.initial}
          wrong={wrong.includes(field.name)}
          onChange={(text) => setTyped({ ...typed, [field.name]: text })}
        />
      ))}
      <div className={forms.line}>
        <Button look="primary" type="submit" icon={Play} disabled={running !== undefined || !tool.enabled}>
          {words.run}
        </Button>
        {running !== undefined && (
          <Button
            icon={Square}
            onClick={() => void ask('tasks.cancel', { task: running }).catch(toast.failed)}
          >
            {m.actions.cancel}
          </Button>
        )}
        {running !== undefined && (
          <span className={forms.hint} role="status">
            {words.waits} <a href={hrefTo('approvals')}>{m.pages.approvals}</a>
          </span>
        )}
      </div>
      {result !== undefined && (
        <section className={forms.section} aria-live="polite">
          <h3>{result.error === undefined ? words.answer(duration(result.durationMs)) : words.refused}</h3>
          {result.error === undefined ? (
            <Answer text={result.text} cut={result.cut} />
          ) : (
            <Notice tone="danger">
              {showLine(result.error.message)} <code>{result.error.code}</code>
            </Notice>
          )}
        </section>
      )}
    </form>
  );
}

/** Longest plain text that is laid out, in characters; a table may be longer. */
const MAX_TEXT = 100_000;

function Answer({ text, cut }: { text: string; cut: boolean }) {
  const words = useMessages().tools;
  const rows = rowsIn(text);
  if (rows !== undefined) return <AnswerTable answer={rows} />;
  return (
    <>
      <pre className={forms.block}>{text.slice(0, MAX_TEXT)}</pre>
      {(cut || text.length > MAX_TEXT) && <p className={forms.hint}>{words.cut}</p>}
    </>
  );
}

function Field({
  field,
  value,
  wrong,
  onChange,
}: {
  field: FormField;
  value: string;
  wrong: boolean;
  onChange: (text: string) => void;
}) {
  const words = useMessages().tools;
  const id = `try-${field.name}`;
  const hint = field.description || words.kinds[field.kind];
  const common = {
    id,
    value,
    'aria-invalid': wrong,
    'aria-describedby': `${id}-hint`,
    spellCheck: false,
    autoComplete: 'off',
  };
  return (
    <div className={forms.field}>
      <label htmlFor={id}>
        <code>{field.name}</code>
        {field.required && <small> {words.required}</small>}
      </label>
      {field.kind === 'switch' ? (
        <Switch checked={value === 'true'} onChange={(on) => onChange(String(on))} label={field.name} />
      ) : field.kind === 'choice' ? (
        <Select
          value={value}
          options={['', ...field.options].map((one) => ({ value: one, label: one === '' ? '–' : one }))}
          onChange={onChange}
          label={field.name}
        />
      ) : field.kind === 'lines' || field.kind === 'json' || field.name === 'content' ? (
        <textarea
          {...common}
          className={`${forms.input} ${forms.code} ${forms.area}`}
          onChange={(event) => onChange(event.target.value)}
        />
      ) : (
        <input
          {...common}
          className={`${forms.input} ${forms.code}`}
          inputMode={field.kind === 'number' ? 'numeric' : 'text'}
          onChange={(event) => onChange(event.target.value)}
        />
      )}
      <p className={forms.hint} id={`${id}-hint`}>
        {hint}
      </p>
      {wrong && (
        <p className={forms.problem} role="alert">
          <CircleAlert size={16} aria-hidden="true" />
          {words.wrong[field.kind]}
        </p>
      )}
    </div>
  );
}
