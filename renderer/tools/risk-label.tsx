import type { Risk } from '../../contract/entities.ts';
import { KindLabel } from '../shared/effects.tsx';
import { useMessages } from '../shared/language.ts';

/** How much a tool may do at most, in the colour of its effect. */
export function RiskLabel({ risk }: { readonly risk: Risk }) {
  const { risks } = useMessages().tools;
  return <KindLabel kind={risk === 'destructive' ? 'write' : risk} verb={risks[risk]} />;
}
