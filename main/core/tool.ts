import type { z } from 'zod';
import type { Preview, Warning } from '../../contract/approvals.ts';
import type { Effect, WriteOp } from '../../contract/effects.ts';
import type { Risk, Workspace } from '../../contract/entities.ts';
import type { Decision } from '../../contract/policy.ts';
import type { Settings } from '../../contract/settings.ts';
import type { Ports } from '../ports.ts';

/** JSON without `undefined`, functions or class instances: what may be frozen and hashed. */
export type Json =
  | string
  | number
  | boolean
  | null
  | readonly Json[]
  | { readonly [key: string]: Json | undefined };

/**
 * One thing that clients can do. `plan` says what the call would do, without doing it; `run` does exactly that.
 * Made with `defineTool` in `tools/tool.ts`, listed in `tools/registry.ts`, called by `core/dispatch.ts` alone.
 */
export interface Tool<I = unknown, D = unknown, O = unknown> {
  readonly name: string;
  readonly title: string;
  /** What the model reads: short, says what it does and what comes back. */
  readonly description: string;
  readonly group: string;
  readonly risk: Risk;
  readonly input: z.ZodType<I>;
  readonly output: z.ZodType<O>;
  /**
   * The answer is a document, and its text is the whole of it: clients get it as content alone. With a structured
   * copy beside it, it would travel twice, and be read twice by some models.
   */
  readonly contentOnly?: boolean;
  /** No side effects. Reads only what `ctx.paths` and `ctx.visible` let it. */
  plan(input: I, ctx: PlanContext): Promise<Plan<D>> | Plan<D>;
  /** Does what the plan says, or throws `changed_since_plan` when the world it was made on has changed. */
  run(plan: Plan<D>, ctx: RunContext): Promise<ToolResult<O>> | ToolResult<O>;
}

export interface Plan<D = unknown> {
  /** Non-empty for all but tools that touch nothing outside Fastband. Order: as they would happen. */
  readonly effects: readonly Effect[];
  /** What `run` needs, resolved and checked: absolute paths, pre-image hashes, argv. JSON; hashed with the effects. */
  readonly data: D;
  /**
   * Made only when a person will be asked, from the same frozen data. May read what the plan may.
   * Raw text: `core/approvals.ts` makes hidden characters visible.
   */
  readonly preview?: () => Promise<PlanPreview> | PlanPreview;
}

export interface PlanPreview {
  readonly previews: readonly Preview[];
  /** About anything that could mislead. */
  readonly warnings: readonly Warning[];
}

export interface ToolResult<O> {
  readonly output: O;
  /** Absent: the output as JSON text. */
  readonly content?: readonly ToolContent[];
  /** One line for the audit log and the panel: what happened, with figures. No file content. */
  readonly summary: string;
}

export type ToolContent =
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'image' | 'audio'; readonly data: string; readonly mimeType: string }
  /** A picture or document that the client may read by itself. */
  | {
      readonly type: 'resource_link';
      readonly uri: string;
      readonly name: string;
      readonly mimeType: string;
      readonly size?: number;
    }
  | {
      readonly type: 'resource';
      readonly resource: { readonly uri: string; readonly mimeType: string; readonly text: string };
    };

export interface PlanContext {
  readonly client: { readonly id: string; readonly name: string };
  readonly workspaces: readonly Workspace[];
  readonly settings: Settings;
  readonly ports: Ports;
  /** Aborted by cancel, disconnect, revocation, deadline and shutdown. */
  readonly signal: AbortSignal;
  /**
   * Whether policy lets this client read this path without asking. A tool that walks a tree leaves out
   * what is not visible. `path` is relative to the workspace root, `/` between components.
   */
  visible(workspace: string, path: string): boolean;
  /**
   * The policy's word on an effect that turned up while running: a redirect to another host, what a page loads.
   * What the plan did not name may happen only where this is `allow`, or, for a part of what was approved, not `deny`.
   */
  decision(effect: Effect): Decision;
  /** Facts about the host for the system tools. */
  readonly host: HostFacts;
}

export interface HostFacts {
  readonly version: string;
  readonly startedAt: number;
  auditOk(): boolean;
  toolCount(): number;
  waitingApprovals(): number;
}

export interface RunContext extends PlanContext {
  readonly callId: string;
  /** Tells the client how far the call is. Cheap; rate-limited downstream. */
  progress(message: string, done?: number, total?: number): void;
  readonly journal: Journal;
}

/** Keeps what a path was before a call changes it, so that a person can undo. */
export interface Journal {
  /**
   * Call before the change. Resolves once the pre-image is safely on disk.
   * `op: 'create' | 'mkdir'` keeps nothing but the fact. Undo refuses when the path no longer is as `after` says.
   */
  before(change: JournalChange): Promise<JournalTicket>;
}

export interface JournalChange {
  readonly workspace: string;
  /** Relative to the workspace root. */
  readonly path: string;
  /** Absolute real path. */
  readonly absolute: string;
  readonly op: WriteOp;
  /** For `move`: the absolute target and its relative path. */
  readonly movedTo?: { readonly absolute: string; readonly path: string };
}

export interface JournalTicket {
  /** Call after the change has been made, so that undo knows what it would undo. */
  done(): Promise<void>;
}
