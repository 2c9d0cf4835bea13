import type { PreviewTitle, Warning } from './approvals.ts';
import { commandLine, middleCut, quoteArgument, showLine } from './display.ts';
import type { Effect, EffectKind } from './effects.ts';
import type { EffectDecision, Match } from './policy.ts';
import type { Words } from './words-en.ts';

type Wants = Words['wants'];

/** As many of a match's patterns are named. */
const NAMED = 5;

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
 * One sentence for a whole call: who wants to do what. Made from the effects alone, never from words of the agent, with
 * nothing hidden in it.
 */
export function titleOf(clientName: string, effects: readonly Effect[], { wants: m }: Words): string {
  const name = showLine(clientName);
  const sends = sendsSecrets(effects, m);
  if (sends !== undefined) return m.wants(name, sends);
  const [first] = byGravity(effects);
  if (first === undefined) return m.wantsNothing(name);
  const alike = effects.filter((one) => one.kind === first.kind && sameOp(one, first));
  const rest = effects.length - alike.length;
  const what = alike.length === 1 ? effectWords(first, m) : manyWords(first, alike, m);
  return `${m.wants(name, what)}${rest > 0 ? m.andMore(rest) : ''}`;
}

/** An effect after a name: "change src/cart.ts in shop". Nothing is hidden in it. */
export function effectText(effect: Effect, { wants }: Words): string {
  return effectWords(effect, wants);
}

function effectWords(effect: Effect, m: Wants): string {
  switch (effect.kind) {
    case 'read':
      return m.read(treeOf(effect, m));
    case 'write':
      return m.ops[effect.op](isRepository(effect) ? repositoryOf(effect, m) : treeOf(effect, m));
    case 'exec':
      return m.run(
        middleCut(commandLine(effect.argv), 400, m.leftOut),
        placeOf(effect.cwd, effect.workspace, m),
        effect.stdin !== undefined,
      );
    case 'net':
      return netWords(effect, m);
    case 'secret':
      return m.use(keyOf(effect.provider, m));
    case 'query': {
      const { database, workspace } = effect;
      const place = workspace === undefined ? showLine(database) : placeOf(database, workspace, m);
      return m.databases[effect.access](place);
    }
  }
}

function manyWords(effect: Effect, alike: readonly Effect[], m: Wants): string {
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
    workspace === undefined || others.length > 0 ? '' : m.within(showLine(workspace)),
  );
}

/** One request and the secrets that go with it are one thing: what is sent, and where to. */
function sendsSecrets(effects: readonly Effect[], m: Wants): string | undefined {
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
function netWords({ method, host, port, url }: Extract<Effect, { kind: 'net' }>, m: Wants): string {
  const usual = url.startsWith('https:') ? 443 : url.startsWith('http:') ? 80 : undefined;
  const place = `${showLine(host.includes(':') ? `[${host}]` : host)}${port === usual ? '' : `:${port}`}`;
  const verb = showLine(method.toUpperCase());
  const words = /^(?:POST|PUT|PATCH|DELETE)$/.test(verb) ? m.send : m.reach;
  return words(place, verb, usual === 80);
}

function sameOp(a: Effect, b: Effect): boolean {
  return a.kind !== 'write' || b.kind !== 'write' || a.op === b.op;
}

/** A key or secret by its name. */
function keyOf(id: string, m: Wants): string {
  return id.startsWith('secret:') ? m.secret(showLine(id.slice('secret:'.length))) : m.key(showLine(id));
}

type InTree = Extract<Effect, { kind: 'read' | 'write' }>;

function treeOf({ path, workspace, tree }: InTree, m: Wants): string {
  const place = placeOf(path, workspace, m);
  return tree === true ? m.below(place) : place;
}

function isRepository(effect: Extract<Effect, { kind: 'write' }>): boolean {
  return effect.op.startsWith('git-') && /(^|\/)\.git$/.test(effect.path);
}

function repositoryOf({ path, workspace }: InTree, m: Wants): string {
  const folder = path.replace(/\/?\.git$/, '');
  return folder === '' ? showLine(workspace) : m.at(showLine(folder), showLine(workspace));
}

function placeOf(path: string, workspace: string, m: Wants): string {
  return path === '.'
    ? showLine(workspace)
    : m.at(middleCut(showLine(path), 200, m.leftOut), showLine(workspace));
}

/** What a match covers, after a name and "may": "change src/** in shop". Nothing is hidden in it. */
export function matchText(match: Match, { leave, wants }: Words): string {
  const where =
    'workspace' in match && match.workspace !== undefined ? leave.in(showLine(match.workspace)) : '';
  const named = (all: readonly string[]) => {
    const shown = all.slice(0, NAMED).join(', ');
    return all.length > NAMED ? leave.andMore(shown, all.length - NAMED) : shown;
  };
  switch (match.kind) {
    case 'read':
      return leave.read(named(match.paths.map(showLine)), where);
    case 'write': {
      const ops = match.ops?.map((op) => leave.ops[op]) ?? [leave.change];
      return leave.write(ops, named(match.paths.map(showLine)), where);
    }
    case 'exec': {
      const command = match.argv.map((part) => (part === '...' ? '…' : quoteArgument(part))).join(' ');
      return leave.run(command, match.stdin !== undefined, where);
    }
    case 'net':
      return leave.reach(
        named(match.hosts.map(showLine)),
        match.ports?.join(', ') ?? '',
        match.methods?.join(', ') ?? '',
      );
    case 'secret':
      return leave.use(named(match.providers.map((provider) => keyOf(provider, wants))));
    case 'query':
      return leave.query[match.access ?? 'any'](named(match.databases.map(showLine)), where);
  }
}

/** Why a call asks, with nothing hidden in it. What there are no words for is told as the reason itself tells it. */
export function reasonText({ effect, reason }: EffectDecision, m: Words): string {
  if (reason.by === 'default' && effect.kind !== 'read') return m.reasons.noRule[effect.kind];
  if (reason.rule === undefined) return showLine(reason.text);
  const { source, client, match, note } = reason.rule;
  const who = client === undefined ? undefined : showLine(client);
  const said = note === undefined ? '' : ` (${showLine(note)})`;
  return m.reasons.ruleAsks(source === 'project', who, matchText(match, m), said);
}

type About<F> = F extends (...about: infer A) => string ? A : never;

/** What to say of something that could mislead. @param about - as the code's words take it */
export function warning<C extends Warning['code']>(code: C, ...about: About<Words['warnings'][C]>): Warning {
  return { code, about };
}

/** A title above what is shown. @param about - as the code's words take it */
export function previewTitle<C extends PreviewTitle['code']>(
  code: C,
  ...about: About<Words['titles'][C]>
): PreviewTitle {
  return { code, about };
}

export function warningText({ code, about }: Warning, { warnings }: Words): string {
  return say(warnings[code], about);
}

export function previewTitleText({ code, about }: PreviewTitle, { titles }: Words): string {
  return say(titles[code], about);
}

/** `warning` and `previewTitle` have seen to it that these words are about this. */
function say(words: (...about: never[]) => string, about: readonly (string | number)[]): string {
  return words(...(about as never[]));
}
