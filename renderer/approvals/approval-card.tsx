import { Check, ExternalLink, Timer, X } from 'lucide-react';
import { type KeyboardEvent, type MouseEvent, useId, useState } from 'react';
import type { Approval, ApprovalScope } from '../../contract/approvals.ts';
import type { Match } from '../../contract/policy.ts';
import { byGravity, reasonText, warningText } from '../../contract/sentences.ts';
import type { Messages } from '../messages/en.ts';
import { ApprovalTitle } from '../shared/approval-title.tsx';
import { desktop } from '../shared/bridge.ts';
import { EffectLine } from '../shared/effects.tsx';
import { countdown } from '../shared/format.ts';
import { ask, askDesktop, HostError, hostNow } from '../shared/host.ts';
import { useHotkey } from '../shared/hotkeys.ts';
import { useMessages } from '../shared/language.ts';
import { panel } from '../shared/panel.ts';
import { mergeApprovals } from '../shared/panel-state.ts';
import { Button, Notice, Shown } from '../shared/parts.tsx';
import { useNow } from '../shared/time.ts';
import { toast } from '../shared/toast.tsx';
import { AnswerTogether } from './answer-together.tsx';
import styles from './approval-card.module.css';
import { Counts } from './diff-view.tsx';
import { PreviewView } from './previews.tsx';
import { Remember } from './remember.tsx';
import { useGuard } from './use-guard.ts';
import { useSeen } from './use-seen.ts';

/** More than so many are folded: an approval for a tree may name thousands. */
const FEW_EFFECTS = 40;

/** One waiting approval: what would happen, why it asks, and the answer. Mount it anew for each approval. */
export function ApprovalCard({
  approval,
  alike = [],
  live,
}: {
  approval: Approval;
  /** Those that could be answered together with it. */
  alike?: readonly Approval[];
  live: boolean;
}) {
  const [card, setCard] = useState<HTMLElement | null>(null);
  const [scope, setScope] = useState<ApprovalScope>('once');
  const [pattern, setPattern] = useState<string | Match[] | undefined>(approval.suggestions[0]?.id);
  const [reason, setReason] = useState('');
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string>();
  const meant = useGuard();
  const seen = useSeen(card, approval.warnings.length);
  const heading = useId();
  const words = useMessages();
  const m = words.approvals;
  // The main window of the desktop has no way to say yes or no: the approval window has.
  const elsewhere = desktop()?.kind === 'main';

  const answer = async (decision: 'allow' | 'deny', byKey: boolean) => {
    if (elsewhere || busy || !live || !meant(byKey)) return;
    if (decision === 'allow' && !seen) {
      const hidden = card?.querySelector('[data-must-see]');
      hidden?.scrollIntoView({ block: 'center' });
      return;
    }
    setBusy(true);
    setProblem(undefined);
    try {
      const settled = await ask('approvals.decide', {
        id: approval.id,
        decision,
        // The host refuses when this is not the plan that was shown.
        planHash: approval.planHash,
        ...(decision === 'allow' && scope !== 'once'
          ? { scope, ...(pattern === undefined ? {} : { pattern }) }
          : {}),
        ...(decision === 'deny' && reason.trim() !== '' ? { reason: reason.trim() } : {}),
      });
      panel.merge((state) => ({ ...state, approvals: mergeApprovals(state.approvals, [settled]) }));
    } catch (error) {
      setProblem(error instanceof HostError ? error.message : String(error));
      setBusy(false);
    }
  };

  useHotkey('a', m.allow, () => void answer('allow', true), { enabled: !elsewhere });
  useHotkey('d', m.deny, () => void answer('deny', true), { enabled: !elsewhere });
  // A button that has the focus is pressed by Enter and the space bar: then no pointer was clicked.
  const click = (decision: 'allow' | 'deny') => (event: MouseEvent) =>
    void answer(decision, event.detail === 0);

  const reasonKey = (event: KeyboardEvent<HTMLInputElement>) => {
    if (event.key === 'Enter') void answer('deny', true);
    if (event.key === 'Escape') event.currentTarget.blur();
  };

  return (
    <article ref={setCard} className={styles.card} aria-labelledby={heading}>
      <header className={styles.head}>
        <h2 id={heading}>
          <ApprovalTitle approval={approval} />
        </h2>
        <TimeLeft expiresAt={approval.expiresAt} />
      </header>

      <div className={styles.inside}>
        <Effects approval={approval} />
        {approval.warnings.map((warning, at) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: the warnings of one approval never move
          <div key={at} data-must-see="">
            <Notice tone="warn">
              <Shown text={warningText(warning, words.said)} />
            </Notice>
          </div>
        ))}
        <p className={styles.why}>
          <strong>{m.why}</strong> {whyItAsks(approval, words).join(' ')}
          {approval.waiters > 1 && ` ${m.tries(approval.waiters)}`}
        </p>
        {approval.previews.map((preview, at) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: the previews of one approval never move
          <PreviewView key={at} preview={preview} />
        ))}
      </div>

      <footer className={styles.answer}>
        {problem !== undefined && <Notice tone="danger">{problem}</Notice>}
        {elsewhere ? (
          <Elsewhere id={approval.id} />
        ) : (
          <>
            <Remember
              approval={approval}
              scope={scope}
              onScope={setScope}
              pattern={pattern}
              onPattern={setPattern}
            />
            <AnswerTogether alike={alike} live={live} />
            <div className={styles.buttons}>
              <Button look="danger" icon={X} hotkey="D" disabled={busy || !live} onClick={click('deny')}>
                {m.deny}
              </Button>
              <input
                className={styles.reason}
                value={reason}
                maxLength={1000}
                placeholder={m.reason}
                aria-label={m.reasonLabel}
                onChange={(event) => setReason(event.target.value)}
                onKeyDown={reasonKey}
              />
              <Button
                look={seen ? 'primary' : 'plain'}
                icon={Check}
                hotkey="A"
                disabled={busy || !live}
                onClick={click('allow')}
              >
                {seen ? m.allow : m.readFirst}
              </Button>
            </div>
          </>
        )}
      </footer>
    </article>
  );
}

