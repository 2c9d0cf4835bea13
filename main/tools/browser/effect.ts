import type { Effect } from '../../../contract/effects.ts';
import type { Target } from '../../guard/url.ts';

/** Reaching a URL, as policy and people read it. A fragment never leaves this machine. */
export function netEffect(method: string, { url, host, port }: Target): Extract<Effect, { kind: 'net' }> {
  const shown = new URL(url);
  shown.hash = '';
  return { kind: 'net', method, host, port, url: shown.href };
}
