import type { Approval } from '../../contract/approvals.ts';
import { showLine } from '../../contract/display.ts';
import type { Grant } from '../../contract/policy.ts';
import { matchText } from '../../contract/sentences.ts';
import { en } from '../../contract/words-en.ts';
import type { Clock } from '../ports.ts';
import type { ApprovalHooks, GrantRequest } from './approvals.ts';
import type { AuditSink } from './audit-entry.ts';
import type { Redactor } from './redact.ts';

const HOUR_MS = 60 * 60 * 1000;

const SETTLED_WORDS: Record<Approval['status'], string> = {
  waiting: 'Waiting',
  allowed: 'Allowed',
  denied: 'Denied',
  timeout: 'No answer in time',
  cancelled: 'Cancelled',
};

export interface ApprovalRecordDeps {
  readonly store: {
    readonly audit: AuditSink;
    readonly grants: { add(grant: Omit<Grant, 'id' | 'createdAt' | 'lastUsedAt'>): Grant };
    transaction<T>(run: () => T): T;
  };
  readonly redactor: Redactor;
  /** In which grants of an hour end. */
  readonly steady: Pick<Clock, 'now'>;
  /** Called after a lasting answer has been kept. */
  readonly granted: () => void;
}

/** Writes down what is asked and how it is answered. An answer, its grants and their rows commit together. */
export function approvalRecords({ store, redactor, steady, granted }: ApprovalRecordDeps): ApprovalHooks {
  return {
    asked(approval, callId) {
      store.audit.append({
        type: 'approval.asked',
        callId,
        actor: approval.clientName,
        clientId: approval.clientId,
        tool: approval.tool,
        decision: 'ask',
        kinds: [...new Set(approval.effects.map((effect) => effect.kind))],
        summary: redactor.text(`Asked: ${approval.title}.`),
        detail: { approvalId: approval.id, planHash: approval.planHash },
      });
    },
    settled(approval, callId, request) {
      store.transaction(() => {
        store.audit.append({
          type: 'approval.settled',
          callId,
          actor: approval.status === 'allowed' || approval.status === 'denied' ? 'person' : 'fastband',
          clientId: approval.clientId,
          tool: approval.tool,
          decision: approval.status === 'allowed' ? 'allow' : 'deny',
          summary: redactor.text(settledSummary(approval)),
          detail: {
            approvalId: approval.id,
            planHash: approval.planHash,
            status: approval.status,
            scope: request?.scope ?? 'once',
          },
        });
        if (request !== undefined) keepGrants(approval, request);
      });
      if (request !== undefined) granted();
    },
  };

  function keepGrants(approval: Approval, request: GrantRequest): void {
    for (const match of request.matches) {
      const grant = store.grants.add({
        clientId: approval.clientId,
        clientName: approval.clientName,
        match,
        scope: request.scope,
        tool: approval.tool,
        toolHash: request.toolHash,
        approvalId: approval.id,
        ...(request.scope === 'hour' ? { expires: steady.now() + HOUR_MS } : {}),
      });
      store.audit.append({
        type: 'grant.added',
        actor: 'person',
        clientId: approval.clientId,
        summary: redactor.text(
          `Granted: ${showLine(approval.clientName)} may ${matchText(match, en)} (${grant.scope}).`,
        ),
        detail: { grant: redactor.json(grant) },
      });
    }
  }
}

function settledSummary(approval: Approval): string {
  const reason = approval.reason === undefined ? '' : ` (${approval.reason})`;
  return `${SETTLED_WORDS[approval.status]}: ${approval.title}${reason}.`;
}
