import type { EffectDecision, Match } from '../../contract/policy.ts';
import type { Messages } from '../messages/en.ts';
import { commandLine, visible } from './hidden.ts';
import { keyOf } from './title.ts';

/** As many of a match's patterns are named. */
const NAMED = 5;

/** What a match is leave to do: "creates and moves", "runs". @param list - as the language of now writes one */
export function matchVerb(
  match: Match,
  words: Messages['effects'],
  list: (parts: readonly string[]) => string,
): string {
  if (match.kind === 'write' && match.ops !== undefined) return list(match.ops.map((op) => words.ops[op]));
  if (match.kind === 'query' && match.access === 'write') return words.changesData;
  return words.verbs[match.kind];
}

/**
 * What an answer would be remembered for, in the language of `m`, with nothing hidden in it. In English it is the
 * host's own sentence.
 */
export function matchText(match: Match, { leave, wants }: Pick<Messages, 'leave' | 'wants'>): string {
  const where =
    'workspace' in match && match.workspace !== undefined ? leave.in(visible(match.workspace)) : '';
  const named = (all: readonly string[]) => {
    const shown = all.slice(0, NAMED).join(', ');
    return all.length > NAMED ? leave.andMore(shown, all.length - NAMED) : shown;
  };
  const what = named(patternsOf(match).map(visible));
  switch (match.kind) {
    case 'read':
      return leave.read(what, where);
    case 'write':
      return leave.write(match.ops?.map((op) => leave.ops[op]) ?? [leave.change], what, where);
    case 'exec': {
      const command = match.argv.map((part) => (part === '...' ? '…' : commandLine([part]))).join(' ');
      return leave.run(command, match.stdin !== undefined, where);
    }
    case 'net':
      return leave.reach(what, match.ports?.join(', ') ?? '', match.methods?.join(', ') ?? '');
    case 'secret':
      return leave.use(named(match.providers.map((provider) => keyOf(provider, wants))));
    case 'query':
      return leave.query[match.access ?? 'any'](what, where);
  }
}

/**
 * Why a question is asked, in the language of `m`, with nothing hidden in it. In English it is the host's own sentence;
 * what there are no words for is told as the host tells it.
 */
export function reasonText({ effect, reason }: EffectDecision, m: Messages): string {
  if (reason.by === 'default' && effect.kind !== 'read') return m.approvals.noRule[effect.kind];
  if (reason.rule === undefined) return visible(reason.text);
  const { source, client, match, note } = reason.rule;
  const who = client === undefined ? undefined : visible(client);
  const said = note === undefined ? '' : ` (${visible(note)})`;
  return m.approvals.ruleAsks(source === 'project', who, matchText(match, m), said);
}

/** What a match names: paths, arguments, hosts, providers or databases, one for each line of an input. */
export function patternsOf(match: Match): readonly string[] {
  switch (match.kind) {
    case 'read':
    case 'write':
      return match.paths;
    case 'exec':
      return match.argv;
    case 'net':
      return match.hosts;
    case 'secret':
      return match.providers;
    case 'query':
      return match.databases;
  }
}

/** The lines of an input. An argument may begin with a space, so those of a command are taken as they are. */
export function patternLines(kind: Match['kind'], text: string): string[] {
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  return kind === 'exec' ? lines : lines.map((line) => line.trim());
}

/** The same match about something else. */
export function withPatterns(match: Match, patterns: readonly string[]): Match {
  const named = [...patterns];
  switch (match.kind) {
    case 'read':
      return { ...match, paths: named };
    case 'write':
      return { ...match, paths: named };
    case 'exec':
      return { ...match, argv: named };
    case 'net':
      return { ...match, hosts: named };
    case 'secret':
      return { ...match, providers: named };
    case 'query':
      return { ...match, databases: named };
  }
}
