import { useEffect, useRef, useState } from 'react';
import { useMessages } from '../shared/language.ts';
import styles from './section.module.css';
import type { Draft } from './setting-row.tsx';

interface Props {
  readonly id: string;
  readonly describedBy: string;
  readonly invalid: boolean;
  readonly value: readonly string[];
  readonly pattern: RegExp;
  readonly max: number;
  readonly onDraft: (draft: Draft) => void;
}

/** Shown where it is one that may be given. */
const EXAMPLE = 'SSH_AUTH_SOCK';

/** Names, separated by commas or spaces. */
export function NamesInput({ id, describedBy, invalid, value, pattern, max, onDraft }: Props) {
  const m = useMessages();
  const stored = value.join(', ');
  const [text, setText] = useState(stored);
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => {
    if (document.activeElement !== input.current) setText(stored);
  }, [stored]);
  const tell = () => {
    const names = [...new Set(text.split(/[\s,;]+/).filter((name) => name !== ''))];
    const bad = names.find((name) => !pattern.test(name));
    if (bad !== undefined) onDraft({ problem: m.settings.badName(bad) });
    else if (names.length > max) onDraft({ problem: m.settings.tooMany(max) });
    else onDraft({ value: names });
  };
  return (
    <input
      ref={input}
      id={id}
      className={styles.wide}
      autoComplete="off"
      autoCapitalize="off"
      spellCheck={false}
      value={text}
      placeholder={pattern.test(EXAMPLE) ? `EDITOR, ${EXAMPLE}` : undefined}
      aria-describedby={describedBy}
      aria-invalid={invalid}
      onChange={(event) => setText(event.target.value)}
      onBlur={tell}
      onKeyDown={(event) => event.key === 'Enter' && tell()}
    />
  );
}
