import { Ban, Check, CircleHelp } from 'lucide-react';
import type { Decision } from '../../contract/policy.ts';
import { useMessages } from '../shared/language.ts';
import styles from './rules-page.module.css';

const ICONS = { allow: Check, ask: CircleHelp, deny: Ban };

/** Allow, ask or deny: always with icon and word. */
export function DecisionWord({
  decision,
  past = false,
}: {
  readonly decision: Decision;
  readonly past?: boolean;
}) {
  const m = useMessages();
  const Icon = ICONS[decision];
  return (
    <span className={`${styles.decision} ${decision === 'allow' ? '' : styles[decision]}`}>
      <Icon size={14} aria-hidden="true" />
      {past ? m.activity.decisions[decision] : m.rules.decisions[decision]}
    </span>
  );
}
