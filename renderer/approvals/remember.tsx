import { useId } from 'react';
import type { Approval, ApprovalScope } from '../../contract/approvals.ts';
import { visible } from '../shared/hidden.ts';
import { useMessages } from '../shared/language.ts';
import styles from './remember.module.css';

/** For how long an "Allow" counts, and for what. */
export function Remember(props: {
  approval: Approval;
  scope: ApprovalScope;
  onScope: (scope: ApprovalScope) => void;
  pattern: string | undefined;
  onPattern: (id: string) => void;
}) {
  const { approval, scope, onScope, pattern, onPattern } = props;
  const name = useId();
  const m = useMessages().approvals;
  if (approval.scopes.length === 1) {
    return <p className={styles.hint}>{m.onlyOnce}</p>;
  }
  return (
    <div className={styles.remember}>
      <fieldset className={styles.scopes}>
        <legend>{m.remember}</legend>
        {approval.scopes.map((one) => (
          <label key={one}>
            <input type="radio" name={name} checked={scope === one} onChange={() => onScope(one)} />
            {m.scopes[one]}
          </label>
        ))}
      </fieldset>
      {scope !== 'once' && approval.suggestions.length > 0 && (
        <label className={styles.pattern}>
          <span>{m.for}</span>
          <select value={pattern} onChange={(event) => onPattern(event.target.value)}>
            {approval.suggestions.map((suggestion) => (
              <option key={suggestion.id} value={suggestion.id}>
                {visible(suggestion.label)}
              </option>
            ))}
          </select>
        </label>
      )}
    </div>
  );
}
