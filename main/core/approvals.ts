import type { Approval, ApprovalStatus, DecideInput } from '../../contract/approvals.ts';
import type { Effect } from '../../contract/effects.ts';
import type { Match } from '../../contract/policy.ts';
import type { Ports } from '../ports.ts';
import { type ApprovalRequest, newApproval } from './approval-card.ts';
import { FastbandError } from './errors.ts';
import { newId } from './ids.ts';
import { covers } from './policy.ts';

/** At most so many approvals wait at once, in all and for one client: a flood must not tire the person out. */
export const MAX_WAITING = 100;
export const MAX_WAITING_PER_CLIENT = 20;
/** And what one client's waiting calls hold together, in characters of their plans: a retry holds its plan once more. */
export const MAX_HELD_PER_CLIENT = 64 * 1024 * 1024;
/** An approval that no call waits for any longer stays this long for a retry to join. */
export const ORPHAN_MS = 120_000;
const HISTORY = 500;
/** Of settled approvals, in characters of JSON. The audit log has them all; what was shown to the person is here. */
const HISTORY_SIZE = 16 * 1024 * 1024;

export type Verdict =
  | { readonly allow: true; readonly approval: Approval }
  | { readonly allow: false; readonly error: FastbandError; readonly approval: Approval };

/** One call's place at an approval. */
export interface Ticket {
  readonly approval: Approval;
  readonly callId: string;
  readonly verdict: Promise<Verdict>;
  /** The call was cancelled or its client went away. */
  leave(): void;
}

/** What a person's lasting "allow" covers. */
export interface GrantRequest {
  readonly approval: Approval;
  readonly callId: string;
  readonly toolHash: string;
  readonly matches: readonly Match[];
  readonly scope: 'session' | 'hour' | 'always';
}

/** Called inside `decide` and `settle`, before the verdict is told: what throws here leaves the approval as it was. */
export interface ApprovalHooks {
  asked(approval: Approval, callId: string): void;
  settled(approval: Approval, callId: string, grant: GrantRequest | undefined): void;
}

interface Entry {
  approval: Approval;
  readonly request: ApprovalRequest;
  readonly waiters: Set<(verdict: Verdict) => void>;
  verdict?: Verdict;
  stopTimer: () => void;
  stopOrphanTimer: () => void;
}

/**
 * The queue of calls that wait for a person. Each approval is settled once: by a person, by its timeout, or by what
 * makes it void. A retry (same client, same plan) joins the waiting approval, so an approval outlives the time that
 * a client is willing to wait.
 */
export class ApprovalQueue {
  readonly #ports: Pick<Ports, 'clock' | 'random' | 'notify'>;
  readonly #hooks: ApprovalHooks;
  readonly #open = new Map<string, Entry>();
  readonly #byPlan = new Map<string, Entry>();
  #settled: Approval[] = [];
  #settledSizes: number[] = [];

  constructor(ports: Pick<Ports, 'clock' | 'random' | 'notify'>, hooks: ApprovalHooks) {
    this.#ports = ports;
    this.#hooks = hooks;
  }

