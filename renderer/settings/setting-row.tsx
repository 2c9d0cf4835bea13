import { Check, CircleAlert, RotateCcw } from 'lucide-react';
import { type ReactNode, useEffect, useRef, useState } from 'react';
import { Select, Switch } from '../shared/controls.tsx';
import { useUnsaved } from '../shared/dialog.tsx';
import { errorText } from '../shared/host.ts';
import { useMessages } from '../shared/language.ts';
import { toast } from '../shared/toast.tsx';
import { type Field, same } from './fields.ts';
import { NamesInput } from './names-input.tsx';
import { NumberInput } from './number-input.tsx';
import styles from './section.module.css';
import { TextInput } from './text-input.tsx';
import { choiceWords, fieldWords } from './words.ts';

const SAVED_MS = 2000;

/** What an input of text tells its row: a value to save, or why what stands there cannot be one. */
export interface Draft {
  readonly value?: unknown;
  readonly problem?: string;
}

/** A setting: its name, what it does, its control. Saved when it is changed; what cannot be saved stays as typed. */
export function SettingRow({
  field,
  value,
  onSave,
  onReset,
  children,
}: {
  readonly field: Field;
  readonly value: unknown;
  readonly onSave: (value: unknown) => Promise<void>;
  readonly onReset: () => Promise<void>;
  readonly children?: ReactNode;
}) {
  const m = useMessages();
  const { name, text } = fieldWords(m.settings, field);
  const [problem, setProblem] = useState<string>();
  const [saved, setSaved] = useState(false);
  const [drafts, setDrafts] = useState(0);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const { question } = useUnsaved(problem !== undefined);
  useEffect(() => () => clearTimeout(timer.current), []);

  const save = (draft: Draft) => {
    setSaved(false);
    setProblem(draft.problem);
    if (draft.problem !== undefined || same(draft.value, value)) return;
    onSave(draft.value).then(
      () => {
        setSaved(true);
        timer.current = setTimeout(() => setSaved(false), SAVED_MS);
      },
      (error: unknown) => setProblem(m.settings.notSaved(withoutPlace(errorText(error)))),
    );
  };
  const reset = () => {
    setProblem(undefined);
    // An input that holds what could not be saved is made anew.
    setDrafts(drafts + 1);
    onReset().catch(toast.failed);
  };
  const { shape } = field;
  const base = {
    id: `setting-${field.id}`,
    describedBy: `about-${field.id}`,
    invalid: problem !== undefined,
  };
  // A line of its own: an address does not fit beside its description.
  const wide = shape.type === 'names' || shape.type === 'text';

  return (
    <div className={styles.row}>
      <div className={styles.words}>
        <div className={styles.name}>
          {wide || shape.type === 'number' ? <label htmlFor={base.id}>{name}</label> : <span>{name}</span>}
          {(!same(value, field.initial) || problem !== undefined) && (
            <button
              type="button"
              className={styles.reset}
              onClick={reset}
              title={m.settings.resetOne(name)}
              aria-label={m.settings.resetOne(name)}
            >
              <RotateCcw size={14} aria-hidden="true" />
            </button>
          )}
          <span role="status">
            {saved && (
              <span className={styles.saved}>
                <Check size={14} aria-hidden="true" />
                {m.settings.saved}
              </span>
            )}
          </span>
        </div>
        <p className={styles.text} id={base.describedBy}>
          {text}
        </p>
      </div>
      {!wide && (
        <div className={styles.control}>
          {shape.type === 'switch' && (
            <Switch checked={value === true} onChange={(next) => save({ value: next })} label={name} />
          )}
          {shape.type === 'choice' && (
            <Select
              value={String(value)}
              options={shape.options.map((one) => ({ value: one, label: choiceWords(m.settings, one) }))}
              onChange={(next) => save({ value: next })}
              label={name}
            />
          )}
          {shape.type === 'number' && (
            <NumberInput key={drafts} {...base} name={name} value={Number(value)} {...shape} onDraft={save} />
          )}
        </div>
      )}
      <div className={styles.below}>
        {shape.type === 'names' && (
          <NamesInput
            key={drafts}
            {...base}
            value={Array.isArray(value) ? value.map(String) : []}
            pattern={shape.pattern}
            max={shape.max}
            onDraft={save}
          />
        )}
        {shape.type === 'text' && (
          <TextInput
            key={drafts}
            {...base}
            stored={String(value)}
            onTyped={(text) => save({ value: text.trim() })}
          />
        )}
        {problem !== undefined && (
          <p className={styles.problem} role="alert">
            <CircleAlert size={16} aria-hidden="true" />
            {problem}
          </p>
        )}
        {children}
      </div>
      {question}
    </div>
  );
}

/** What the host says of a value names its setting as well: it stands right above. */
function withoutPlace(text: string): string {
  return text.replace(/^✖ /, '').replace(/\s*→ at [\w.]+$/, '');
}
