import type { KeyboardEvent } from 'react';
import type { Approval } from '../../contract/approvals.ts';
import type { EffectKind } from '../../contract/effects.ts';
import { byGravity } from '../../contract/sentences.ts';
import type { Messages } from '../messages/en.ts';
import { ApprovalTitle } from '../shared/approval-title.tsx';
import { KindLabel, verbOf } from '../shared/effects.tsx';
import { countdown } from '../shared/format.ts';
import { hostNow } from '../shared/host.ts';
import { useHotkey } from '../shared/hotkeys.ts';
import { useMessages } from '../shared/language.ts';
import { useNow } from '../shared/time.ts';
import styles from './queue.module.css';

/** The waiting approvals, the longest waiting first. J and K move, as do arrow keys on the list. */
export function Queue({
  waiting,
  shown,
  onChoose,
}: {
  waiting: readonly Approval[];
  shown: string;
  onChoose: (id: string) => void;
}) {
  useNow(1000);
  const words = useMessages();
  const m = words.approvals;
  const step = (by: number) => {
    const at = waiting.findIndex(({ id }) => id === shown);
    const next = waiting[(at + by + waiting.length) % waiting.length];
    if (next !== undefined) onChoose(next.id);
  };
  useHotkey('j', m.next, () => step(1));
  useHotkey('k', m.previous, () => step(-1));
  const move = (event: KeyboardEvent<HTMLOListElement>) => {
    const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (by === undefined) return;
    event.preventDefault();
    const buttons = [...event.currentTarget.querySelectorAll('button')];
    const next = buttons[buttons.indexOf(event.target as HTMLButtonElement) + by];
    next?.focus();
    next?.click();
  };
  return (
    <nav aria-label={m.queue}>
      <ol className={styles.queue} onKeyDown={move}>
        {waiting.map((approval) => (
          <li key={approval.id}>
            <button
              type="button"
              className={styles.item}
              aria-current={approval.id === shown}
              onClick={() => onChoose(approval.id)}
            >
              <span className={styles.title}>
                <ApprovalTitle approval={approval} />
              </span>
              <span className={styles.facts}>
                {verbsOf(approval, words.effects).map(([verb, kind]) => (
                  <KindLabel key={verb} kind={kind} verb={verb} />
                ))}
                <span className={styles.time}>{countdown(approval.expiresAt - hostNow())}</span>
              </span>
            </button>
          </li>
        ))}
      </ol>
    </nav>
  );
}

/** The two gravest things it would do. */
function verbsOf(approval: Approval, words: Messages['effects']): [verb: string, kind: EffectKind][] {
  return [
    ...new Map(byGravity(approval.effects).map((effect) => [verbOf(effect, words), effect.kind])),
  ].slice(0, 2);
}
