import { z } from 'zod';

/**
 * Every code that an error of ours can carry across a process border.
 * A code is stable: clients and scripts may match on it; the message is for people.
 */
export const ERROR_CODES = [
  // The caller's words.
  'invalid_input',
  'not_found',
  'conflict',
  'unknown_channel',
  'unauthorized',
  'forbidden',
  'rate_limited',
  'too_large',
  // Guards: what may never happen, whatever the rules say.
  'outside_workspace',
  'path_refused',
  'read_only',
  'command_refused',
  'git_refused',
  'secret_found',
  'url_refused',
  'query_refused',
  // Policy and approvals.
  'denied_by_rule',
  'denied_by_person',
  'approval_timeout',
  'approval_cancelled',
  'approval_stale',
  'too_many_approvals',
  'client_revoked',
  // Running.
  'changed_since_plan',
  'tool_disabled',
  'tool_failed',
  'timeout',
  'cancelled',
  'output_too_large',
  'fetch_failed',
  'browser_unavailable',
  'provider_failed',
  'limit_reached',
  // Keys.
  'key_missing',
  'keychain_unavailable',
  // The host.
  'audit_unavailable',
  'policy_unavailable',
  'settings_invalid',
  'port_in_use',
  'home_in_use',
  'backup_invalid',
  'host_not_running',
  'server_stopped',
  'unsupported_node',
  'internal',
] as const;

export const ErrorCode = z.enum(ERROR_CODES);
export type ErrorCode = z.infer<typeof ErrorCode>;

/** An error as it crosses a border: no stack, no cause, no secret. */
export const WireError = z.strictObject({ code: ErrorCode, message: z.string() });
export type WireError = z.infer<typeof WireError>;
