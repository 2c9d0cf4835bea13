import type { Effect } from '../../../contract/effects.ts';
import type { Target } from '../../guard/url.ts';

export type NetEffect = Extract<Effect, { kind: 'net' }>;

/** What a request would do, as policy and people read it. A fragment never leaves this machine. */
export function netEffect(method: string, { url, host, port }: Target): NetEffect {
  const shown = new URL(url);
  shown.hash = '';
  return { kind: 'net', method, host, port, url: shown.href };
}