  get waiting(): number {
    let count = 0;
    for (const entry of this.#open.values()) if (entry.verdict === undefined) count++;
    return count;
  }

  /** The approval that a retry of this plan would join. */
  find(clientId: string, planHash: string): Approval | undefined {
    return this.#byPlan.get(planKey(clientId, planHash))?.approval;
  }

  /**
   * Joins a waiting approval for the same plan.
   *
   * @returns undefined when none waits: the caller then makes the preview and calls `ask`
   * @throws FastbandError `too_many_approvals` when this client's calls hold as much as may be
   */
  join(clientId: string, planHash: string): Ticket | undefined {
    const entry = this.#byPlan.get(planKey(clientId, planHash));
    if (entry === undefined) return undefined;
    // One that nobody waits for is counted once already.
    if (entry.waiters.size > 0) this.#checkHeld(clientId, entry.request.size);
    return this.#wait(entry);
  }

  /** @throws FastbandError `too_many_approvals` */
  ask(request: ApprovalRequest): Ticket {
    const joined = this.join(request.client.id, request.planHash);
    if (joined !== undefined) return joined;
    this.checkRoom(request.client.id, request.size);
    const now = this.#ports.clock.now();
    const approval = newApproval(request, newId('a', this.#ports.random), now);
    this.#hooks.asked(approval, request.callId);
    const entry: Entry = {
      approval,
      request,
      waiters: new Set(),
      stopTimer: () => {},
      stopOrphanTimer: () => {},
    };
    entry.stopTimer = this.#ports.clock.after(request.timeoutMs, () => this.#expire(entry));
    this.#open.set(approval.id, entry);
    this.#byPlan.set(planKey(request.client.id, request.planHash), entry);
    const ticket = this.#wait(entry);
    this.#ports.notify({ type: 'approval.added', approval: entry.approval });
    return ticket;
  }

  /**
   * @param size - characters of the plan that would wait
   * @throws FastbandError `too_many_approvals` when this client, or all together, have as many or as much waiting as may
   */
  checkRoom(clientId: string, size: number): void {
    let mine = 0;
    let all = 0;
    for (const entry of this.#open.values()) {
      if (entry.verdict !== undefined) continue;
      all++;
      if (entry.request.client.id === clientId) mine++;
    }
    if (all >= MAX_WAITING || mine >= MAX_WAITING_PER_CLIENT)
      throw new FastbandError(
        'too_many_approvals',
        `${mine >= MAX_WAITING_PER_CLIENT ? `${mine} of your calls already wait` : `${all} calls already wait`} for a person. Wait for answers before you ask for more.`,
      );
    this.#checkHeld(clientId, size);
  }

  #checkHeld(clientId: string, size: number): void {
    let held = 0;
    for (const { request, waiters } of this.#open.values())
      if (request.client.id === clientId) held += request.size * Math.max(1, waiters.size);
    // The first one may be as large as a call can be.
    if (held === 0 || held + size <= MAX_HELD_PER_CLIENT) return;
    throw new FastbandError(
      'too_many_approvals',
      'Your calls that already wait for a person hold too much. Wait for answers before you ask for more.',
    );
  }

  /**
   * A person's answer. Single use: by id, bound to the plan that was shown.
   *
   * @throws FastbandError `not_found`, `approval_stale` (already settled, or another plan), `invalid_input` (a scope
   *   that is not offered, a pattern that does not cover what is asked)
   */
  decide(input: DecideInput): Approval {
    const entry = this.#open.get(input.id);
    if (entry === undefined || entry.verdict !== undefined) {
      const past = entry?.approval ?? this.#settled.find((approval) => approval.id === input.id);
      if (past === undefined)
        throw new FastbandError(
          'not_found',
          'There is no such approval. It may have been answered long ago.',
        );
      throw new FastbandError(
        'approval_stale',
        `This approval is already ${STATUS_WORDS[past.status]}. Nothing was changed.`,
      );
    }
    if (input.planHash !== undefined && input.planHash !== entry.approval.planHash) {
      throw new FastbandError(
        'approval_stale',
        'The call changed after it was shown. Look at it again before you answer.',
      );
    }
    if (input.decision === 'deny') {
      const said =
        input.reason === undefined || input.reason.trim() === '' ? '' : ` They said: ${input.reason.trim()}`;
      this.#settle(entry, 'denied', {
        error: new FastbandError(
          'denied_by_person',
          `A person denied this call.${said} Do not repeat it unchanged; ask your user how to go on.`,
        ),
        ...(said === '' ? {} : { reason: input.reason?.trim() ?? '' }),
      });
    } else {
      const grant = this.#grantFor(entry, input);
      this.#settle(entry, 'allowed', grant === undefined ? {} : { grant });
    }
    return entry.approval;
  }

  get(id: string): Approval | undefined {
    return this.#open.get(id)?.approval ?? this.#settled.find((approval) => approval.id === id);
  }

  /** Waiting ones first, oldest first; then settled ones, newest first. */
  list(status: ApprovalStatus | undefined, limit: number): Approval[] {
    const waiting = [...this.#open.values()]
      .filter((entry) => entry.verdict === undefined)
      .map((entry) => entry.approval);
    const settled = this.#settled.toReversed();
    return [...waiting, ...settled]
      .filter((one) => status === undefined || one.status === status)
      .slice(0, limit);
  }

  /** Settles the waiting approvals that `judge` gives an answer for: after a change of rules, tools or clients. */
  review(
    judge: (request: ApprovalRequest, effects: readonly Effect[]) => FastbandError | 'allow' | undefined,
  ): void {
    for (const entry of [...this.#open.values()]) {
      const answer = judge(entry.request, entry.approval.effects);
      if (answer === undefined) continue;
      if (entry.verdict !== undefined) {
        if (answer !== 'allow') this.#forget(entry);
      } else if (answer === 'allow') this.#settle(entry, 'allowed', {});
      else this.#settle(entry, answer.code === 'denied_by_rule' ? 'denied' : 'cancelled', { error: answer });
    }
  }

  #wait(entry: Entry): Ticket {
    entry.stopOrphanTimer();
    let waiter: ((verdict: Verdict) => void) | undefined;
    const verdict = new Promise<Verdict>((resolve) => {
      if (entry.verdict !== undefined) {
        // Allowed while nobody waited: this retry takes it, once.
        resolve(entry.verdict);
        this.#forget(entry);
        return;
      }
      waiter = resolve;
      entry.waiters.add(resolve);
      entry.approval = { ...entry.approval, waiters: entry.waiters.size };
    });
    return {
      approval: entry.approval,
      callId: entry.request.callId,
      verdict,
      leave: () => {
        if (waiter === undefined || !entry.waiters.delete(waiter)) return;
        entry.approval = { ...entry.approval, waiters: entry.waiters.size };
        if (entry.waiters.size > 0 || entry.verdict !== undefined) return;
        entry.stopOrphanTimer = this.#ports.clock.after(ORPHAN_MS, () => {
          if (entry.waiters.size === 0) this.#cancel(entry, 'The client stopped waiting for an answer.');
        });
      },
    };
  }

