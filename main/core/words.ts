import type { Effect, WriteOp } from '../../contract/effects.ts';
import type { Match } from '../../contract/policy.ts';
import { middleCut, quoteArgument, showLine } from './display.ts';

const OP_WORDS: Record<WriteOp, string> = {
  create: 'create',
  modify: 'change',
  delete: 'delete',
  move: 'move',
  mkdir: 'make the folder',
  'git-stage': 'stage in',
  'git-commit': 'commit to',
  'git-branch': 'make a branch in',
  'git-switch': 'switch the branch of',
  'git-restore': 'restore',
};

/** A match that names no access is of both. */
const ACCESS_WORDS = { read: 'query', write: 'change', any: 'query or change' } as const;

/** How grave an effect is: titles and lists name the gravest first. */
const GRAVITY: Record<Effect['kind'], number> = { exec: 5, secret: 4, net: 3, write: 2, query: 1, read: 0 };

const OP_GRAVITY: Partial<Record<WriteOp, number>> = { delete: 0.5, mkdir: -0.5 };

/** The effects, gravest first; deletions before other changes. */
export function byGravity(effects: readonly Effect[]): Effect[] {
  const weight = (effect: Effect) =>
    GRAVITY[effect.kind] +
    (effect.kind === 'write' ? (OP_GRAVITY[effect.op] ?? 0) : 0) +
    ('access' in effect && effect.access === 'write' ? 2 : 0);
  return [...effects].sort((a, b) => weight(b) - weight(a));
}

/** An effect as words after a name: "change src/cart.ts in shop". Display-safe. */
export function effectWords(effect: Effect): string {
  switch (effect.kind) {
    case 'read':
      return `read ${placeWords(effect.path, effect.workspace)}${effect.tree ? ' and all below' : ''}`;
    case 'write': {
      if (effect.op.startsWith('git-') && /(^|\/)\.git$/.test(effect.path)) {
        return `${OP_WORDS[effect.op]} ${repositoryWords(effect.path, effect.workspace)}`;
      }
      return `${OP_WORDS[effect.op]} ${placeWords(effect.path, effect.workspace)}${effect.tree ? ' and all below' : ''}`;
    }
    case 'exec':
      return `run ${commandLine(effect.argv)}${effect.stdin === undefined ? '' : ' with input'} in ${placeWords(effect.cwd, effect.workspace)}`;
    case 'net':
      return netWords(effect);
    case 'secret':
      return `use the ${keyWords(effect.provider)}`;
    case 'query':
      return `${effect.access === 'write' ? 'change' : 'query'} the database ${databaseWords(effect.database, effect.workspace)}`;
  }
}

/** One sentence for a whole call: who wants to do what. Made from effects alone. */
export function titleWords(clientName: string, effects: readonly Effect[]): string {
  const name = showLine(clientName);
  const sends = sendsSecrets(effects);
  if (sends !== undefined) return `${name} wants to ${sends}`;
  const [first] = byGravity(effects);
  if (first === undefined) return `${name} wants to do nothing that changes anything`;
  const alike = effects.filter((effect) => effect.kind === first.kind && sameOp(effect, first));
  const rest = effects.length - alike.length;
  const tail = rest > 0 ? `, and ${rest} more` : '';
  if (alike.length === 1) return `${name} wants to ${effectWords(first)}${tail}`;
  return `${name} wants to ${manyWords(first, alike.length)}${sharedWorkspace(alike)}${tail}`;
}

/** What a match covers, after "may": "change src/** in shop". Display-safe. */
export function matchWords(match: Match): string {
  const where =
    'workspace' in match && match.workspace !== undefined ? ` in ${showLine(match.workspace)}` : '';
  switch (match.kind) {
    case 'read':
      return `read ${listWords(match.paths)}${where}`;
    case 'write': {
      const verbs = match.ops === undefined ? 'change' : match.ops.map((op) => OP_WORDS[op]).join(' or ');
      return `${verbs} ${listWords(match.paths)}${where}`;
    }
    case 'exec':
      return `run ${match.argv.map((part) => (part === '...' ? '…' : quoteArgument(part))).join(' ')}${match.stdin === undefined ? '' : ' with exactly that input'}${where}`;
    case 'net':
      return `reach ${listWords(match.hosts)}${match.ports === undefined ? '' : ` on ${match.ports.join(', ')}`}${match.methods === undefined ? '' : ` (${match.methods.join(', ')})`}`;
    case 'secret':
      return `use the ${joinSome(match.providers.map(keyWords))}`;
    case 'query':
      return `${ACCESS_WORDS[match.access ?? 'any']} ${listWords(match.databases)}${where}`;
  }
}

