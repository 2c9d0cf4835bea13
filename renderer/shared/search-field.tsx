import { Search } from 'lucide-react';
import { useRef } from 'react';
import { useHotkey } from './hotkeys.ts';
import styles from './search-field.module.css';

/** Where a page's things are looked for: `/` goes there, Escape empties it. */
export function SearchField({
  value,
  onChange,
  label,
}: {
  readonly value: string;
  readonly onChange: (text: string) => void;
  readonly label: string;
}) {
  const input = useRef<HTMLInputElement>(null);
  useHotkey('/', label, () => input.current?.focus());
  return (
    <label className={styles.search}>
      <Search size={16} aria-hidden="true" />
      <input
        ref={input}
        type="search"
        value={value}
        placeholder={label}
        aria-label={label}
        onChange={(event) => onChange(event.target.value)}
        onKeyDown={(event) => event.key === 'Escape' && onChange('')}
      />
      <kbd>/</kbd>
    </label>
  );
}