  #grantFor(entry: Entry, input: DecideInput): GrantRequest | undefined {
    if (input.scope === 'once') return undefined;
    const { approval, request } = entry;
    if (!approval.scopes.includes(input.scope)) {
      throw new FastbandError(
        'invalid_input',
        'A rule says to ask about this every time: it can only be allowed once. Change the rule first.',
      );
    }
    const asked = approval.reasons.filter((one) => one.decision === 'ask').map((one) => one.effect);
    const matches = this.#chosenPattern(approval, input.pattern);
    if (!covers(matches, asked)) {
      throw new FastbandError(
        'invalid_input',
        'This pattern does not cover everything that the call asks for. Widen it, or allow just this once.',
      );
    }
    return { approval, callId: request.callId, toolHash: request.toolHash, matches, scope: input.scope };
  }

  #chosenPattern(approval: Approval, pattern: DecideInput['pattern']): readonly Match[] {
    if (pattern !== undefined && typeof pattern !== 'string') return pattern;
    const id = pattern ?? 'exact';
    const chosen = approval.suggestions.find((suggestion) => suggestion.id === id);
    if (chosen !== undefined) return chosen.match;
    throw new FastbandError(
      'invalid_input',
      `There is no pattern "${id}" here. Choose one of: ${approval.suggestions.map((one) => one.id).join(', ')}.`,
    );
  }

  #expire(entry: Entry): void {
    if (entry.verdict !== undefined) {
      this.#forget(entry);
      return;
    }
    const seconds = Math.round(entry.request.timeoutMs / 1000);
    this.#settle(entry, 'timeout', {
      error: new FastbandError(
        'approval_timeout',
        `No person answered within ${seconds} s, so the call was not made. Ask your user to look at Fastband, then try again.`,
      ),
    });
  }

  #cancel(entry: Entry, why: string): void {
    this.#settle(entry, 'cancelled', { error: new FastbandError('approval_cancelled', why) });
  }

  #settle(
    entry: Entry,
    status: Exclude<ApprovalStatus, 'waiting'>,
    how: { readonly error?: FastbandError; readonly reason?: string; readonly grant?: GrantRequest },
  ): void {
    const { reason, grant } = how;
    const approval: Approval = {
      ...entry.approval,
      status,
      settledAt: this.#ports.clock.now(),
      ...(reason === undefined ? {} : { reason }),
    };
    if (status === 'allowed') this.#hooks.settled(approval, entry.request.callId, grant);
    else this.#trySettledHook(approval, entry.request.callId);
    entry.approval = approval;
    entry.verdict =
      how.error === undefined ? { allow: true, approval } : { allow: false, approval, error: how.error };
    this.#remember(approval);
    entry.stopOrphanTimer();
    // An allowance that nobody waits for is kept until its time is up: a retry of the same call takes it.
    if (status !== 'allowed' || entry.waiters.size > 0) this.#forget(entry);
    for (const tell of entry.waiters) tell(entry.verdict);
    entry.waiters.clear();
    this.#ports.notify({ type: 'approval.settled', approval });
  }

  #remember(approval: Approval): void {
    this.#settled.push(approval);
    this.#settledSizes.push(JSON.stringify(approval).length);
    let size = this.#settledSizes.reduce((sum, one) => sum + one, 0);
    // The latest one stays, whatever its size: whoever answers it again is to be told that it was answered.
    while (this.#settled.length > HISTORY || (size > HISTORY_SIZE && this.#settled.length > 1)) {
      this.#settled.shift();
      size -= this.#settledSizes.shift() ?? 0;
    }
  }

  /** A denial stands even where it cannot be recorded: the call is then not made, and its own row says so or fails too. */
  #trySettledHook(approval: Approval, callId: string): void {
    try {
      this.#hooks.settled(approval, callId, undefined);
    } catch (error) {
      if (!(error instanceof FastbandError)) throw error;
    }
  }

  #forget(entry: Entry): void {
    entry.stopTimer();
    entry.stopOrphanTimer();
    this.#open.delete(entry.approval.id);
    const key = planKey(entry.request.client.id, entry.request.planHash);
    if (this.#byPlan.get(key) === entry) this.#byPlan.delete(key);
  }
}

const STATUS_WORDS: Record<ApprovalStatus, string> = {
  waiting: 'waiting',
  allowed: 'allowed',
  denied: 'denied',
  timeout: 'past its time',
  cancelled: 'cancelled',
};

function planKey(clientId: string, planHash: string): string {
  return `${clientId} ${planHash}`;
}
