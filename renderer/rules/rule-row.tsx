import { Pencil, Trash2 } from 'lucide-react';
import { showLine } from '../../contract/display.ts';
import type { Rule } from '../../contract/policy.ts';
import { Menu } from '../shared/controls.tsx';
import { useFormat } from '../shared/format.ts';
import { useMessages } from '../shared/language.ts';
import { Button } from '../shared/parts.tsx';
import { Fact, Row } from '../shared/rows.tsx';
import { useNow } from '../shared/time.ts';
import { DecisionWord } from './decision.tsx';
import { MatchLine } from './match-line.tsx';
import styles from './rules-page.module.css';

/** A rule as a sentence. One of a project's own file is changed there. */
export function RuleRow({
  rule,
  onOpen,
  onRemove,
}: {
  readonly rule: Rule;
  readonly onOpen?: () => void;
  readonly onRemove: () => void;
}) {
  const m = useMessages();
  const words = m.rules;
  const { exactTime } = useFormat();
  const now = useNow(60_000);
  const over = rule.expires !== undefined && rule.expires <= now;
  return (
    <Row
      dim={over}
      title={
        <span className={`${styles.sentence} ${over ? styles.old : ''}`}>
          <DecisionWord decision={rule.effect} />
          <span>{words.who(rule.client === undefined ? undefined : showLine(rule.client))}</span>
          <MatchLine match={rule.match} />
        </span>
      }
      text={rule.note === undefined || rule.note === '' ? undefined : `“${showLine(rule.note)}”`}
      {...(onOpen === undefined ? {} : { onOpen })}
      facts={
        <>
          {rule.source === 'project' && <Fact label={words.projectHint}>{words.project}</Fact>}
          {rule.expires !== undefined && (
            <Fact>{over ? words.expired : words.until(exactTime(rule.expires))}</Fact>
          )}
        </>
      }
      {...(rule.source === 'project'
        ? {}
        : {
            actions: (
              <Menu
                trigger={<Button>{m.actions.more}</Button>}
                entries={[
                  { label: m.actions.edit, icon: Pencil, run: () => onOpen?.() },
                  { label: m.actions.remove, icon: Trash2, danger: true, run: onRemove },
                ]}
              />
            ),
          })}
    />
  );
}
