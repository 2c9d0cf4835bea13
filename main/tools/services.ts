import type { Tool } from '../core/tool.ts';
import type { Net } from '../guard/net.ts';
import type { Keys } from '../vault/keys.ts';

/** What tool families are given, made once when the core is composed. Nothing heavy is loaded before its first use. */
export interface ToolServices {
  readonly keys: Keys;
  readonly net: Net;
}

/** Tools that share something which outlives a call. */
export interface ToolFamily {
  readonly tools: readonly Tool[];
  /** Ends what is held: children, connections. Called when the server stops; the next call begins anew. */
  close?(): Promise<void>;
}
