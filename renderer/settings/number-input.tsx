import { useCallback, useEffect, useRef, useState } from 'react';
import { Select } from '../shared/controls.tsx';
import { useFormat } from '../shared/format.ts';
import { useMessages } from '../shared/language.ts';
import type { Unit } from './fields.ts';
import styles from './section.module.css';
import type { Draft } from './setting-row.tsx';
import type { InputProps } from './text-input.tsx';
import { fittingStep, readNumber, stepSize, stepsOf } from './units.ts';

interface Props extends InputProps {
  readonly name: string;
  /** In the stored unit. */
  readonly value: number;
  readonly unit: Unit;
  readonly min: number;
  readonly max: number;
  readonly onDraft: (draft: Draft) => void;
}

/** A number in the unit that a person chooses. Told when the field is left or on Enter, not at each digit. */
export function NumberInput({ id, describedBy, invalid, name, value, unit, min, max, onDraft }: Props) {
  const m = useMessages();
  const format = useFormat();
  const [step, setStep] = useState(() => fittingStep(unit, value));
  const [text, setText] = useState(() => String(value / stepSize(unit, step)));
  const input = useRef<HTMLInputElement>(null);
  const steps = stepsOf(unit);
  const words: Readonly<Record<string, string>> = m.settings.units;

  const putBack = useCallback(() => {
    const fitting = fittingStep(unit, value);
    setStep(fitting);
    setText(String(value / stepSize(unit, fitting)));
  }, [value, unit]);
  // Changed elsewhere: by a reset, an undo, or another window. What is being typed is left alone.
  useEffect(() => {
    if (document.activeElement !== input.current) putBack();
  }, [putBack]);

  const tell = (typed: string, inStep: string) => {
    const next = readNumber(typed, unit, inStep);
    const size = stepSize(unit, inStep);
    const bound = (n: number) => `${format.decimal(n / size)}${inStep === '' ? '' : ` ${words[inStep]}`}`;
    if (next === undefined) onDraft({ problem: m.settings.noNumber });
    else if (next < min || next > max) onDraft({ problem: m.settings.outOfBounds(bound(min), bound(max)) });
    else onDraft({ value: next });
  };

  return (
    <>
      <input
        ref={input}
        id={id}
        className={styles.number}
        inputMode="decimal"
        autoComplete="off"
        spellCheck={false}
        value={text}
        aria-describedby={describedBy}
        aria-invalid={invalid}
        onChange={(event) => setText(event.target.value)}
        onBlur={() => tell(text, step)}
        onKeyDown={(event) => {
          if (event.key === 'Enter') tell(text, step);
          if (event.key !== 'Escape') return;
          putBack();
          onDraft({ value });
        }}
      />
      {steps.length > 1 && (
        <Select
          value={step}
          options={steps.map((one) => ({ value: one, label: words[one] ?? one }))}
          onChange={(next) => {
            setStep(next);
            tell(text, next);
          }}
          label={m.settings.unitOf(name)}
        />
      )}
      {steps.length === 1 && <span className={styles.unit}>{words[step]}</span>}
    </>
  );
}
