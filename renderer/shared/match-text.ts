import type { Match } from '../../contract/policy.ts';
import type { Messages } from '../messages/en.ts';

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
