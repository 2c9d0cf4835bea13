import { z } from 'zod';
import type { Effect } from '../../contract/effects.ts';
import { EFFECT_KINDS } from '../../contract/effects.ts';
import { type Decision, type Match, RuleInput } from '../../contract/policy.ts';
import { parseExpiry } from './duration.ts';
import { UsageError } from './terminal.ts';

/** `rules add` as it was typed. */
export interface RuleWords {
  readonly allow?: boolean;
  readonly ask?: boolean;
  readonly deny?: boolean;
  readonly workspace?: string;
  readonly client?: string;
  readonly expires?: string;
  readonly note?: string;
  readonly op?: readonly string[];
  readonly cwd?: readonly string[];
  readonly port?: readonly number[];
  readonly method?: readonly string[];
  readonly access?: string;
}

/** Which of the narrowing options each kind of effect knows. */
const FITS: Readonly<Record<Effect['kind'], readonly (keyof RuleWords)[]>> = {
  read: ['workspace'],
  write: ['workspace', 'op'],
  exec: ['workspace', 'cwd'],
  net: ['port', 'method'],
  secret: [],
  query: ['workspace', 'access'],
};

/**
 * A rule from the words of a command line.
 *
 * @throws UsageError when they make no rule
 */
export function ruleFromWords(
  kind: string,
  patterns: readonly string[],
  words: RuleWords,
  now: number,
): RuleInput {
  const known = EFFECT_KINDS.find((one) => one === kind);
  if (known === undefined)
    throw new UsageError(`"${kind}" is no kind of effect. There are: ${EFFECT_KINDS.join(', ')}.`);
  for (const option of ['workspace', 'op', 'cwd', 'port', 'method', 'access'] as const) {
    if (words[option] !== undefined && !FITS[known].includes(option)) {
      throw new UsageError(`--${option} says nothing about "${kind}".`);
    }
  }
  const { client, note, expires } = words;
  const parsed = RuleInput.safeParse({
    effect: decision(words),
    match: match(known, patterns, words),
    ...(client === undefined ? {} : { client }),
    ...(note === undefined ? {} : { note }),
    ...(expires === undefined ? {} : { expires: parseExpiry(expires, now) }),
  });
  if (!parsed.success) throw new UsageError(`This makes no rule: ${z.prettifyError(parsed.error)}`);
  return parsed.data;
}

function decision(words: RuleWords): Decision {
  const said = (['allow', 'ask', 'deny'] as const).filter((one) => words[one]);
  const [only] = said;
  if (only === undefined || said.length > 1) throw new UsageError('Say one of --allow, --ask and --deny.');
  return only;
}

/** Parsed as a whole later: here are only the shapes. */
function match(kind: Match['kind'], patterns: readonly string[], words: RuleWords): unknown {
  const { workspace, op, cwd, port, method, access } = words;
  const where = workspace === undefined ? {} : { workspace };
  switch (kind) {
    case 'read':
      return { kind, ...where, paths: patterns };
    case 'write':
      return { kind, ...where, paths: patterns, ...(op === undefined ? {} : { ops: op }) };
    case 'exec':
      return { kind, ...where, argv: patterns, ...(cwd === undefined ? {} : { cwd }) };
    case 'net':
      return {
        kind,
        hosts: patterns,
        ...(port === undefined ? {} : { ports: port }),
        ...(method === undefined ? {} : { methods: method.map((one) => one.toUpperCase()) }),
      };
    case 'secret':
      return { kind, providers: patterns };
    case 'query':
      return { kind, ...where, databases: patterns, ...(access === undefined ? {} : { access }) };
  }
}
