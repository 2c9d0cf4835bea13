import type { Approval } from '../../contract/approvals.ts';
import type { ShellMessages } from './messages.ts';

/** What a notification for a waiting approval shows. */
export interface Notice {
  readonly title: string;
  readonly body: string;
  /** Buttons, in order; where the platform has none, a click opens the approval. */
  readonly actions: readonly ('allow' | 'deny')[];
}

/**
 * A notification is read in passing and shows no diff: it offers Allow only where little could go wrong, which is
 * reading, and making or changing files whose former content is kept. Everything else opens the approval.
 */
export function noticeOf(approval: Approval, m: ShellMessages): Notice {
  const small =
    approval.warnings.length === 0 &&
    approval.effects.length > 0 &&
    approval.effects.every(
      (effect) =>
        effect.kind === 'read' ||
        (effect.kind === 'write' &&
          effect.tree !== true &&
          (effect.op === 'create' || effect.op === 'modify')),
    );
  const [first] = approval.reasons.filter((one) => one.decision === 'ask');
  return {
    title: approval.title,
    body: approval.warnings[0] ?? first?.reason.text ?? m.look,
    actions: small ? ['allow', 'deny'] : ['deny'],
  };
}
