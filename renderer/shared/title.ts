import type { Effect, EffectKind } from '../../contract/effects.ts';
import type { Messages } from '../messages/en.ts';
import { commandLine, visible } from './hidden.ts';

type Words = Messages['wants'];

const GRAVITY: Readonly<Record<EffectKind, number>> = {
  exec: 5,
  secret: 4,
  net: 3,
  write: 2,
  query: 1,
  read: 0,
};

/** The gravest first; deletions before other changes, folders that are made after them. */
export function byGravity(effects: readonly Effect[]): readonly Effect[] {
  return effects.toSorted((a, b) => weight(b) - weight(a));
}

function weight(effect: Effect): number {
  const { kind } = effect;
  if (kind === 'query' && effect.access === 'write') return GRAVITY.net;
  if (kind === 'write' && effect.op === 'delete') return GRAVITY.write + 0.5;
  if (kind === 'write' && effect.op === 'mkdir') return GRAVITY.write - 0.5;
  return GRAVITY[kind];
}

/**
 * One sentence for a whole call, in the language of `m`: who wants to do what. Made from the effects alone, never from
 * words of the agent, with nothing hidden in it. In English it is the host's own sentence.
 */
export function titleOf(clientName: string, effects: readonly Effect[], m: Words): string {
  const name = visible(clientName);
  const sends = sendsSecrets(effects, m);
  if (sends !== undefined) return m.wants(name, sends);
  const [first] = byGravity(effects);
  if (first === undefined) return m.wantsNothing(name);
  const alike = effects.filter((one) => one.kind === first.kind && sameOp(one, first));
  const rest = effects.length - alike.length;
  const what = alike.length === 1 ? effectWords(first, m) : manyWords(first, alike, m);
  return `${m.wants(name, what)}${rest > 0 ? m.andMore(rest) : ''}`;
}

function effectWords(effect: Effect, m: Words): string {
  switch (effect.kind) {
    case 'read':
      return m.read(treeOf(effect, m));
    case 'write':
      return m.ops[effect.op](isRepository(effect) ? repositoryOf(effect, m) : treeOf(effect, m));
    case 'exec':
      return m.run(
        cut(commandLine(effect.argv), 400, m),
        placeOf(effect.cwd, effect.workspace, m),
        effect.stdin !== undefined,
      );
    case 'net':
      return netWords(effect, m);
    case 'secret':
      return m.use(keyOf(effect.provider, m));
    case 'query': {
      const { database, workspace } = effect;
      const place = workspace === undefined ? visible(database) : placeOf(database, workspace, m);
      return m.databases[effect.access](place);
    }
  }
}

function manyWords(effect: Effect, alike: readonly Effect[], m: Words): string {
  const words = {
    read: m.many.read,
    write: effect.kind === 'write' ? m.manyOps[effect.op] : m.manyOps.modify,
    exec: m.many.exec,
    net: m.many.net,
    secret: m.many.secret,
    query: effect.kind === 'query' && effect.access === 'write' ? m.many.change : m.many.query,
  }[effect.kind];
  const [workspace, ...others] = new Set(
    alike.map((one) => ('workspace' in one ? one.workspace : undefined)),
  );
  return words(
    alike.length,
    workspace === undefined || others.length > 0 ? '' : m.within(visible(workspace)),
  );
}

/** One request and the secrets that go with it are one thing: what is sent, and where to. */
function sendsSecrets(effects: readonly Effect[], m: Words): string | undefined {
  const secrets = effects.flatMap((one) =>
    one.kind === 'secret' && one.provider.startsWith('secret:') ? [one.provider] : [],
  );
  const [request, ...others] = effects.filter((one) => one.kind !== 'secret');
  const isOne = request?.kind === 'net' && others.length === 0;
  if (!isOne || secrets.length === 0 || secrets.length + 1 < effects.length) return undefined;
  return m.withSecrets(
    netWords(request, m),
    secrets.map((one) => keyOf(one, m)),
  );
}

/** What may change something over there says that it sends. */
function netWords({ method, host, port, url }: Extract<Effect, { kind: 'net' }>, m: Words): string {
  const usual = url.startsWith('https:') ? 443 : url.startsWith('http:') ? 80 : undefined;
  const place = `${visible(host.includes(':') ? `[${host}]` : host)}${port === usual ? '' : `:${port}`}`;
  const verb = visible(method.toUpperCase());
  const words = /^(?:POST|PUT|PATCH|DELETE)$/.test(verb) ? m.send : m.reach;
  return words(place, verb, usual === 80);
}

function sameOp(a: Effect, b: Effect): boolean {
  return a.kind !== 'write' || b.kind !== 'write' || a.op === b.op;
}

/** A key or secret by its name. */
export function keyOf(id: string, m: Words): string {
  return id.startsWith('secret:') ? m.secret(visible(id.slice('secret:'.length))) : m.key(visible(id));
}

type InTree = Extract<Effect, { kind: 'read' | 'write' }>;

function treeOf({ path, workspace, tree }: InTree, m: Words): string {
  const place = placeOf(path, workspace, m);
  return tree === true ? m.below(place) : place;
}

function isRepository(effect: Extract<Effect, { kind: 'write' }>): boolean {
  return effect.op.startsWith('git-') && /(^|\/)\.git$/.test(effect.path);
}

function repositoryOf({ path, workspace }: InTree, m: Words): string {
  const folder = path.replace(/\/?\.git$/, '');
  return folder === '' ? visible(workspace) : m.at(visible(folder), visible(workspace));
}

function placeOf(path: string, workspace: string, m: Words): string {
  return path === '.' ? visible(workspace) : m.at(cut(visible(path), 200, m), visible(workspace));
}

/** At most `max` characters: both ends, and how much of the middle is left out. */
function cut(text: string, max: number, m: Words): string {
  if (text.length <= max) return text;
  const half = Math.floor((max - 24) / 2);
  return `${text.slice(0, half)} … ${m.leftOut(text.length - 2 * half)} … ${text.slice(-half)}`;
}
