import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import type { AuditRow } from '../../contract/audit.ts';
import type { Effect } from '../../contract/effects.ts';
import type { HostEvent } from '../../contract/events.ts';
import type { Grant, Rule } from '../../contract/policy.ts';
import { DEFAULT_SETTINGS, mergeSettings, type SettingsPatch } from '../../contract/settings.ts';
import { forkNode } from '../node-ports.ts';
import type { Clock, Log, Ports } from '../ports.ts';
import { ApprovalQueue, type GrantRequest } from './approvals.ts';
import type { AuditEntry } from './audit-entry.ts';
import { Dispatcher, type RegisteredTool } from './dispatch.ts';
import { FastbandError } from './errors.ts';
import { compilePolicy } from './policy.ts';
import { createRedactor } from './redact.ts';
import { steadyClock } from './steady-clock.ts';
import type { Plan, RunContext, Tool, ToolResult } from './tool.ts';

/** A clock that moves only when told. */
export class FakeClock implements Clock {
  #now = 1_700_000_000_000;
  #offset = 0;
  #timers: { at: number; run: () => void }[] = [];

  now(): number {
    return this.#now + this.#offset;
  }

  /** Sets the clock on the wall, which a person or the network may do at any time. Back by a negative number. */
  set(byMs: number): void {
    this.#offset += byMs;
  }

  monotonic(): number {
    return this.#now;
  }

  after(ms: number, run: () => void): () => void {
    const timer = { at: this.#now + ms, run };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((one) => one !== timer);
    };
  }

  /** Moves on, running what falls due in order, with a turn of the event loop for each. */
  async advance(ms: number): Promise<void> {
    const end = this.#now + ms;
    await settle();
    for (;;) {
      const next = this.#timers.filter((timer) => timer.at <= end).sort((a, b) => a.at - b.at)[0];
      if (next === undefined) break;
      this.#timers = this.#timers.filter((one) => one !== next);
      this.#now = Math.max(this.#now, next.at);
      next.run();
      await settle();
    }
    this.#now = end;
    await settle();
  }
}

/** Time as it is, for tests with real sockets and processes. */
export const realClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after(ms, run) {
    const timer = setTimeout(run, ms);
    timer.unref();
    return () => clearTimeout(timer);
  },
};

/** Lets everything that is ready run. */
export async function settle(): Promise<void> {
  for (let i = 0; i < 5; i++) await new Promise<void>((resolve) => setImmediate(resolve));
}

export const silentLog: Log = { debug() {}, info() {}, warn() {}, error() {} };

export function fakePorts(clock: Clock, more: Partial<Ports> = {}): Ports & { readonly events: HostEvent[] } {
  const events: HostEvent[] = [];
  return {
    clock,
    random: (bytes) => randomBytes(bytes),
    log: silentLog,
    notify: (event) => void events.push(event),
    secrets: () => [],
    home: '/nowhere/fastband-home',
    env: {},
    fork: forkNode,
    events,
    ...more,
  };
}

/** A tool whose plan and run a test decides. */
export function fakeTool(
  name: string,
  effects: readonly Effect[] | ((input: Record<string, unknown>) => readonly Effect[]),
  run: (plan: Plan, context: RunContext) => Promise<ToolResult<unknown>> | ToolResult<unknown> = () => ({
    output: { ok: true },
    summary: `${name} ran`,
  }),
): Tool {
  const list = (input: unknown) =>
    typeof effects === 'function' ? effects(input as Record<string, unknown>) : effects;
  return {
    name,
    title: name,
    description: `The tool ${name}.`,
    group: 'test',
    risk:
      typeof effects === 'function' || effects.some((effect) => effect.kind !== 'read') ? 'write' : 'read',
    input: z.strictObject({
      path: z.string().optional(),
      text: z.string().optional(),
      n: z.number().optional(),
    }),
    output: z.object({ ok: z.boolean() }),
    plan: (input) => ({ effects: list(input), data: { input } }),
    run,
  };
}

/** A dispatcher over memory: what a test needs to see is public. */
export class Bench {
  readonly clock: FakeClock;
  readonly ports: ReturnType<typeof fakePorts>;
  readonly rows: AuditEntry[] = [];
  readonly tools = new Map<string, RegisteredTool>();
  readonly rules: Rule[] = [];
  readonly grants: Grant[] = [];
  readonly revoked = new Set<string>();
  readonly granted: GrantRequest[] = [];
  readonly used: string[] = [];
  /** Set to make the audit log fail, as on a full disk. */
  auditFails = false;
  settings = DEFAULT_SETTINGS;
  readonly approvals: ApprovalQueue;
  readonly dispatcher: Dispatcher;

  /** @param clock - for tests with real sockets; else time moves by `this.clock` alone */
  constructor(tools: readonly Tool[], clock?: Clock) {
    this.clock = new FakeClock();
    this.ports = fakePorts(clock ?? this.clock);
    for (const tool of tools)
      this.tools.set(tool.name, { tool, hash: `hash of ${tool.name}`, enabled: true });
    const audit = {
      append: (entry: AuditEntry): AuditRow => {
        if (this.auditFails) throw new FastbandError('audit_unavailable', 'The audit log cannot be written.');
        this.rows.push(entry);
        return {} as AuditRow;
      },
    };
    this.approvals = new ApprovalQueue(this.ports, {
      asked: (approval, callId) =>
        void audit.append({
          type: 'approval.asked',
          callId,
          actor: approval.clientName,
          summary: approval.title,
        }),
      settled: (approval, callId, grant) => {
        audit.append({ type: 'approval.settled', callId, actor: 'person', summary: approval.status });
        if (grant !== undefined) this.granted.push(grant);
      },
    });
    this.dispatcher = new Dispatcher({
      ports: this.ports,
      audit,
      approvals: this.approvals,
      redactor: createRedactor(() => []),
      steady: steadyClock(this.ports.clock),
      tool: (name) => this.tools.get(name),
      policy: () =>
        compilePolicy({
          rules: this.rules,
          grants: this.grants,
          toolHashes: new Map([...this.tools].map(([name, { hash }]) => [name, hash])),
        }),
      settings: () => this.settings,
      workspaces: () => [{ name: 'shop', root: '/shop', readOnly: false, createdAt: 0 }],
      clientActive: (id) => !this.revoked.has(id),
      journal: () => ({ before: async () => ({ done: async () => {} }) }),
      grantUsed: (id) => void this.used.push(id),
      host: {
        version: '0',
        startedAt: 0,
        auditOk: () => true,
        toolCount: () => 1,
        waitingApprovals: () => 0,
      },
    });
  }

  set(patch: SettingsPatch): void {
    this.settings = mergeSettings(this.settings, patch);
  }

  /** Starts a call; its outcome is kept, so that a refusal is not an unhandled rejection. */
  call(tool: string, input: unknown = {}, client = { id: 'k1', name: 'Claude Code' }) {
    const controller = new AbortController();
    const told: string[] = [];
    const result = this.dispatcher.call({
      client,
      tool,
      input,
      signal: controller.signal,
      progress: (message) => void told.push(message),
    });
    const outcome = result.then(
      (value) => ({ ok: true as const, value }),
      (error: unknown) => ({
        ok: false as const,
        code: error instanceof FastbandError ? error.code : String(error),
        message: String(error),
      }),
    );
    return { outcome, cancel: () => controller.abort(), told };
  }

  types(): string[] {
    return this.rows.map((row) => row.type);
  }
}
