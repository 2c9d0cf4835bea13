import type { Effect } from '../../contract/effects.ts';
import type { Decision, EffectDecision, Explanation, Grant, Match, Rule } from '../../contract/policy.ts';
import { matchText } from '../../contract/sentences.ts';
import { en } from '../../contract/words-en.ts';
import { type CompiledMatch, compileMatch, type Sense } from './match.ts';

/** Who asks, and when. `clientName` is what rules name; grants belong to `clientId`. */
export interface DecideContext {
  readonly clientId: string;
  readonly clientName: string;
  /** Milliseconds since the epoch, as the clock says. What restricts for a time ends by this. */
  readonly now: number;
  /**
   * By what is allowed for a time ends: a clock that was set back makes nothing last longer. Default: `now`.
   */
  readonly steadyNow?: number;
}

/** Everything that decides, compiled once and used until the tables change. Immutable. */
export interface Policy {
  /** Pure: the same effects in the same context get the same answer. Deny wins over ask, ask over allow. */
  decide(effects: readonly Effect[], context: DecideContext): Explanation;
  /** Whether reading a path needs no answer; free of cost where no rule speaks of reading. */
  visible(context: DecideContext): (workspace: string, path: string) => boolean;
}

interface CompiledRule {
  readonly rule: Rule;
  readonly match: CompiledMatch;
}

interface CompiledGrant {
  readonly grant: Grant;
  readonly match: CompiledMatch;
}

/**
 * Compiles rules and grants.
 *
 * @param toolHashes - definition hash of each tool that exists now; a grant given through another definition has lapsed
 * @throws FastbandError `invalid_input` when a stored pattern has no clear meaning: the caller must then deny everything
 */
export function compilePolicy(input: {
  readonly rules: readonly Rule[];
  readonly grants: readonly Grant[];
  readonly toolHashes: ReadonlyMap<string, string>;
}): Policy {
  const rules = groupByKind(input.rules.map((rule) => ({ rule, match: compileMatch(rule.match) })));
  const live = input.grants.filter((grant) => input.toolHashes.get(grant.tool) === grant.toolHash);
  const grants = groupByKind(live.map((grant) => ({ grant, match: compileMatch(grant.match) })));
  return {
    decide(effects, context) {
      const decided = effects.map((effect) =>
        decideEffect(effect, rules.get(effect.kind) ?? [], grants.get(effect.kind) ?? [], context),
      );
      return { decision: strictest(decided.map((one) => one.decision)), effects: decided };
    },
    visible(context) {
      const readRules = rules.get('read') ?? [];
      if (readRules.length === 0) return () => true;
      const readGrants = grants.get('read') ?? [];
      return (workspace, path) =>
        decideEffect({ kind: 'read', workspace, path }, readRules, readGrants, context).decision === 'allow';
    },
  };
}

/** A policy for when the tables cannot be read: nothing is allowed. */
export function denyEverything(why: string): Policy {
  return {
    decide: (effects) => ({
      decision: 'deny',
      effects: effects.map((effect) => ({
        effect,
        decision: 'deny',
        reason: { by: 'guard', id: 'policy-unavailable', text: why },
      })),
    }),
    visible: () => () => false,
  };
}

/** Whether these matches together cover every one of these effects, as an allowance would have to. */
export function covers(matches: readonly Match[], effects: readonly Effect[]): boolean {
  const compiled = matches.map(compileMatch);
  return effects.every((effect) => compiled.some((match) => match.applies(effect, 'allow')));
}

function decideEffect(
  effect: Effect,
  rules: readonly CompiledRule[],
  grants: readonly CompiledGrant[],
  context: DecideContext,
): EffectDecision {
  let found: Rule | undefined;
  for (const { rule, match } of rules) {
    if (rule.client !== undefined && rule.client !== context.clientName) continue;
    if (rule.expires !== undefined && rule.expires <= timeFor(rule.effect, context)) continue;
    if (found !== undefined && rank(rule.effect) <= rank(found.effect)) continue;
    const sense: Sense = rule.effect === 'allow' ? 'allow' : 'restrict';
    if (match.applies(effect, sense)) found = rule;
  }
  // A rule that asks means every time: no grant answers it.
  if (found !== undefined && found.effect !== 'allow') return byRule(effect, found);
  for (const { grant, match } of grants) {
    if (grant.clientId !== context.clientId) continue;
    if (grant.expires !== undefined && grant.expires <= timeFor('allow', context)) continue;
    if (match.applies(effect, 'allow')) {
      const text = `You allowed ${grant.clientName} to ${matchText(grant.match, en)}, ${scopeWords(grant.scope)}.`;
      return { effect, decision: 'allow', reason: { by: 'grant', id: grant.id, text } };
    }
  }
  return found === undefined ? byDefault(effect) : byRule(effect, found);
}

function timeFor(effect: Decision, { now, steadyNow = now }: DecideContext): number {
  return effect === 'allow' ? steadyNow : now;
}

function byRule(effect: Effect, rule: Rule): EffectDecision {
  const verb = { allow: 'may', ask: 'must ask to', deny: 'may not' }[rule.effect];
  const source = rule.source === 'project' ? "The project's policy" : 'A rule';
  const { client, match, note } = rule;
  const noted = note === undefined ? '' : ` (${note})`;
  const text = `${source} says: ${client ?? 'any client'} ${verb} ${matchText(match, en)}${noted}.`;
  const reason = { by: 'rule', id: rule.id, text } as const;
  if (rule.effect !== 'ask') return { effect, decision: rule.effect, reason };
  const said = { source: rule.source, match, ...(client && { client }), ...(note && { note }) };
  return { effect, decision: 'ask', reason: { ...reason, rule: said } };
}

function byDefault(effect: Effect): EffectDecision {
  if (effect.kind === 'read') {
    return {
      effect,
      decision: 'allow',
      reason: {
        by: 'default',
        id: 'read-in-workspace',
        text: 'Reading inside a workspace is allowed unless a rule says otherwise.',
      },
    };
  }
  return {
    effect,
    decision: 'ask',
    reason: {
      by: 'default',
      id: 'ask',
      text: en.reasons.noRule[effect.kind],
    },
  };
}

function scopeWords(scope: Grant['scope']): string {
  return { session: 'until Fastband stops', hour: 'for one hour', always: 'always' }[scope];
}

function rank(decision: Decision): number {
  return { allow: 0, ask: 1, deny: 2 }[decision];
}

function strictest(decisions: readonly Decision[]): Decision {
  return decisions.reduce<Decision>((worst, one) => (rank(one) > rank(worst) ? one : worst), 'allow');
}

function groupByKind<T extends { readonly match: CompiledMatch }>(
  items: readonly T[],
): Map<Effect['kind'], T[]> {
  const groups = new Map<Effect['kind'], T[]>();
  for (const item of items) {
    const group = groups.get(item.match.kind);
    if (group === undefined) groups.set(item.match.kind, [item]);
    else group.push(item);
  }
  return groups;
}
