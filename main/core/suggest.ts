import type { Suggestion } from '../../contract/approvals.ts';
import type { Effect } from '../../contract/effects.ts';
import type { Match } from '../../contract/policy.ts';
import { matchText } from '../../contract/sentences.ts';
import { en } from '../../contract/words-en.ts';
import { canonicalJson } from './canonical.ts';
import { escapeGlob, escapeWildcard } from './glob.ts';
import { exactMatch } from './match.ts';
import { covers } from './policy.ts';

/**
 * Patterns that a person may remember in place of asking again, narrowest first: exactly these effects (`exact`),
 * their folders (`folder`), their workspace (`workspace`), the command with any further arguments (`command`),
 * the host with any method (`host`), any question to the workspace's databases, or any use of one that may be changed
 * (`database`). Each one covers every effect given; wider ones are left out where they add nothing.
 */
export function suggest(effects: readonly Effect[]): Suggestion[] {
  const found: Suggestion[] = [];
  const seen = new Set<string>();
  const offer = (id: string, widen: (effect: Effect) => Match) => {
    const match = unique(effects.map(widen));
    const key = canonicalJson(match);
    if (match.length === 0 || match.length > 20 || seen.has(key) || !covers(match, effects)) return;
    seen.add(key);
    found.push({ id, label: match.map((one) => matchText(one, en)).join('; '), match });
  };
  offer('exact', exactMatch);
  offer('folder', (effect) => (isPlainPath(effect) ? folderMatch(effect) : exactMatch(effect)));
  offer('workspace', (effect) => (isPlainPath(effect) ? pathMatch(effect, '**') : exactMatch(effect)));
  offer('command', commandMatch);
  offer('host', (effect) =>
    effect.kind === 'net' ? { kind: 'net', hosts: [effect.host], ports: [effect.port] } : exactMatch(effect),
  );
  offer('database', databaseMatch);
  return found;
}

type PathEffect = Extract<Effect, { kind: 'read' | 'write' }>;

function isPlainPath(effect: Effect): effect is PathEffect {
  return effect.kind === 'read' || (effect.kind === 'write' && !effect.op.startsWith('git-'));
}

function folderMatch(effect: PathEffect): Match {
  const folder = effect.tree ? effect.path : effect.path.split('/').slice(0, -1).join('/');
  return folder === '' || folder === '.' ? exactMatch(effect) : pathMatch(effect, `${escapeGlob(folder)}/**`);
}

function pathMatch(effect: PathEffect, pattern: string): Match {
  if (effect.kind === 'read') return { kind: 'read', workspace: effect.workspace, paths: [pattern] };
  // Leave to change a folder's files is not leave to delete or move them.
  const ops: Extract<Match, { kind: 'write' }>['ops'] =
    effect.op === 'create' || effect.op === 'modify' || effect.op === 'mkdir'
      ? ['create', 'modify', 'mkdir']
      : [effect.op];
  return { kind: 'write', workspace: effect.workspace, paths: [pattern], ops };
}

function commandMatch(effect: Effect): Match {
  if (effect.kind !== 'exec' || effect.open || effect.argv.length < 2) return exactMatch(effect);
  const kept = effect.argv[1]?.startsWith('-') ? 1 : 2;
  return {
    kind: 'exec',
    workspace: effect.workspace,
    argv: [...effect.argv.slice(0, kept).map(escapeWildcard), '...'],
  };
}

function databaseMatch(effect: Effect): Match {
  const exact = exactMatch(effect);
  if (effect.kind !== 'query' || exact.kind !== 'query') return exact;
  if (effect.access === 'write') {
    // Who may change a database may ask it too.
    const { access: _, ...any } = exact;
    return any;
  }
  return effect.workspace === undefined ? exact : { ...exact, databases: ['*'] };
}

function unique(matches: readonly Match[]): Match[] {
  const byText = new Map(matches.map((match) => [canonicalJson(match), match]));
  return [...byText.values()];
}
