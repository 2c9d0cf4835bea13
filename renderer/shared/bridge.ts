import type { HostEvent } from '../../contract/events.ts';

/** What came back over a border: a value, or why not. */
export interface Envelope {
  readonly ok: boolean;
  readonly value?: unknown;
  readonly error?: { readonly code: string; readonly message: string };
}

type Call = (input: unknown) => Promise<Envelope>;

/** What the desktop's preload puts on the page. In a browser there is none. */
export interface Bridge {
  readonly kind: 'main' | 'approval';
  /** The contract's channels that this window may use. */
  readonly channels: Readonly<Record<string, Call>>;
  /** What only the desktop can do: pick a folder, save a file, open the approval window, … */
  readonly desktop: Readonly<Record<string, Call>>;
  /** Where a file is that a person dropped on the page; empty for one that a script made. */
  readonly pathOf: (file: File) => string;
  /** Every host event from now on. The answer ends it. */
  readonly subscribe: (listener: (event: HostEvent) => void) => () => void;
}

declare global {
  interface Window {
    readonly fastband?: Bridge;
  }
}

/** The desktop's bridge; undefined in a browser. */
export function desktop(): Bridge | undefined {
  return window.fastband;
}
