import type { ServerResponse } from 'node:http';
import type { ErrorCode, WireError } from '../../contract/errors.ts';
import { FastbandError, toWireError } from '../core/errors.ts';

const STATUS: Readonly<Record<ErrorCode, number>> = {
  invalid_input: 400,
  not_found: 404,
  conflict: 409,
  unknown_channel: 404,
  unauthorized: 401,
  forbidden: 403,
  rate_limited: 429,
  too_large: 413,
  outside_workspace: 403,
  path_refused: 403,
  read_only: 403,
  command_refused: 403,
  git_refused: 403,
  secret_found: 403,
  url_refused: 403,
  query_refused: 403,
  denied_by_rule: 403,
  denied_by_person: 403,
  approval_timeout: 409,
  approval_cancelled: 409,
  approval_stale: 409,
  too_many_approvals: 429,
  client_revoked: 403,
  changed_since_plan: 409,
  tool_disabled: 409,
  tool_failed: 500,
  timeout: 504,
  cancelled: 409,
  output_too_large: 413,
  fetch_failed: 502,
  browser_unavailable: 503,
  provider_failed: 502,
  limit_reached: 429,
  key_missing: 409,
  keychain_unavailable: 503,
  audit_unavailable: 503,
  policy_unavailable: 503,
  settings_invalid: 500,
  port_in_use: 409,
  home_in_use: 409,
  backup_invalid: 422,
  host_not_running: 503,
  server_stopped: 503,
  unsupported_node: 500,
  internal: 500,
};

/** A refusal whose HTTP status says more than its code would. */
export class HttpRefusal extends FastbandError {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    status: number,
    code: ErrorCode,
    message: string,
    headers: Readonly<Record<string, string>> = {},
  ) {
    super(code, message);
    this.status = status;
    this.headers = headers;
  }
}

export function sendValue(
  res: ServerResponse,
  value: unknown,
  headers: Readonly<Record<string, string>> = {},
): void {
  sendJson(res, 200, { ok: true, value }, headers);
}

/** What was thrown, as far as it may be told. */
export function sendError(res: ServerResponse, error: unknown): void {
  const wire: WireError = toWireError(error);
  const status = error instanceof HttpRefusal ? error.status : STATUS[wire.code];
  sendJson(res, status, { ok: false, error: wire }, error instanceof HttpRefusal ? error.headers : {});
}

export function sendPage(
  res: ServerResponse,
  status: number,
  html: string,
  headers: Readonly<Record<string, string>> = {},
): void {
  send(res, status, 'text/html; charset=utf-8', html, { 'Cache-Control': 'no-store', ...headers });
}

export function send(
  res: ServerResponse,
  status: number,
  type: string,
  body: string | Buffer,
  headers: Readonly<Record<string, string>>,
): void {
  res.writeHead(status, { 'Content-Type': type, 'Content-Length': Buffer.byteLength(body), ...headers });
  res.end(body);
}

function sendJson(
  res: ServerResponse,
  status: number,
  body: unknown,
  headers: Readonly<Record<string, string>>,
): void {
  send(res, status, 'application/json; charset=utf-8', JSON.stringify(body), {
    'Cache-Control': 'no-store',
    ...headers,
  });
}