/** An argv as one line, each argument's borders visible; the tail of a long one is never hidden. */
export function commandLine(argv: readonly string[]): string {
  return middleCut(argv.map(quoteArgument).join(' '), 400);
}

function keyWords(id: string): string {
  return id.startsWith('secret:') ? `secret ${showLine(id.slice('secret:'.length))}` : `${showLine(id)} key`;
}

/** One request and the secrets that go with it are one thing: what is sent, and where to. */
function sendsSecrets(effects: readonly Effect[]): string | undefined {
  const secrets = effects.flatMap((effect) =>
    effect.kind === 'secret' && effect.provider.startsWith('secret:') ? [effect.provider] : [],
  );
  const [request, ...others] = effects.filter((effect) => effect.kind !== 'secret');
  const isOne = request?.kind === 'net' && others.length === 0;
  if (!isOne || secrets.length === 0 || secrets.length + 1 < effects.length) return undefined;
  return `${netWords(request)} with the ${secrets.map(keyWords).join(' and the ')}`;
}

/** "reach example.com (GET)"; what may change something over there says that it sends. */
function netWords({ method, host, port, url }: Extract<Effect, { kind: 'net' }>): string {
  const usual = url.startsWith('https:') ? 443 : url.startsWith('http:') ? 80 : undefined;
  const place = `${showLine(host.includes(':') ? `[${host}]` : host)}${port === usual ? '' : `:${port}`}`;
  const verb = showLine(method.toUpperCase());
  const isPlain = usual === 80;
  return /^(?:POST|PUT|PATCH|DELETE)$/.test(verb)
    ? `send ${place} ${isPlain ? 'an unencrypted' : 'a'} ${verb} request`
    : `reach ${place} (${verb}${isPlain ? ', not encrypted' : ''})`;
}

function sameOp(a: Effect, b: Effect): boolean {
  return a.kind !== 'write' || b.kind !== 'write' || a.op === b.op;
}

function manyWords(effect: Effect, n: number): string {
  switch (effect.kind) {
    case 'read':
      return `read ${n} places`;
    case 'write':
      return effect.op === 'mkdir' ? `make ${n} folders` : `${OP_WORDS[effect.op]} ${n} places`;
    case 'exec':
      return `run ${n} commands`;
    case 'net':
      return `reach ${n} hosts`;
    case 'secret':
      return `use ${n} keys`;
    case 'query':
      return `${effect.access === 'write' ? 'change' : 'query'} ${n} databases`;
  }
}

/** Named only when all are in it. */
function sharedWorkspace(effects: readonly Effect[]): string {
  const [name, ...others] = new Set(effects.map((one) => ('workspace' in one ? one.workspace : undefined)));
  return name === undefined || others.length > 0 ? '' : ` in ${showLine(name)}`;
}

function placeWords(path: string, workspace: string): string {
  return path === '.' ? showLine(workspace) : `${middleCut(showLine(path), 200)} in ${showLine(workspace)}`;
}

function databaseWords(database: string, workspace: string | undefined): string {
  return workspace === undefined ? showLine(database) : placeWords(database, workspace);
}

function repositoryWords(path: string, workspace: string): string {
  const folder = path.replace(/\/?\.git$/, '');
  return folder === '' ? showLine(workspace) : `${showLine(folder)} in ${showLine(workspace)}`;
}

function listWords(items: readonly string[]): string {
  return joinSome(items.map(showLine));
}

function joinSome(items: readonly string[]): string {
  const shown = items.slice(0, 5).join(', ');
  return items.length > 5 ? `${shown} and ${items.length - 5} more` : shown;
}
