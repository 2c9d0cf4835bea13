import { useId, useState } from 'react';
import type { Approval, ApprovalScope } from '../../contract/approvals.ts';
import type { Match } from '../../contract/policy.ts';
import { matchText } from '../../contract/sentences.ts';
import { KindLabel } from '../shared/effects.tsx';
import { useFormat } from '../shared/format.ts';
import { useMessages } from '../shared/language.ts';
import { matchVerb, patternLines, patternsOf, withPatterns } from '../shared/match-text.ts';
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
  const words = useMessages();
  const m = words.approvals;
  const [parts, setParts] = useState<readonly Part[] | undefined>(
    Array.isArray(pattern) ? pattern.map(partOf) : undefined,
  );
  if (parts !== undefined)
    return (
      <Edited
        parts={parts}
        onChange={(next) => {
          setParts(next);
          onPattern(matchesOf(next));
        }}
        onBack={() => {
          setParts(undefined);
          onPattern(approval.suggestions[0]?.id ?? 'exact');
        }}
      />
    );
  const chosen = approval.suggestions.find(({ id }) => id === pattern);
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
              {suggestion.match.map((one) => matchText(one, words.said)).join('; ')}
            </option>
          ))}
        </select>
      </label>
      {chosen !== undefined && (
        <button
          type="button"
          className={styles.edit}
          onClick={() => {
            setParts(chosen.match.map(partOf));
            onPattern(chosen.match);
          }}
        >
          {m.editPattern}
        </button>
      )}
    </div>
  );
}

/** One match of a suggestion, as it is being changed. */
interface Part {
  readonly match: Match;
  readonly text: string;
}

function partOf(match: Match): Part {
  return { match, text: patternsOf(match).join('\n') };
}

/** A part that was emptied is left out. When all were, they stay as they are: the host says what is missing. */
function matchesOf(parts: readonly Part[]): Match[] {
  const matches = parts.map(({ match, text }) => withPatterns(match, patternLines(match.kind, text)));
  const named = matches.filter((match) => patternsOf(match).length > 0);
  return named.length === 0 ? matches : named;
}

/** Each match in an input of its own: what it does to what it names cannot be told apart in one. */
function Edited({
  parts,
  onChange,
  onBack,
}: {
  readonly parts: readonly Part[];
  readonly onChange: (parts: readonly Part[]) => void;
  readonly onBack: () => void;
}) {
  const m = useMessages();
  const words = m.approvals;
  const { list } = useFormat();
  return (
    <div className={styles.changing}>
      <span>{words.for}</span>
      <div className={styles.parts}>
        {parts.map(({ match, text }, at) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: the parts of one suggestion never move
          <div key={at} className={styles.part}>
            {parts.length > 1 && <KindLabel kind={match.kind} verb={matchVerb(match, m.effects, list)} />}
            <textarea
              className={styles.edited}
              aria-label={
                parts.length === 1
                  ? words.patternLabel
                  : words.patternPart(matchVerb(match, m.effects, list), at + 1, parts.length)
              }
              rows={Math.min(6, text.split('\n').length + (parts.length === 1 ? 1 : 0))}
              value={text}
              spellCheck={false}
              onChange={(event) => onChange(parts.with(at, { match, text: event.target.value }))}
            />
          </div>
        ))}
      </div>
      <button type="button" className={styles.edit} onClick={onBack}>
        {words.suggestions}
      </button>
    </div>
  );
}
