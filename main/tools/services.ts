import type { Tool } from '../core/tool.ts';
import type { Net } from '../guard/net.ts';
import type { Ports } from '../ports.ts';
import type { Models } from '../providers/models.ts';
import type { Keys } from '../vault/keys.ts';

/** What tool families are given, made once when the core is composed. Nothing heavy is loaded before its first use. */
export interface ToolServices {
  readonly keys: Keys;
  readonly net: Net;
  readonly ports: Pick<Ports, 'clock' | 'fork'>;
  /** AI models; their part is loaded when it is first asked for. */
  readonly models: () => Promise<Models>;
  /** Pictures that were taken for a client: it gets none but its own. */
  readonly pictures?: {
    read(id: string, clientId: string): Promise<{ readonly bytes: Uint8Array } | undefined>;
  };
}

/** Tools that share something which outlives a call. */
export interface ToolFamily {
  readonly tools: readonly Tool[];
  /** Ends what is held: children, connections. Called when the server stops; the next call begins anew. */
  close?(): Promise<void>;
}
