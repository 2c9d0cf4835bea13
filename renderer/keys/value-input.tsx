import { Eye, EyeOff } from 'lucide-react';
import { useState } from 'react';
import { desktop } from '../shared/bridge.ts';
import forms from '../shared/forms.module.css';
import { askDesktop } from '../shared/host.ts';
import { useMessages } from '../shared/language.ts';
import { Button } from '../shared/parts.tsx';

/** Where a key is typed or pasted: hidden unless asked for, and never kept by the browser. */
export function ValueInput({
  id,
  value,
  onChange,
  invalid,
  label,
}: {
  readonly id: string;
  readonly value: string;
  readonly onChange: (value: string) => void;
  readonly invalid: boolean;
  /** Where no label stands beside it. */
  readonly label?: string;
}) {
  const words = useMessages().keys;
  const [shown, setShown] = useState(false);
  return (
    <div className={forms.line}>
      <input
        id={id}
        className={`${forms.input} ${forms.code}`}
        type={shown ? 'text' : 'password'}
        value={value}
        autoComplete="off"
        autoCapitalize="off"
        spellCheck={false}
        data-1p-ignore
        aria-label={label}
        aria-invalid={invalid}
        aria-describedby={`${id}-hint`}
        onChange={(event) => onChange(event.target.value)}
        // A key that stays in the clipboard can be read by every program: the desktop takes it out after a minute.
        onPaste={() => {
          if (desktop() !== undefined) void askDesktop('desktop.keyPasted').catch(() => {});
        }}
      />
      <Button
        icon={shown ? EyeOff : Eye}
        onClick={() => setShown(!shown)}
        aria-pressed={shown}
        aria-label={shown ? words.hide : words.show}
      >
        {shown ? words.hide : words.show}
      </Button>
    </div>
  );
}
