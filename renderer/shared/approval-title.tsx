import { memo } from 'react';
import type { Approval } from '../../contract/approvals.ts';
import { titleOf } from '../../contract/sentences.ts';
import { useMessages } from './language.ts';
import { Shown } from './parts.tsx';

/** What an approval is for, as one sentence in the language of the panel. */
export const ApprovalTitle = memo(function ApprovalTitle({ approval }: { readonly approval: Approval }) {
  return <Shown text={titleOf(approval.clientName, approval.effects, useMessages().said)} />;
});
