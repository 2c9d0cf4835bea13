import { z } from 'zod';
import { Effect } from './effects.ts';
import { EffectDecision, GrantScope, Match } from './policy.ts';
import { en } from './words-en.ts';

/** Names and figures that words are about, display-safe. */
const about = z.array(z.union([z.string(), z.number()])).max(4);
const codes = <W extends object>(words: W) => z.enum(Object.keys(words) as (keyof W & string)[]);

/** Something that could mislead. `warningText` says it, in any language. */
export const Warning = z.strictObject({ code: codes(en.warnings), about });
export type Warning = z.infer<typeof Warning>;

/** What stands above a text that is shown. `previewTitleText` says it, in any language. */
export const PreviewTitle = z.strictObject({ code: codes(en.titles), about });
export type PreviewTitle = z.infer<typeof PreviewTitle>;

export const DiffPreview = z.strictObject({
  kind: z.literal('diff'),
  /** Workspace-relative path, display-safe; empty where it is of several files. */
  path: z.string(),
  /** How many files it is of, where that is not the one at `path`. */
  files: z.int().optional(),
  /** Unified diff. Never cut silently: `omitted` counts the lines left out of the middle. */
  diff: z.string(),
  added: z.int(),
  removed: z.int(),
  omitted: z.int(),
});

/** What a person reads before they decide. Text is display-safe: hidden characters are already made visible. */
export const Preview = z.discriminatedUnion('kind', [
  DiffPreview,
  z.strictObject({
    kind: z.literal('command'),
    /** Each argument quoted so that its borders show. */
    argv: z.array(z.string()),
    cwd: z.string(),
    binary: z.string(),
    /** Names of the environment variables that the command gets. */
    env: z.array(z.string()),
    stdin: z.string().optional(),
  }),
  z.strictObject({ kind: z.literal('text'), title: PreviewTitle, text: z.string(), omitted: z.int() }),
]);
export type Preview = z.infer<typeof Preview>;

/** A pattern that the person may remember in place of just these effects. */
export const Suggestion = z.strictObject({
  id: z.string(),
  label: z.string(),
  match: z.array(Match).min(1),
});
export type Suggestion = z.infer<typeof Suggestion>;

export const ApprovalScope = z.enum(['once', ...GrantScope.options]);
export type ApprovalScope = z.infer<typeof ApprovalScope>;

export const ApprovalStatus = z.enum(['waiting', 'allowed', 'denied', 'timeout', 'cancelled']);
export type ApprovalStatus = z.infer<typeof ApprovalStatus>;

export const Approval = z.strictObject({
  id: z.string(),
  status: ApprovalStatus,
  /** One sentence made from the effects, never from words that the agent chose. */
  title: z.string(),
  clientId: z.string(),
  clientName: z.string(),
  tool: z.string(),
  /** SHA-256 (hex) of the frozen plan. The decision binds to it. */
  planHash: z.string(),
  effects: z.array(Effect),
  /** Why it asks: what decided each effect. */
  reasons: z.array(EffectDecision),
  previews: z.array(Preview),
  /** Things that could mislead, each a line of its own. */
  warnings: z.array(Warning),
  /** How long the answer may be remembered. `once` alone where a rule says to ask every time. */
  scopes: z.array(ApprovalScope),
  suggestions: z.array(Suggestion),
  /** How many calls wait for this answer: retries of one call join it. */
  waiters: z.int(),
  createdAt: z.int(),
  expiresAt: z.int(),
  settledAt: z.int().optional(),
  /** What the person said with a denial; the agent reads it. */
  reason: z.string().optional(),
});
export type Approval = z.infer<typeof Approval>;

export const DecideInput = z.strictObject({
  id: z.string(),
  decision: z.enum(['allow', 'deny']),
  scope: ApprovalScope.default('once'),
  /** A suggestion's id, or edited patterns that must cover every effect asked about. Default: exactly these effects. */
  pattern: z.union([z.string(), z.array(Match).min(1)]).optional(),
  /** When given, must be the plan that was shown, else the decision is refused as stale. */
  planHash: z.string().optional(),
  reason: z.string().max(1000).optional(),
});
export type DecideInput = z.infer<typeof DecideInput>;
