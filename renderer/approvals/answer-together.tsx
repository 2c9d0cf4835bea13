import { Check, Layers, X } from 'lucide-react';
import { type MouseEvent, useEffect, useState } from 'react';
import type { Approval } from '../../contract/approvals.ts';
import { byGravity } from '../../contract/sentences.ts';
import { ApprovalTitle } from '../shared/approval-title.tsx';
import { desktop } from '../shared/bridge.ts';
import { Dialog } from '../shared/dialog.tsx';
import { EffectLine } from '../shared/effects.tsx';
import forms from '../shared/forms.module.css';
import { ask, errorText } from '../shared/host.ts';
import { useMessages } from '../shared/language.ts';
import { panel } from '../shared/panel.ts';
import { mergeApprovals } from '../shared/panel-state.ts';
import { Button, Notice } from '../shared/parts.tsx';
import styles from './approval-card.module.css';
import { Counts, diffName } from './diff-view.tsx';
import { PreviewView } from './previews.tsx';
import { useGuard } from './use-guard.ts';

/** Several that are alike, shown in full, and answered at once, each just this once. */
export function AnswerTogether({
  alike,
  live,
}: {
  readonly alike: readonly Approval[];
  readonly live: boolean;
}) {
  const m = useMessages().approvals;
  const [open, setOpen] = useState(false);
  if (alike.length < 2 || desktop()?.kind === 'main') return null;
  return (
    <>
      <div>
        <Button icon={Layers} disabled={!live} onClick={() => setOpen(true)}>
          {m.together(alike.length)}
        </Button>
      </div>
      {open && <All alike={alike} onClose={() => setOpen(false)} />}
    </>
  );
}

function All({ alike, onClose }: { alike: readonly Approval[]; onClose: () => void }) {
  const { approvals: m, said } = useMessages();
  // Those that were shown: what comes meanwhile waits for the next time.
  const [shown] = useState(alike);
  const [problem, setProblem] = useState<string>();
  const [busy, setBusy] = useState(false);
  const meant = useGuard();
  const waiting = new Set(alike.map(({ id }) => id));
  useEffect(() => {
    if (alike.length === 0) onClose();
  }, [alike.length, onClose]);

  const answer = (decision: 'allow' | 'deny') => async (event: MouseEvent) => {
    if (busy || !meant(event.detail === 0)) return;
    setBusy(true);
    setProblem(undefined);
    for (const { id, planHash } of shown) {
      if (!waiting.has(id)) continue;
      try {
        const settled = await ask('approvals.decide', { id, decision, planHash });
        panel.merge((state) => ({ ...state, approvals: mergeApprovals(state.approvals, [settled]) }));
      } catch (error) {
        setProblem(errorText(error));
        setBusy(false);
        return;
      }
    }
    onClose();
  };
  return (
    <Dialog
      open
      wide
      onClose={onClose}
      title={m.together(shown.length)}
      actions={
        <>
          <Button look="danger" icon={X} disabled={busy} onClick={answer('deny')}>
            {m.denyThese(shown.length)}
          </Button>
          <Button look="primary" icon={Check} disabled={busy} onClick={answer('allow')}>
            {m.allowThese(shown.length)}
          </Button>
        </>
      }
    >
      <div className={forms.form}>
        {problem !== undefined && <Notice tone="danger">{problem}</Notice>}
        {shown.map((approval) => (
          <section key={approval.id} className={forms.section}>
            <h3>
              <ApprovalTitle approval={approval} />
            </h3>
            <ul className={styles.effects}>
              {byGravity(approval.effects).map((effect) => (
                <li key={JSON.stringify(effect)}>
                  <EffectLine effect={effect} />
                </li>
              ))}
            </ul>
            {approval.previews.map((preview, at) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: the previews of one approval never move
              <details key={at}>
                <summary>
                  {preview.kind === 'diff' ? (
                    <>
                      <code>{diffName(preview, said)}</code>{' '}
                      <Counts added={preview.added} removed={preview.removed} />
                    </>
                  ) : (
                    m.preview
                  )}
                </summary>
                <PreviewView preview={preview} />
              </details>
            ))}
          </section>
        ))}
      </div>
    </Dialog>
  );
}
