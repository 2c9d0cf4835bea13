import type { Effect } from '../../contract/effects.ts';
import type { Match } from '../../contract/policy.ts';
import { compileGlob, compileWildcard, escapeGlob, escapeWildcard, type Glob, isLiteral } from './glob.ts';

/**
 * How a match is meant. An allowing one must cover the whole effect, to the letter; a restricting one (ask, deny)
 * applies as soon as it touches any part of it, under any name the thing goes by.
 */
export type Sense = 'allow' | 'restrict';

export interface CompiledMatch {
  readonly kind: Effect['kind'];
  applies(effect: Effect, sense: Sense): boolean;
}

/** Case tells files apart on Linux alone. */
const FOLD_CASE = process.platform === 'darwin' || process.platform === 'win32';

/**
 * Compiles what a rule or grant covers.
 *
 * @throws FastbandError `invalid_input` when a pattern has no clear meaning
 */
export function compileMatch(match: Match): CompiledMatch {
  switch (match.kind) {
    case 'read':
    case 'write':
      return compilePathMatch(match);
    case 'exec':
      return compileExecMatch(match);
    case 'net':
      return compileNetMatch(match);
    case 'secret': {
      const providers = match.providers.map(compileWildcard);
      return {
        kind: 'secret',
        applies: (effect) => effect.kind === 'secret' && providers.some((p) => p(effect.provider)),
      };
    }
    case 'query': {
      const workspace = match.workspace;
      const databases = match.databases.map(compileWildcard);
      return {
        kind: 'query',
        applies: (effect) =>
          effect.kind === 'query' &&
          (workspace === undefined || workspace === effect.workspace) &&
          (match.access === undefined || match.access === effect.access) &&
          databases.some((d) => d(effect.database)),
      };
    }
  }
}

function compilePathMatch(match: Extract<Match, { kind: 'read' | 'write' }>): CompiledMatch {
  const loose = match.paths.map((path) => compileGlob(path, { foldCase: true }));
  const exact = FOLD_CASE ? loose : match.paths.map(compileExactly);
  const ops = match.kind === 'write' && match.ops !== undefined ? new Set<string>(match.ops) : undefined;
  return {
    kind: match.kind,
    applies(effect, sense) {
      if (effect.kind !== match.kind) return false;
      if (effect.kind !== 'read' && effect.kind !== 'write') return false;
      if (match.workspace !== undefined && match.workspace !== effect.workspace) return false;
      if (effect.kind === 'write' && ops !== undefined && !ops.has(effect.op)) return false;
      if (sense === 'allow') {
        return exact.some(
          (glob) =>
            (effect.tree ? glob.coversTree(effect.path) : glob.matches(effect.path)) &&
            // A pattern for sources must not hand over the repository: whoever writes .git can run code.
            (effect.kind === 'read' || !insideGit(effect.path) || glob.names('.git')),
        );
      }
      return (FOLD_CASE ? exact : [...exact, ...loose]).some(
        (glob) =>
          glob.matches(effect.path) ||
          // What a walk reads below is checked file by file; a change of a whole folder is not.
          (effect.kind === 'write' && effect.tree === true && glob.reachesBelow(effect.path)),
      );
    },
  };
}

/** As Linux tells files apart: leave for one name is none for another that only looks the same. */
function compileExactly(path: string): Glob {
  return compileGlob(path, { foldCase: FOLD_CASE, toTheLetter: !FOLD_CASE });
}

function insideGit(path: string): boolean {
  return path.split('/').some((name) => name.toLowerCase() === '.git');
}

function compileExecMatch(match: Extract<Match, { kind: 'exec' }>): CompiledMatch {
  const more = match.argv.at(-1) === '...';
  const patterns = more ? match.argv.slice(0, -1) : match.argv;
  const positions = patterns.map(compileWildcard);
  const literal = !more && patterns.every(isLiteral);
  const cwd = match.cwd?.map(compileExactly);
  const looseCwd = match.cwd?.map((path) => compileGlob(path, { foldCase: true }));
  return {
    kind: 'exec',
    applies(effect, sense) {
      if (effect.kind !== 'exec') return false;
      if (match.workspace !== undefined && match.workspace !== effect.workspace) return false;
      const folders = sense === 'allow' ? cwd : looseCwd;
      if (folders !== undefined && !folders.some((glob) => glob.matches(effect.cwd))) return false;
      if (match.stdin !== undefined && match.stdin !== effect.stdin) return false;
      // What a shell or an interpreter is given to read is what it runs.
      if (sense === 'allow' && effect.open && (!literal || match.stdin !== effect.stdin)) return false;
      if (more ? effect.argv.length < positions.length : effect.argv.length !== positions.length)
        return false;
      return positions.every((position, i) => {
        const argument = effect.argv[i] ?? '';
        if (i > 0 || sense === 'allow') return position(argument);
        // Restricting `rm` restricts /bin/rm, ./rm and a link to it as well.
        return programNames(argument, effect.binary).some(position);
      });
    },
  };
}

function programNames(argument: string, binary: string): string[] {
  const base = (path: string) => path.split(/[\\/]/).at(-1) ?? path;
  return [argument, base(argument), binary, base(binary)];
}

function compileNetMatch(match: Extract<Match, { kind: 'net' }>): CompiledMatch {
  const hosts = match.hosts.map((host) => {
    const name = host.toLowerCase().replace(/\.$/, '');
    if (!name.startsWith('*.')) return (other: string) => other === name;
    const suffix = name.slice(1);
    return (other: string) => other.endsWith(suffix) && other.length > suffix.length;
  });
  return {
    kind: 'net',
    applies: (effect) =>
      effect.kind === 'net' &&
      (match.ports === undefined || match.ports.includes(effect.port)) &&
      (match.methods === undefined || match.methods.includes(effect.method.toUpperCase())) &&
      hosts.some((host) => host(effect.host.toLowerCase().replace(/\.$/, ''))),
  };
}

/** The narrowest match that covers this effect. */
export function exactMatch(effect: Effect): Match {
  switch (effect.kind) {
    case 'read':
      return { kind: 'read', workspace: effect.workspace, paths: [pathPattern(effect.path, effect.tree)] };
    case 'write':
      return {
        kind: 'write',
        workspace: effect.workspace,
        paths: [pathPattern(effect.path, effect.tree)],
        ops: [effect.op],
      };
    case 'exec':
      return {
        kind: 'exec',
        workspace: effect.workspace,
        argv: effect.argv.map(escapeWildcard),
        cwd: [pathPattern(effect.cwd)],
        ...(effect.stdin === undefined ? {} : { stdin: effect.stdin }),
      };
    case 'net':
      return {
        kind: 'net',
        hosts: [effect.host],
        ports: [effect.port],
        methods: [effect.method.toUpperCase()],
      };
    case 'secret':
      return { kind: 'secret', providers: [escapeWildcard(effect.provider)] };
    case 'query':
      return {
        kind: 'query',
        ...(effect.workspace === undefined ? {} : { workspace: effect.workspace }),
        databases: [escapeWildcard(effect.database)],
        access: effect.access,
      };
  }
}

function pathPattern(path: string, tree?: boolean): string {
  if (path === '.') return tree ? '**' : '.';
  return escapeGlob(path) + (tree ? '/**' : '');
}
