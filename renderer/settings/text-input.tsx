import { useEffect, useRef, useState } from 'react';
import styles from './section.module.css';

/** What every input that is typed into knows of its row. */
export interface InputProps {
  readonly id: string;
  readonly describedBy: string;
  readonly invalid: boolean;
}

/** A text. Told when the field is left or on Enter, not at each letter; Escape puts back what is stored. */
export function TextInput({
  id,
  describedBy,
  invalid,
  stored,
  placeholder,
  onTyped,
}: InputProps & {
  readonly stored: string;
  readonly placeholder?: string | undefined;
  readonly onTyped: (text: string) => void;
}) {
  const [text, setText] = useState(stored);
  const input = useRef<HTMLInputElement>(null);
  // Changed elsewhere: by a reset, an undo, or another window. What is being typed is left alone.
  useEffect(() => {
    if (document.activeElement !== input.current) setText(stored);
  }, [stored]);
  return (
    <input
      ref={input}
      id={id}
      className={styles.wide}
      autoComplete="off"
      autoCapitalize="off"
      spellCheck={false}
      value={text}
      placeholder={placeholder}
      aria-describedby={describedBy}
      aria-invalid={invalid}
      onChange={(event) => setText(event.target.value)}
      onBlur={() => onTyped(text)}
      onKeyDown={(event) => {
        if (event.key === 'Enter') onTyped(text);
        if (event.key !== 'Escape') return;
        setText(stored);
        onTyped(stored);
      }}
    />
  );
}
