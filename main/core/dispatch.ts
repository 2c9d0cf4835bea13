import { z } from 'zod';
import type { AuditOutcome } from '../../contract/audit.ts';
import { EFFECT_KINDS, type Effect, type EffectKind } from '../../contract/effects.ts';
import type { Workspace } from '../../contract/entities.ts';
import type { Explanation } from '../../contract/policy.ts';
import { effectText } from '../../contract/sentences.ts';
import type { Settings } from '../../contract/settings.ts';
import { en } from '../../contract/words-en.ts';
import type { Clock, Ports } from '../ports.ts';
import type { ApprovalQueue, Ticket, Verdict } from './approvals.ts';
import type { AuditEntry, AuditSink } from './audit-entry.ts';
import { type CallRecord, callDetail } from './audit-entry.ts';
import { canonicalJson, deepFreeze, sha256Hex } from './canonical.ts';
import { ClientTurns } from './client-turns.ts';
import { FastbandError, toWireError } from './errors.ts';
import { newId } from './ids.ts';
import { abortError, cancelled, denied, linkAbort, outcomeOf } from './outcome.ts';
import type { DecideContext, Policy } from './policy.ts';
import type { Redactor } from './redact.ts';
import type {
  HostFacts,
  Journal,
  Plan,
  PlanContext,
  RunContext,
  Tool,
  ToolContent,
  ToolResult,
} from './tool.ts';
import { visibility } from './visible.ts';

/** A tool as the registry knows it: its definition, hashed, and whether it is switched on. */
export interface RegisteredTool {
  readonly tool: Tool;
  /** SHA-256 (hex) of the definition. */
  readonly hash: string;
  readonly enabled: boolean;
}

export interface Caller {
  readonly id: string;
  readonly name: string;
}

export interface CallRequest {
  readonly client: Caller;
  readonly tool: string;
  readonly input: unknown;
  /** Aborted by the client: cancel or disconnect. */
  readonly signal: AbortSignal;
  readonly progress?: (message: string, done?: number, total?: number) => void;
}

export interface CallResult {
  readonly callId: string;
  readonly output: unknown;
  readonly content: readonly ToolContent[];
}

export interface DispatchDeps {
  readonly ports: Ports;
  readonly audit: AuditSink;
  readonly approvals: ApprovalQueue;
  readonly redactor: Redactor;
  /** @param client - whose switches count beside everybody's */
  readonly tool: (name: string, client: Caller) => RegisteredTool | undefined;
  /** In which what is allowed for a time ends; see `steadyClock`. */
  readonly steady: Pick<Clock, 'now'>;
  /** The policy as of now, compiled. */
  readonly policy: () => Policy;
  readonly settings: () => Settings;
  readonly workspaces: () => readonly Workspace[];
  /** Whether the client may still act: not revoked since it was let in. */
  readonly clientActive: (id: string) => boolean;
  readonly journal: (
    callId: string,
    about: { readonly clientName: string; readonly tool: string },
  ) => Journal;
  readonly grantUsed: (grantId: string) => void;
  readonly host: HostFacts;
}

/**
 * Calls of one client that work at once. Each may hold a program, open files and a whole file in memory, and how many
 * come is the client's choice; those beyond wait their turn. More than agents side by side are seen to use.
 */
export const AT_ONCE = 32;
/** How long a stopped call may take to come to rest before it is answered without it. */
const REST_MS = 1500;
/** While a call waits for a person, its client hears of it this often. */
const WAIT_PROGRESS_MS = 8000;
/** Largest text that one call may answer, in characters. */
const MAX_ANSWER = 8 * 1024 * 1024;

/** One call under way. */
interface ActiveCall {
  readonly callId: string;
  readonly client: Caller;
  readonly effects: readonly Effect[];
  /** A person said yes to this very call, so only a denial stops it; else the policy must go on allowing it. */
  readonly byPerson: boolean;
  readonly controller: AbortController;
}

/** A call's place among those of its client that work at once. Ending it again does nothing. */
interface Turn {
  end(): void;
}

