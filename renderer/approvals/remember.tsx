import { useId, useState } from 'react';
import type { Approval, ApprovalScope } from '../../contract/approvals.ts';
import type { Match } from '../../contract/policy.ts';
import { visible } from '../shared/hidden.ts';
import { useMessages } from '../shared/language.ts';
import { patternLines, patternsOf, withPatterns } from '../shared/match-text.ts';
import styles from './remember.module.css';

/** For how long an "Allow" counts, and for what. */
export function Remember(props: {
  approval: Approval;
  scope: ApprovalScope;
  onScope: (scope: ApprovalScope) => void;
  pattern: string | Match[] | undefined;
  onPattern: (pattern: string | Match[]) => void;
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
        <Pattern approval={approval} pattern={pattern} onPattern={onPattern} />
      )}
    </div>
  );
}

/** What is remembered: one of the suggestions, or one as the person changed it. */
function Pattern({
  approval,
  pattern,
  onPattern,
}: {
  approval: Approval;
  pattern: string | Match[] | undefined;
  onPattern: (pattern: string | Match[]) => void;
}) {
  const m = useMessages().approvals;
  const chosen = approval.suggestions.find(({ id }) => id === pattern);
  const [match] = chosen?.match ?? [];
  // A suggestion of several parts is taken or left: its parts could not be told apart in one input.
  const editable = match !== undefined && chosen?.match.length === 1;
  const edited = Array.isArray(pattern) ? pattern[0] : undefined;
  const [text, setText] = useState('');
  if (edited !== undefined)
    return (
      <div className={styles.pattern}>
        <span>{m.for}</span>
        <textarea
          className={styles.edited}
          aria-label={m.patternLabel}
          rows={Math.min(6, text.split('\n').length + 1)}
          value={text}
          spellCheck={false}
          onChange={(event) => {
            setText(event.target.value);
            onPattern([withPatterns(edited, patternLines(edited.kind, event.target.value))]);
          }}
        />
        <button
          type="button"
          className={styles.edit}
          onClick={() => onPattern(approval.suggestions[0]?.id ?? 'exact')}
        >
          {m.suggestions}
        </button>
      </div>
    );
  return (
    <div className={styles.pattern}>
      <label className={styles.pattern}>
        <span>{m.for}</span>
        <select
          value={typeof pattern === 'string' ? pattern : undefined}
          onChange={(event) => onPattern(event.target.value)}
        >
          {approval.suggestions.map((suggestion) => (
            <option key={suggestion.id} value={suggestion.id}>
              {visible(suggestion.label)}
            </option>
          ))}
        </select>
      </label>
      {editable && (
        <button
          type="button"
          className={styles.edit}
          onClick={() => {
            setText(patternsOf(match).join('\n'));
            onPattern([match]);
          }}
        >
          {m.editPattern}
        </button>
      )}
    </div>
  );
}
