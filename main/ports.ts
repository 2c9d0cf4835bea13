import type { HostEvent } from '../contract/events.ts';

/** What a host must supply. Tests pass fakes; nothing in the core reaches for these by itself. */
export interface Ports {
  readonly clock: Clock;
  /** Cryptographically strong random bytes. */
  readonly random: (bytes: number) => Uint8Array;
  readonly log: Log;
  /** Told of everything a panel or notification shows. Must not throw. */
  readonly notify: (event: HostEvent) => void;
  /** Values that must never be written anywhere: what the vault holds, and the panel's token. */
  readonly secrets: SecretSource;
  /** Absolute path of Fastband's own folder. */
  readonly home: string;
  /** The environment that children may inherit from, by allowlist. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Runs a module of ours in a Node process of its own, with an empty environment. */
  readonly fork: (module: URL) => Child;
}

/** A process of ours beside the host, for work that must be able to be ended in the middle of anything. */
export interface Child {
  /** @param message - JSON */
  send(message: unknown): void;
  onMessage(listener: (message: unknown) => void): void;
  /** Called once, when it has ended for whatever reason. */
  onExit(listener: () => void): void;
  /** Ends it at once. */
  kill(): void;
}

/** Values to mask. The core adds those of the vault, so that the host's own log masks them too. */
export interface SecretSource {
  (): readonly string[];
  also?(more: () => readonly string[]): void;
}

export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Milliseconds that only grow, for durations. */
  monotonic(): number;
  /** Calls back once after `ms`; the answer cancels it. Does not keep the process alive. */
  after(ms: number, run: () => void): () => void;
}

export interface Log {
  debug(fields: Record<string, unknown>, message: string): void;
  info(fields: Record<string, unknown>, message: string): void;
  warn(fields: Record<string, unknown>, message: string): void;
  error(fields: Record<string, unknown>, message: string): void;
}
