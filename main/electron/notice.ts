import type { Approval } from '../../contract/approvals.ts';
import type { Effect } from '../../contract/effects.ts';
import { reasonText, titleOf, warningText } from '../../contract/sentences.ts';
import type { ShellMessages } from './messages.ts';

/** What a notification for a waiting approval shows. */
export interface Notice {
  readonly title: string;
  readonly body: string;
  /** Buttons, in order; where the platform has none, a click opens the approval. */
  readonly actions: readonly ('allow' | 'deny')[];
}

/** Text that people read and no program runs. By name, since whatever is not known here may be run by something. */
const PLAIN_TEXT = /\.(md|txt|rst|csv)$/i;
/** Of those, what installers, build tools and agents take as their instructions. */
const INSTRUCTIONS = /^(agents|claude|gemini|copilot|skill|requirements|constraints|cmakelists)\b/i;

/**
 * A notification is read in passing and shows neither diff nor command: it offers Allow only where little could go
 * wrong without having looked. Everything else opens the approval.
 */
export function noticeOf(approval: Approval, m: ShellMessages): Notice {
  const small =
    approval.warnings.length === 0 && approval.effects.length > 0 && approval.effects.every(isSmall);
  const [warned] = approval.warnings;
  const [first] = approval.reasons.filter((one) => one.decision === 'ask');
  return {
    title: titleOf(approval.clientName, approval.effects, m.said),
    body:
      warned !== undefined
        ? warningText(warned, m.said)
        : first !== undefined
          ? reasonText(first, m.said)
          : m.look,
    actions: small ? ['allow', 'deny'] : ['deny'],
  };
}

/** Reading, a new folder, or a new file of plain text; nothing hidden, since settings and secrets are kept in those. */
function isSmall(effect: Effect): boolean {
  if (effect.kind !== 'read' && effect.kind !== 'write') return false;
  const names = effect.path === '.' ? [] : effect.path.split('/');
  if (names.some((name) => name.startsWith('.'))) return false;
  if (effect.kind === 'read') return true;
  const file = names.at(-1) ?? '';
  return (
    effect.tree !== true &&
    (effect.op === 'mkdir' || (effect.op === 'create' && PLAIN_TEXT.test(file) && !INSTRUCTIONS.test(file)))
  );
}
