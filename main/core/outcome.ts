import type { AuditOutcome } from '../../contract/audit.ts';
import type { Explanation } from '../../contract/policy.ts';
import { FastbandError } from './errors.ts';

export function denied(explanation: Explanation): FastbandError {
  const reasons = explanation.effects.filter((one) => one.decision === 'deny').map((one) => one.reason.text);
  return new FastbandError(
    'denied_by_rule',
    `${[...new Set(reasons)].slice(0, 3).join(' ')} Do not repeat this call; ask your user.`.trim(),
  );
}

export function outcomeOf(error: FastbandError): AuditOutcome {
  switch (error.code) {
    case 'cancelled':
    case 'approval_cancelled':
    case 'server_stopped':
      return 'cancelled';
    case 'timeout':
    case 'approval_timeout':
      return 'timeout';
    case 'tool_failed':
    case 'internal':
    case 'invalid_input':
    case 'not_found':
    case 'changed_since_plan':
    case 'conflict':
    case 'output_too_large':
    case 'fetch_failed':
      return 'error';
    default:
      return 'denied';
  }
}

export function cancelled(): FastbandError {
  return new FastbandError('cancelled', 'The client cancelled this call.');
}

export function abortError(signal: AbortSignal): FastbandError {
  return signal.reason instanceof FastbandError ? signal.reason : cancelled();
}

export function linkAbort(from: AbortSignal, to: AbortController): () => void {
  const abort = () => to.abort(cancelled());
  if (from.aborted) abort();
  else from.addEventListener('abort', abort, { once: true });
  return () => from.removeEventListener('abort', abort);
}
