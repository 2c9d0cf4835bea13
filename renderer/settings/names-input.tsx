import { useMessages } from '../shared/language.ts';
import type { Draft } from './setting-row.tsx';
import { type InputProps, TextInput } from './text-input.tsx';

interface Props extends InputProps {
  readonly value: readonly string[];
  readonly pattern: RegExp;
  readonly max: number;
  readonly onDraft: (draft: Draft) => void;
}

/** Shown where it is one that may be given. */
const EXAMPLE = 'SSH_AUTH_SOCK';

/** Names, separated by commas or spaces. */
export function NamesInput({ value, pattern, max, onDraft, ...row }: Props) {
  const m = useMessages();
  const tell = (text: string) => {
    const names = [...new Set(text.split(/[\s,;]+/).filter((name) => name !== ''))];
    const bad = names.find((name) => !pattern.test(name));
    if (bad !== undefined) onDraft({ problem: m.settings.badName(bad) });
    else if (names.length > max) onDraft({ problem: m.settings.tooMany(max) });
    else onDraft({ value: names });
  };
  return (
    <TextInput
      {...row}
      stored={value.join(', ')}
      placeholder={pattern.test(EXAMPLE) ? `EDITOR, ${EXAMPLE}` : undefined}
      onTyped={tell}
    />
  );
}
