import { ArrowRight } from 'lucide-react';
import { showLine } from '../../contract/display.ts';
import type { RuleInput } from '../../contract/policy.ts';
import { useFormat } from '../shared/format.ts';
import forms from '../shared/forms.module.css';
import { errorText } from '../shared/host.ts';
import { useMessages } from '../shared/language.ts';
import { Shown } from '../shared/parts.tsx';
import { useChannel } from '../shared/query.ts';
import { DecisionWord } from './decision.tsx';
import styles from './rules-page.module.css';

/** What the rule would have done to calls of the past. */
export function Preview({
  rule,
  replaces,
}: {
  readonly rule: RuleInput | undefined;
  readonly replaces: string | undefined;
}) {
  const words = useMessages().rules;
  const { number, exactTime } = useFormat();
  const asked = useChannel(
    'rules.preview',
    { rule: rule ?? NOTHING, ...(replaces === undefined ? {} : { replaces }) },
    { enabled: rule !== undefined, keepPrevious: true },
  );
  const preview = rule === undefined ? undefined : asked.data;
  return (
    <section className={forms.section} aria-live="polite">
      <h3>{words.test}</h3>
      {rule === undefined && <p className={forms.hint}>{words.testNothing}</p>}
      {rule !== undefined && asked.isError && <p className={forms.hint}>{errorText(asked.error)}</p>}
      {preview !== undefined && !asked.isError && preview.calls === 0 && (
        <p className={forms.hint}>{words.testNoCalls}</p>
      )}
      {preview !== undefined && !asked.isError && preview.calls > 0 && (
        <>
          <div className={styles.bar} aria-hidden="true">
            <span className={styles.allowed} style={{ flex: preview.allow }} />
            <span className={styles.asked} style={{ flex: preview.ask }} />
            <span className={styles.denied} style={{ flex: preview.deny }} />
          </div>
          <p className={styles.figures}>
            <span>{words.testCalls(preview.calls)}</span>
            {(['allow', 'ask', 'deny'] as const).map((one) => (
              <span key={one}>
                {number(preview[one])} <DecisionWord decision={one} past />
              </span>
            ))}
            {preview.unclear > 0 && <span>{words.testUnclear(preview.unclear)}</span>}
          </p>
          <p className={forms.hint}>{words.testChanged(preview.changed)}</p>
          <ul className={styles.examples}>
            {preview.examples.map((one) => (
              <li key={one.seq}>
                <span title={exactTime(one.at)}>
                  <Shown text={showLine(`${one.actor}: ${one.summary}`)} />
                </span>
                <span className={styles.sentence}>
                  <DecisionWord decision={one.before} past />
                  <ArrowRight size={14} aria-hidden="true" />
                  <DecisionWord decision={one.after} past />
                </span>
              </li>
            ))}
          </ul>
        </>
      )}
    </section>
  );
}

/** Never asked about: stands where there is no rule yet. */
const NOTHING: RuleInput = { effect: 'ask', match: { kind: 'read', paths: ['-'] } };