interface Prepared {
  readonly entry: RegisteredTool;
  readonly callId: string;
  readonly client: Caller;
  readonly plan: Plan;
  readonly explanation: Explanation;
  readonly context: PlanContext;
  readonly controller: AbortController;
  readonly record: CallRecord;
  readonly started: number;
}

/**
 * The one door: every tool call of every client and transport goes through `call`, and nothing else runs a tool.
 */
export class Dispatcher {
  readonly #deps: DispatchDeps;
  readonly #active = new Map<string, ActiveCall>();
  /** Runs of approved calls, so that retries which joined one approval share one run. */
  readonly #sharedRuns = new Map<string, Promise<CallResult>>();
  readonly #turns = new ClientTurns(AT_ONCE);
  #stopped = false;

  constructor(deps: DispatchDeps) {
    this.#deps = deps;
  }

  get activeCalls(): number {
    return this.#active.size;
  }

  /**
   * Parses, plans, decides, asks where it must, audits, runs, answers.
   *
   * @throws FastbandError for every refusal and failure; the audit row that says so is then committed
   */
  async call(request: CallRequest): Promise<CallResult> {
    const { ports } = this.#deps;
    const callId = newId('c', ports.random);
    const started = ports.clock.monotonic();
    const controller = new AbortController();
    const unlink = linkAbort(request.signal, controller);
    const record: CallRecord = { callId, client: request.client, tool: request.tool, input: request.input };
    let turn: Turn | undefined;
    try {
      turn = await this.#turn(record, controller.signal, started);
      const prepared = await this.#prepare(record, started, controller);
      if (prepared.explanation.decision === 'allow') {
        for (const one of prepared.explanation.effects) {
          if (one.reason.by === 'grant') this.#deps.grantUsed(one.reason.id);
        }
        return await this.#run(prepared, request.progress, false);
      }
      unlink();
      return await this.#askAndRun(prepared, request, turn);
    } finally {
      turn?.end();
      unlink();
    }
  }

