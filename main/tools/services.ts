import type { Pictures } from '../core/gallery.ts';
import type { Tool } from '../core/tool.ts';
import type { Net } from '../guard/net.ts';
import type { Ports } from '../ports.ts';
import type { Models } from '../providers/models.ts';
import type { Keys } from '../vault/keys.ts';
import type { Browsers } from './browser/browsers.ts';

/** What tool families are given, made once when the core is composed. Nothing heavy is loaded before its first use. */
export interface ToolServices {
  readonly keys: Keys;
  readonly net: Net;
  readonly ports: Pick<Ports, 'clock' | 'fork'>;
  /** AI models; their part is loaded when it is first asked for. */
  readonly models: () => Promise<Models>;
  /** Pictures that calls made: each client reads back its own. */
  readonly pictures: Pictures;
  readonly browsers: Browsers;
}

/** Tools that share something which outlives a call. */
export interface ToolFamily {
  readonly tools: readonly Tool[];
  /** Ends what is held: children, connections. Called when the server stops; the next call begins anew. */
  close?(): Promise<void>;
}