function Elsewhere({ id }: { id: string }) {
  const m = useMessages().approvals;
  return (
    <div className={styles.elsewhere}>
      <Button
        look="primary"
        icon={ExternalLink}
        onClick={() =>
          void askDesktop('desktop.openApproval', { id }).catch((error: unknown) => toast.failed(error))
        }
      >
        {m.answer}
      </Button>
      <span>{m.elsewhere}</span>
    </div>
  );
}

function Effects({ approval }: { approval: Approval }) {
  const m = useMessages().approvals;
  const effects = byGravity(approval.effects);
  const counts = new Map(
    approval.previews.flatMap((one) => (one.kind === 'diff' ? [[one.path, one] as const] : [])),
  );
  const lines = effects.map((effect) => {
    const diff = effect.kind === 'write' ? counts.get(effect.path) : undefined;
    return (
      <li key={JSON.stringify(effect)}>
        <EffectLine effect={effect} />
        {diff !== undefined && <Counts added={diff.added} removed={diff.removed} />}
      </li>
    );
  });
  if (lines.length <= FEW_EFFECTS) return <ul className={styles.effects}>{lines}</ul>;
  return (
    <div>
      <ul className={styles.effects}>{lines.slice(0, FEW_EFFECTS)}</ul>
      <details className={styles.more}>
        <summary>{m.andMore(lines.length - FEW_EFFECTS)}</summary>
        <ul className={styles.effects}>{lines.slice(FEW_EFFECTS)}</ul>
      </details>
    </div>
  );
}

function TimeLeft({ expiresAt }: { expiresAt: number }) {
  const m = useMessages().approvals;
  useNow(1000);
  const left = expiresAt - hostNow();
  const soon = left < 30_000;
  return (
    <span className={soon ? styles.soon : styles.time} role="timer" title={m.noAnswer}>
      <Timer size={14} aria-hidden="true" />
      {countdown(left)}
    </span>
  );
}

/** What decided to ask, each reason once. What a guard says is the host's to word. */
function whyItAsks(approval: Approval, m: Messages): readonly string[] {
  const asked = approval.reasons.filter((one) => one.decision === 'ask');
  return [...new Set(asked.map((one) => reasonText(one, m.said)))];
}
