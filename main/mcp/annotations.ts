import type { Risk } from '../../contract/entities.ts';

/** MCP's hints, derived from a tool's risk and never the reverse: no decision of ours reads them. */
export interface ToolHints {
  readonly readOnlyHint: boolean;
  readonly destructiveHint: boolean;
  readonly idempotentHint: boolean;
  readonly openWorldHint: boolean;
}

const HINTS: Readonly<Record<Risk, ToolHints>> = {
  read: { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false },
  write: { readOnlyHint: false, destructiveHint: false, idempotentHint: false, openWorldHint: false },
  destructive: { readOnlyHint: false, destructiveHint: true, idempotentHint: false, openWorldHint: false },
  exec: { readOnlyHint: false, destructiveHint: true, idempotentHint: false, openWorldHint: true },
  net: { readOnlyHint: false, destructiveHint: false, idempotentHint: false, openWorldHint: true },
};

export function hintsOf(risk: Risk): ToolHints {
  return HINTS[risk];
}
