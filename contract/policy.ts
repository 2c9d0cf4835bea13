import { z } from 'zod';
import { Effect, WriteOp } from './effects.ts';
import { WireError } from './errors.ts';

export const Decision = z.enum(['allow', 'ask', 'deny']);
export type Decision = z.infer<typeof Decision>;

const pattern = z.string().min(1).max(4096);
const patterns = z.array(pattern).min(1).max(100);

/**
 * What a rule or grant covers, one shape for each kind of effect.
 *
 * - `paths`: globs against the path relative to its workspace: `*` within a name, `?` one character, `**` any folders,
 *   `\` before a character that means itself. To allow changes to a repository's `.git`, name it: `**` does not.
 * - `argv`: one pattern for each position, `*` for any run of characters, `\*` for a star.
 *   The same number of arguments, unless the last pattern is `...` (any further ones). A command that can run
 *   anything (a shell, an interpreter, a wrapper) is allowed by its exact argv only, and for nothing to read but the
 *   input whose SHA-256 is `stdin`: without it, none.
 * - `hosts`: exact names, or `*.example.com` for the names below it.
 */
export const Match = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('read'), workspace: pattern.optional(), paths: patterns }),
  z.strictObject({
    kind: z.literal('write'),
    workspace: pattern.optional(),
    paths: patterns,
    ops: z.array(WriteOp).min(1).optional(),
  }),
  z.strictObject({
    kind: z.literal('exec'),
    workspace: pattern.optional(),
    argv: z.array(z.string().max(4096)).min(1).max(100),
    cwd: patterns.optional(),
    stdin: z
      .string()
      .regex(/^[0-9a-f]{64}$/)
      .optional(),
  }),
  z.strictObject({
    kind: z.literal('net'),
    hosts: patterns,
    ports: z.array(z.int().min(1).max(65535)).min(1).optional(),
    methods: z
      .array(z.string().regex(/^[A-Z]+$/))
      .min(1)
      .optional(),
  }),
  z.strictObject({ kind: z.literal('secret'), providers: patterns }),
  z.strictObject({
    kind: z.literal('query'),
    workspace: pattern.optional(),
    databases: patterns,
    access: z.enum(['read', 'write']).optional(),
  }),
]);
export type Match = z.infer<typeof Match>;

/** A rule as a person writes it. `client` is a client's name; absent means every client. */
export const RuleInput = z.strictObject({
  effect: Decision,
  match: Match,
  client: z.string().min(1).max(100).optional(),
  /** Milliseconds since the epoch; the rule matches nothing from then on. */
  expires: z.int().positive().optional(),
  note: z.string().max(500).optional(),
});
export type RuleInput = z.infer<typeof RuleInput>;

export const Rule = RuleInput.extend({
  id: z.string(),
  createdAt: z.int(),
  /** `project` rules come from a workspace's own policy file and can only tighten. */
  source: z.enum(['person', 'project']),
});
export type Rule = z.infer<typeof Rule>;

/** What a rule would have done to calls of the past. */
export const RulePreview = z.strictObject({
  /** Calls that were looked at, the newest first. */
  calls: z.int(),
  /** How they would be decided with the rule, beside the other rules and grants of now. */
  allow: z.int(),
  ask: z.int(),
  deny: z.int(),
  /** Calls whose row does not say enough. */
  unclear: z.int(),
  /** Calls that would be decided otherwise than without the rule. */
  changed: z.int(),
  examples: z.array(
    z.strictObject({
      seq: z.int(),
      at: z.int(),
      actor: z.string(),
      summary: z.string(),
      before: Decision,
      after: Decision,
    }),
  ),
});
export type RulePreview = z.infer<typeof RulePreview>;

/** What a policy file would change, or has changed. */
export const RulesImport = z.strictObject({
  added: z.array(RuleInput),
  removed: z.array(Rule),
  /** Rules that are there already. */
  kept: z.int(),
  /** Why nothing can be taken, with the line of each problem. */
  problem: z.string().optional(),
  applied: z.boolean(),
});
export type RulesImport = z.infer<typeof RulesImport>;

export const GrantScope = z.enum(['session', 'hour', 'always']);
export type GrantScope = z.infer<typeof GrantScope>;

/** A person's lasting "allow", born from an approval. It lapses when the tool it was given through changes. */
export const Grant = z.strictObject({
  id: z.string(),
  clientId: z.string(),
  clientName: z.string(),
  match: Match,
  scope: GrantScope,
  tool: z.string(),
  /** SHA-256 (hex) of the tool's definition when the grant was given. */
  toolHash: z.string(),
  approvalId: z.string(),
  createdAt: z.int(),
  expires: z.int().optional(),
  lastUsedAt: z.int().optional(),
});
export type Grant = z.infer<typeof Grant>;

/** What decided one effect. */
export const Reason = z.strictObject({
  by: z.enum(['rule', 'grant', 'default', 'guard']),
  /** The rule's or grant's id, or the default's or guard's name. */
  id: z.string(),
  /** One sentence for a person. */
  text: z.string(),
  /** Of a rule that asks: what it says, for whoever words it in another language. */
  rule: Rule.pick({ source: true, client: true, match: true, note: true }).optional(),
});
export type Reason = z.infer<typeof Reason>;

export const EffectDecision = z.strictObject({ effect: Effect, decision: Decision, reason: Reason });
export type EffectDecision = z.infer<typeof EffectDecision>;

/** The answer to "what would happen, and why": the whole decision is the strictest of its effects. */
export const Explanation = z.strictObject({
  decision: Decision,
  effects: z.array(EffectDecision),
  /** Set when a guard refuses the call before any rule is asked. */
  refused: WireError.optional(),
});
export type Explanation = z.infer<typeof Explanation>;

/** One example in a policy file: `rules test` checks that the file's rules decide it so. */
export const PolicyExample = z.strictObject({
  name: z.string().optional(),
  client: z.string().optional(),
  effect: Effect,
  expect: Decision,
});

/** A policy file (YAML): `rules import`, `rules export`, `rules test`, and a workspace's `.fastband/policy.yaml`. */
export const PolicyFile = z.strictObject({
  version: z.literal(1),
  rules: z.array(RuleInput).max(1000).default([]),
  examples: z.array(PolicyExample).max(1000).optional(),
});
export type PolicyFile = z.infer<typeof PolicyFile>;
