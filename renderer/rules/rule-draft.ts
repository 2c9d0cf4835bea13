import type { EffectKind, WriteOp } from '../../contract/effects.ts';
import type { Decision, Match, Rule, RuleInput } from '../../contract/policy.ts';
import { patternLines, patternsOf } from '../shared/match-text.ts';

/** A rule while it is typed: every field as its input holds it. */
export interface Draft {
  readonly effect: Decision;
  readonly kind: EffectKind;
  /** Paths, hosts, providers or databases, one on each line; for `exec`, one argument on each line. */
  readonly patterns: string;
  readonly workspace: string;
  readonly client: string;
  readonly ops: readonly WriteOp[];
  readonly ports: string;
  readonly access: '' | 'read' | 'write';
  /** Folders that a command may run in, one on each line. */
  readonly cwd: string;
  /** The input that a command is to have, by its SHA-256: kept as it is, since nobody types one. */
  readonly stdin: string | undefined;
  readonly methods: string;
  /** Milliseconds since the epoch; undefined: always. */
  readonly expires: number | undefined;
  readonly note: string;
}

export const NEW_DRAFT: Draft = {
  effect: 'allow',
  kind: 'write',
  patterns: '',
  workspace: '',
  client: '',
  ops: [],
  ports: '',
  access: '',
  cwd: '',
  stdin: undefined,
  methods: '',
  expires: undefined,
  note: '',
};

export function draftOf(rule: Rule): Draft {
  const { match } = rule;
  return {
    ...NEW_DRAFT,
    effect: rule.effect,
    kind: match.kind,
    patterns: patternsOf(match).join('\n'),
    workspace: 'workspace' in match ? (match.workspace ?? '') : '',
    client: rule.client ?? '',
    ops: match.kind === 'write' ? (match.ops ?? []) : [],
    ports: match.kind === 'net' ? (match.ports ?? []).join(', ') : '',
    access: match.kind === 'query' ? (match.access ?? '') : '',
    cwd: match.kind === 'exec' ? (match.cwd ?? []).join('\n') : '',
    stdin: match.kind === 'exec' ? match.stdin : undefined,
    methods: match.kind === 'net' ? (match.methods ?? []).join(', ') : '',
    expires: rule.expires,
    note: rule.note ?? '',
  };
}

/** The rule that a draft stands for; undefined while there is nothing it would cover. The host has the last word. */
export function ruleOf(draft: Draft): RuleInput | undefined {
  const patterns = patternLines(draft.kind, draft.patterns);
  if (patterns.length === 0) return undefined;
  const client = draft.client.trim();
  const note = draft.note.trim();
  return {
    effect: draft.effect,
    match: matchOf(draft, patterns),
    ...(client === '' ? {} : { client }),
    ...(draft.expires === undefined ? {} : { expires: draft.expires }),
    ...(note === '' ? {} : { note }),
  };
}

function matchOf(draft: Draft, patterns: string[]): Match {
  const where = draft.workspace === '' ? {} : { workspace: draft.workspace };
  switch (draft.kind) {
    case 'read':
      return { kind: 'read', ...where, paths: patterns };
    case 'write':
      return {
        kind: 'write',
        ...where,
        paths: patterns,
        ...(draft.ops.length === 0 ? {} : { ops: [...draft.ops] }),
      };
    case 'exec': {
      const cwd = patternLines('read', draft.cwd);
      return {
        kind: 'exec',
        ...where,
        argv: patterns,
        ...(cwd.length === 0 ? {} : { cwd }),
        ...(draft.stdin === undefined ? {} : { stdin: draft.stdin }),
      };
    }
    case 'net': {
      const ports = wordsOf(draft.ports).map(Number);
      const methods = wordsOf(draft.methods.toUpperCase());
      return {
        kind: 'net',
        hosts: patterns,
        ...(ports.length === 0 ? {} : { ports }),
        ...(methods.length === 0 ? {} : { methods }),
      };
    }
    case 'secret':
      return { kind: 'secret', providers: patterns };
    case 'query':
      return {
        kind: 'query',
        ...where,
        databases: patterns,
        ...(draft.access === '' ? {} : { access: draft.access }),
      };
  }
}

/** What is separated by commas or spaces. */
function wordsOf(text: string): string[] {
  return text.split(/[\s,]+/).filter((one) => one !== '');
}