  /** What would happen, and why, without doing it. A guard's refusal is an answer here, not an error. */
  async explain(client: Caller, tool: string, input: unknown): Promise<Explanation> {
    const entry = this.#entry(tool, client);
    const parsed = parseInput(entry.tool, input);
    const controller = new AbortController();
    try {
      const plan = await entry.tool.plan(parsed, this.#planContext(client, controller.signal));
      return this.#decide(plan.effects, client);
    } catch (error) {
      if (!(error instanceof FastbandError)) throw error;
      return { decision: 'deny', effects: [], refused: toWireError(error) };
    }
  }

  /** Rules, grants, clients, workspaces or tools changed: what waits and what runs is judged again. */
  policyChanged(): void {
    const judge = (client: Caller, effects: readonly Effect[]) => {
      if (!this.#deps.clientActive(client.id)) {
        return {
          decision: 'deny' as const,
          error: new FastbandError('client_revoked', 'This client was revoked.'),
        };
      }
      const lost = this.#lostWorkspace(effects);
      if (lost !== undefined) return { decision: 'deny' as const, error: lost };
      const explanation = this.#decide(effects, client);
      return { decision: explanation.decision, error: denied(explanation) };
    };
    this.#deps.approvals.review((request, effects) => {
      const entry = this.#deps.tool(request.tool, request.client);
      if (entry === undefined || !entry.enabled || entry.hash !== request.toolHash) {
        return new FastbandError(
          'tool_disabled',
          `${request.tool} was switched off or changed while this waited.`,
        );
      }
      const { decision, error } = judge(request.client, effects);
      return decision === 'deny' ? error : decision === 'allow' ? 'allow' : undefined;
    });
    for (const call of this.#active.values()) {
      const { decision, error } = judge(call.client, call.effects);
      if (decision === 'deny' || (decision === 'ask' && !call.byPerson)) call.controller.abort(error);
    }
  }

  /** Denies what waits, cancels what runs, and refuses all else until `resume`. Resolves when nothing runs. */
  async stop(): Promise<void> {
    this.#stopped = true;
    const error = new FastbandError('server_stopped', 'Fastband was stopped. Start it again to go on.');
    this.#deps.approvals.review(() => error);
    for (const call of this.#active.values()) call.controller.abort(error);
    const waitUntil = this.#deps.ports.clock.monotonic() + REST_MS;
    while (this.#active.size > 0 && this.#deps.ports.clock.monotonic() < waitUntil) {
      await new Promise<void>((resolve) => this.#deps.ports.clock.after(10, resolve));
    }
  }

  resume(): void {
    this.#stopped = false;
  }

  /**
   * A client's calls are planned and run a few at a time. What waited for its turn is judged by what holds when that
   * comes: planning, and so deciding, begins only then.
   */
  async #turn(record: CallRecord, signal: AbortSignal, started: number): Promise<Turn> {
    const { client } = record;
    try {
      const taken = this.#turns.take(client.id, signal);
      let end: (() => void) | undefined = typeof taken === 'function' ? taken : await taken;
      const turn = {
        end: () => {
          end?.();
          end = undefined;
        },
      };
      if (typeof taken !== 'function' && !this.#deps.clientActive(client.id)) {
        turn.end();
        throw new FastbandError('client_revoked', 'This client was revoked.');
      }
      return turn;
    } catch (error) {
      this.#refused(record, error, started);
      throw this.#outward(error, record.tool);
    }
  }

  async #prepare(record: CallRecord, started: number, controller: AbortController): Promise<Prepared> {
    const { callId, client } = record;
    try {
      if (this.#stopped)
        throw new FastbandError('server_stopped', 'Fastband is stopped. Start it again to go on.');
      const entry = this.#entry(record.tool, client);
      const input = parseInput(entry.tool, record.input);
      const context = this.#planContext(client, controller.signal);
      const plan = await entry.tool.plan(input, context);
      deepFreeze(plan.effects);
      deepFreeze(plan.data);
      const explanation = this.#decide(plan.effects, client);
      record.explanation = explanation;
      if (explanation.decision === 'deny') throw denied(explanation);
      return { entry, callId, client, plan, explanation, context, controller, record, started };
    } catch (error) {
      this.#refused(record, error, started);
      throw this.#outward(error, record.tool);
    }
  }

  async #askAndRun(prepared: Prepared, request: CallRequest, turn: Turn): Promise<CallResult> {
    const { record, client, started } = prepared;
    let verdict: Verdict;
    let ticket: Ticket;
    try {
      ticket = await this.#ticket(prepared, request.signal);
      // Waiting for a person takes nobody's turn.
      turn.end();
      verdict = await this.#waitFor(ticket, request);
      if (!verdict.allow) throw verdict.error;
      this.#checkStillAllowed(prepared);
    } catch (error) {
      this.#refused(record, error, started);
      throw this.#outward(error, request.tool);
    }
    const id = verdict.approval.id;
    const running = this.#sharedRuns.get(id);
    if (running !== undefined) return running;
    const unlink = linkAbort(request.signal, prepared.controller);
    // Kept before it waits for its turn: whoever joined must find it, and not run the same once more.
    const run = this.#runApproved(
      { ...prepared, callId: ticket.callId, record: { ...record, callId: ticket.callId, approvalId: id } },
      request.progress,
    );
    this.#sharedRuns.set(id, run);
    try {
      return await run;
    } finally {
      unlink();
      this.#sharedRuns.delete(id);
      this.#deps.ports.log.debug({ callId: ticket.callId, client: client.id }, 'approved call finished');
    }
  }

  async #runApproved(prepared: Prepared, progress: CallRequest['progress']): Promise<CallResult> {
    const { record, started, controller } = prepared;
    const turn = await this.#turn(record, controller.signal, started);
    try {
      try {
        this.#checkStillAllowed(prepared);
      } catch (error) {
        this.#refused(record, error, started);
        throw this.#outward(error, record.tool);
      }
      return await this.#run(prepared, progress, true);
    } finally {
      turn.end();
    }
  }

  /** @throws FastbandError also `cancelled`: who is gone already leaves no question to a person */
  async #ticket(prepared: Prepared, signal: AbortSignal): Promise<Ticket> {
    if (signal.aborted) throw cancelled();
    const { approvals, settings } = this.#deps;
    const { entry, plan, client, record } = prepared;
    const frozen = canonicalPlan(entry, record.input, plan);
    const planHash = sha256Hex(frozen);
    record.planHash = planHash;
    const joined = approvals.join(client.id, planHash);
    if (joined !== undefined) return joined;
    approvals.checkRoom(client.id, frozen.length);
    const preview = (await plan.preview?.()) ?? { previews: [], warnings: [] };
    if (signal.aborted) throw cancelled();
    return approvals.ask({
      callId: prepared.callId,
      client,
      tool: entry.tool.name,
      toolHash: entry.hash,
      planHash,
      size: frozen.length,
      explanation: prepared.explanation,
      preview,
      timeoutMs: settings().approvals.timeoutSeconds * 1000,
    });
  }

  async #waitFor(ticket: Ticket, request: CallRequest): Promise<Verdict> {
    const { clock } = this.#deps.ports;
    const since = clock.monotonic();
    let stopProgress = () => {};
    const tell = () => {
      const seconds = Math.round((clock.monotonic() - since) / 1000);
      const total = Math.round((ticket.approval.expiresAt - ticket.approval.createdAt) / 1000);
      request.progress?.(
        `Waiting for a person to answer in Fastband: ${ticket.approval.title}`,
        seconds,
        total,
      );
      stopProgress = clock.after(WAIT_PROGRESS_MS, tell);
    };
    tell();
    let onAbort = () => {};
    const gone = new Promise<never>((_, reject) => {
      onAbort = () => reject(cancelled());
      if (request.signal.aborted) onAbort();
      else request.signal.addEventListener('abort', onAbort, { once: true });
    });
    try {
      return await Promise.race([ticket.verdict, gone]);
    } finally {
      ticket.leave();
      stopProgress();
      request.signal.removeEventListener('abort', onAbort);
    }
  }

  /** Between the question and the answer the world may have moved: a revoked client, a new denial, a changed tool. */
  #checkStillAllowed(prepared: Prepared): void {
    if (this.#stopped)
      throw new FastbandError('server_stopped', 'Fastband was stopped before this could run.');
    if (!this.#deps.clientActive(prepared.client.id))
      throw new FastbandError('client_revoked', 'This client was revoked.');
    const entry = this.#entry(prepared.entry.tool.name, prepared.client);
    if (entry.hash !== prepared.entry.hash) {
      throw new FastbandError('changed_since_plan', 'The tool changed while this waited. Call it again.');
    }
    const lost = this.#lostWorkspace(prepared.plan.effects, prepared.context.workspaces);
    if (lost !== undefined) throw lost;
    const explanation = this.#decide(prepared.plan.effects, prepared.client);
    if (explanation.decision === 'deny') throw denied(explanation);
  }

  /**
   * What a person took away since a call was planned: a workspace, or the right to change it.
   *
   * @param planned - as they were then; one of the same name may be another folder by now
   */
  #lostWorkspace(effects: readonly Effect[], planned?: readonly Workspace[]): FastbandError | undefined {
    const workspaces = this.#deps.workspaces();
    for (const effect of effects) {
      const name = 'workspace' in effect ? effect.workspace : undefined;
      if (name === undefined) continue;
      const now = workspaces.find((one) => one.name === name);
      const then = planned?.find((one) => one.name === name);
      if (now === undefined || (then !== undefined && then.root !== now.root))
        return new FastbandError('outside_workspace', `The workspace ${name} was taken away meanwhile.`);
      if (now.readOnly && effect.kind === 'write')
        return new FastbandError('read_only', `The workspace ${name} was made read-only meanwhile.`);
    }
    return undefined;
  }

  async #run(prepared: Prepared, progress: CallRequest['progress'], byPerson: boolean): Promise<CallResult> {
    const { audit, ports, settings } = this.#deps;
    const { callId, client, entry, plan, controller, record, started } = prepared;
    const sideEffects = plan.effects.some((effect) => effect.kind !== 'read');
    const kinds = kindsOf(plan.effects);
    // What changes nothing is answered only after its one row; what changes something is announced before it runs.
    if (sideEffects)
      audit.append(this.#entryFor('call.started', record, { kinds, summary: this.#startSummary(prepared) }));
    const active: ActiveCall = { callId, client, effects: plan.effects, byPerson, controller };
    this.#active.set(callId, active);
    const seconds = settings().limits.callSeconds;
    const stopDeadline = ports.clock.after(seconds * 1000, () =>
      controller.abort(
        new FastbandError(
          'timeout',
          `${entry.tool.name} was stopped after ${seconds} s (setting limits.callSeconds).`,
        ),
      ),
    );
    const finish = (outcome: AuditOutcome, summary: string, error?: unknown) =>
      audit.append(
        this.#entryFor('call.finished', sideEffects ? { ...record, brief: true } : record, {
          kinds,
          outcome,
          summary,
          durationMs: ports.clock.monotonic() - started,
          ...(error === undefined ? {} : { error }),
        }),
      );
    try {
      const result = await this.#untilRest(prepared, progress);
      const answer = this.#answer(callId, result);
      this.#recordSuccess(sideEffects, () => finish('ok', result.summary));
      return answer;
    } catch (error) {
      const outward =
        controller.signal.aborted && !(error instanceof FastbandError)
          ? abortError(controller.signal)
          : this.#outward(error, entry.tool.name);
      if (outward.code !== 'audit_unavailable') finish(outcomeOf(outward), outward.message, outward);
      throw outward;
    } finally {
      stopDeadline();
      this.#active.delete(callId);
    }
  }

  #recordSuccess(sideEffects: boolean, finish: () => void): void {
    try {
      finish();
    } catch (error) {
      if (!sideEffects || !(error instanceof FastbandError)) throw error;
      throw new FastbandError(
        error.code,
        'The call ran, but its result could not be written to the audit log. Look at what it did before you repeat it.',
        { cause: error },
      );
    }
  }

  /** Runs the plan; once stopped, gives it a moment to come to rest so that the log says what really happened. */
  async #untilRest(prepared: Prepared, progress: CallRequest['progress']): Promise<ToolResult<unknown>> {
    const { ports, journal } = this.#deps;
    const { entry, plan, controller, callId, client } = prepared;
    const { signal } = controller;
    if (signal.aborted) throw abortError(signal);
    const context: RunContext = {
      ...prepared.context,
      callId,
      progress: (message, done, total) => progress?.(message, done, total),
      journal: journal(callId, { clientName: client.name, tool: entry.tool.name }),
    };
    let onAbort = () => {};
    const stopped = new Promise<never>((_, reject) => {
      onAbort = () => ports.clock.after(REST_MS, () => reject(abortError(signal)));
      signal.addEventListener('abort', onAbort, { once: true });
    });
    try {
      return await Promise.race([entry.tool.run(plan, context), stopped]);
    } finally {
      signal.removeEventListener('abort', onAbort);
    }
  }

  #answer(callId: string, result: ToolResult<unknown>): CallResult {
    let { output } = result;
    let content = result.content ?? [{ type: 'text', text: JSON.stringify(output) }];
    let size = 0;
    for (const one of content) size += contentLength(one);
    if (size > MAX_ANSWER) {
      throw new FastbandError(
        'output_too_large',
        `The answer has ${size} characters, more than the ${MAX_ANSWER} that one call may give. Ask for a part.`,
      );
    }
    if (this.#deps.settings().redaction.toolOutput) {
      const { redactor } = this.#deps;
      output = redactor.json(output);
      content = content.map((one) =>
        one.type === 'text' ? { type: 'text', text: redactor.text(one.text) } : one,
      );
    }
    return { callId, output, content };
  }

  #entry(name: string, client: Caller): RegisteredTool {
    const entry = this.#deps.tool(name, client);
    if (entry === undefined)
      throw new FastbandError('not_found', `There is no tool "${name.slice(0, 100)}".`);
    if (!entry.enabled) throw new FastbandError('tool_disabled', `${name} is switched off in Fastband.`);
    return entry;
  }

  #planContext(client: Caller, signal: AbortSignal): PlanContext {
    const { ports, host } = this.#deps;
    const workspaces = this.#deps.workspaces();
    const allowed = this.#deps.policy().visible(this.#asking(client));
    return {
      client,
      workspaces,
      settings: this.#deps.settings(),
      ports,
      signal,
      visible: visibility(workspaces, ports.home, allowed),
      decision: (effect) => this.#decide([effect], client).decision,
      host,
    };
  }

  #decide(effects: readonly Effect[], client: Caller): Explanation {
    return this.#deps.policy().decide(effects, this.#asking(client));
  }

  #asking(client: Caller): DecideContext {
    const { ports, steady } = this.#deps;
    return {
      clientId: client.id,
      clientName: client.name,
      now: ports.clock.now(),
      steadyNow: steady.now(),
    };
  }

  #startSummary(prepared: Prepared): string {
    return (
      prepared.plan.effects
        .slice(0, 3)
        .map((one) => effectText(one, en))
        .join('; ') + (prepared.plan.effects.length > 3 ? '; …' : '')
    );
  }

  #refused(record: CallRecord, error: unknown, started: number): void {
    const outward = this.#outward(error, record.tool);
    // Where the log itself fails there is no row to write: the refusal is the answer.
    if (outward.code === 'audit_unavailable') return;
    this.#deps.audit.append(
      this.#entryFor('call.refused', record, {
        kinds: kindsOf(record.explanation?.effects.map((one) => one.effect) ?? []),
        outcome: outcomeOf(outward),
        summary: outward.message,
        durationMs: this.#deps.ports.clock.monotonic() - started,
        error: outward,
      }),
    );
  }

  #entryFor(
    type: AuditEntry['type'],
    record: CallRecord,
    more: {
      kinds: EffectKind[];
      summary: string;
      outcome?: AuditOutcome;
      durationMs?: number;
      error?: unknown;
    },
  ): AuditEntry {
    return callDetail(this.#deps.redactor, type, record, more);
  }

  #outward(error: unknown, tool: string): FastbandError {
    if (error instanceof FastbandError) return error;
    this.#deps.ports.log.error({ err: error, tool }, 'a tool failed unexpectedly');
    return new FastbandError('tool_failed', `${tool} failed unexpectedly. Fastband's log has the details.`, {
      cause: error,
    });
  }
}

/** Everything that a person is shown and that `run` acts on, as one text: its SHA-256 is the plan's hash. */
function canonicalPlan(entry: RegisteredTool, input: unknown, plan: Plan): string {
  return canonicalJson({
    tool: entry.tool.name,
    toolHash: entry.hash,
    input,
    effects: plan.effects,
    data: plan.data,
  });
}

function parseInput(tool: Tool, input: unknown): unknown {
  const parsed = tool.input.safeParse(input ?? {});
  if (parsed.success) return parsed.data;
  throw new FastbandError(
    'invalid_input',
    `${tool.name} cannot take these arguments. ${z.prettifyError(parsed.error).slice(0, 1000)}`,
  );
}

function kindsOf(effects: readonly Effect[]): EffectKind[] {
  return EFFECT_KINDS.filter((kind) => effects.some((effect) => effect.kind === kind));
}

function contentLength(content: ToolContent): number {
  if (content.type === 'text') return content.text.length;
  if (content.type === 'resource_link') return content.uri.length + content.name.length;
  return content.type === 'resource' ? content.resource.text.length : content.data.length;
}
