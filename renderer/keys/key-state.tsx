import type { KeyInfo } from '../../contract/keys.ts';
import { useMessages } from '../shared/language.ts';
import { Fact } from '../shared/rows.tsx';

/** In a word how a key is. */
export function KeyState({ info: { state, check, source } }: { readonly info: KeyInfo }) {
  const words = useMessages().keys;
  if (state !== 'ok') return <Fact tone="bad">{words.states[state]}</Fact>;
  if (check?.result === 'rejected') return <Fact tone="bad">{words.states.rejected}</Fact>;
  if (check?.result === 'valid') return <Fact tone="good">{words.states.valid}</Fact>;
  if (check?.result === 'unknown') return <Fact tone="warn">{words.states.unknown}</Fact>;
  return <Fact>{source === 'environment' ? words.states.environment : words.states.kept}</Fact>;
}
