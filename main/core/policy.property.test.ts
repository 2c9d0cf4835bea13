import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { EFFECT_KINDS, type Effect, WRITE_OPS } from '../../contract/effects.ts';
import type { Decision, Grant, Match, Rule } from '../../contract/policy.ts';
import { exactMatch } from './match.ts';
import { compilePolicy, covers, type DecideContext } from './policy.ts';
import { runs } from './property-testing.ts';
import { suggest } from './suggest.ts';
import { Bench, fakeTool } from './testing.ts';

/** Few names, so that rules, grants and effects meet often. */
const workspace = fc.constantFrom('shop', 'site');
const path = fc.constantFrom(
  '.',
  'a',
  'A',
  'src',
  'src/a',
  'src/a.ts',
  'src/deep/b',
  '.git/config',
  'src/.git/hooks/x',
  'é',
  'e\u0301',
  'a*b',
);
const glob = fc.constantFrom(
  '.',
  '**',
  '*',
  'src/**',
  'src/*',
  '**/a',
  'a',
  'A',
  'src/a.ts',
  '**/*.ts',
  '.git/**',
  'é',
  'a\\*b',
);
const argv = fc.constantFrom(
  ['git', 'push'],
  ['git', 'push', '-f'],
  ['/usr/bin/git', 'push'],
  ['sh', '-c', 'x'],
  ['npm', 'test'],
  ['echo', '*'],
  ['echo', '...'],
);
const stdin = fc.constantFrom('a'.repeat(64), 'b'.repeat(64));
const binary = fc.constantFrom('/usr/bin/git', '/bin/sh', '/usr/bin/npm', '/bin/echo');
const argvPattern = fc.constantFrom(
  ['git', '...'],
  ['git', 'push'],
  ['*', '...'],
  ['sh', '-c', 'x'],
  ['npm', '*'],
  ['echo', '\\*'],
  ['echo', '\\...'],
  ['...'],
  ['rm'],
);
const host = fc.constantFrom(
  'example.com',
  'api.example.com',
  'EXAMPLE.com',
  'example.com.',
  'evil-example.com',
  '127.0.0.1',
);
const hostPattern = fc.constantFrom('example.com', '*.example.com', 'api.example.com', '127.0.0.1', '*.com');
const port = fc.constantFrom(80, 443, 8080);
const method = fc.constantFrom('GET', 'POST', 'get');
const provider = fc.constantFrom('openai', 'anthropic', 'secret:db', 'secret:*');
const database = fc.constantFrom('shop.db', 'data/x.db', '*.db');

const effect: fc.Arbitrary<Effect> = fc.oneof(
  fc.record({
    kind: fc.constant('read' as const),
    workspace,
    path,
    tree: fc.option(fc.constant(true), { nil: undefined }),
  }),
  fc.record({
    kind: fc.constant('write' as const),
    workspace,
    path,
    op: fc.constantFrom(...WRITE_OPS),
    tree: fc.option(fc.constant(true), { nil: undefined }),
  }),
  fc.record({
    kind: fc.constant('exec' as const),
    workspace,
    cwd: path,
    argv,
    binary,
    open: fc.boolean(),
    stdin: fc.option(stdin, { nil: undefined }),
  }),
  fc.record({ kind: fc.constant('net' as const), method, host, port, url: fc.constant('https://x/') }),
  fc.record({ kind: fc.constant('secret' as const), provider }),
  fc.record({
    kind: fc.constant('query' as const),
    workspace,
    database,
    access: fc.constantFrom('read' as const, 'write' as const),
  }),
) as fc.Arbitrary<Effect>;

const maybe = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined });
const some = <T>(value: fc.Arbitrary<T>) => fc.array(value, { minLength: 1, maxLength: 2 });
const match: fc.Arbitrary<Match> = fc
  .oneof(
    fc.record({ kind: fc.constant('read' as const), workspace: maybe(workspace), paths: some(glob) }),
    fc.record({
      kind: fc.constant('write' as const),
      workspace: maybe(workspace),
      paths: some(glob),
      ops: maybe(some(fc.constantFrom(...WRITE_OPS))),
    }),
    fc.record({
      kind: fc.constant('exec' as const),
      workspace: maybe(workspace),
      argv: argvPattern,
      cwd: maybe(some(glob)),
      stdin: maybe(stdin),
    }),
    fc.record({
      kind: fc.constant('net' as const),
      hosts: some(hostPattern),
      ports: maybe(some(port)),
      methods: maybe(some(fc.constantFrom('GET', 'POST'))),
    }),
    fc.record({
      kind: fc.constant('secret' as const),
      providers: some(fc.constantFrom('openai', '*', 'secret:*', 'secret:\\*')),
    }),
    fc.record({
      kind: fc.constant('query' as const),
      workspace: maybe(workspace),
      databases: some(fc.constantFrom('*', '*.db', 'shop.db', '\\*.db')),
      access: maybe(fc.constantFrom('read' as const, 'write' as const)),
    }),
  )
  .map((one) => JSON.parse(JSON.stringify(one)) as Match);

const NOW = 1000;
const client = fc.constantFrom('Claude Code', 'Cursor');
let numbers = 0;
const rule = (kind: fc.Arbitrary<Decision> = fc.constantFrom('allow', 'ask', 'deny')): fc.Arbitrary<Rule> =>
  fc
    .record({
      effect: kind,
      match,
      client: maybe(client),
      expires: maybe(fc.constantFrom(NOW - 1, NOW, NOW + 1)),
      source: fc.constantFrom('person' as const, 'project' as const),
    })
    .map((one) => ({ ...(JSON.parse(JSON.stringify(one)) as Rule), id: `r_${numbers++}`, createdAt: 0 }));
const grant: fc.Arbitrary<Grant> = fc
  .record({
    clientId: fc.constantFrom('k_1', 'k_2'),
    match,
    expires: maybe(fc.constantFrom(NOW - 1, NOW, NOW + 1)),
    toolHash: fc.constantFrom('now', 'before'),
  })
  .map((one) => ({
    ...(JSON.parse(JSON.stringify(one)) as Grant),
    id: `g_${numbers++}`,
    clientName: 'Claude Code',
    scope: 'always',
    tool: 'a_tool',
    approvalId: 'a',
    createdAt: 0,
  }));
const rules = fc.array(rule(), { maxLength: 6 });
const grants = fc.array(grant, { maxLength: 4 });
const effects = fc.array(effect, { minLength: 1, maxLength: 4 });

const CONTEXT: DecideContext = { clientId: 'k_1', clientName: 'Claude Code', now: NOW };
const HASHES = new Map([['a_tool', 'now']]);
const decide = (these: readonly Rule[], those: readonly Grant[], all: readonly Effect[], context = CONTEXT) =>
  compilePolicy({ rules: these, grants: those, toolHashes: HASHES }).decide(all, context);
const RANK: Record<Decision, number> = { allow: 0, ask: 1, deny: 2 };
/** Each effect by itself, then the whole. */
const ranks = (...given: Parameters<typeof decide>) => {
  const { decision, effects: each } = decide(...given);
  return [...each.map((one) => RANK[one.decision]), RANK[decision]];
};

/** No effect, and not the whole, may be allowed more than before. */
function neverMore(after: readonly number[], before: readonly number[]): void {
  for (const [index, one] of after.entries()) expect(one).toBeGreaterThanOrEqual(before[index] ?? 0);
}

const shuffled = <T>(list: readonly T[], seed: number): T[] =>
  list
    .map((one, at) => ({ one, key: Math.sin(seed * 997 + at * 31) }))
    .sort((a, b) => a.key - b.key)
    .map(({ one }) => one);

describe('any policy, on any effects', () => {
  test('another rule that denies never allows more [POL-2]', () => {
    fc.assert(
      fc.property(
        rules,
        grants,
        effects,
        rule(fc.constant('deny')),
        fc.nat(6),
        (these, those, all, more, at) => {
          const before = ranks(these, those, all);
          const after = ranks(these.toSpliced(at, 0, more), those, all);
          neverMore(after, before);
        },
      ),
      runs(2000),
    );
  });

  test('another rule that asks never allows more', () => {
    fc.assert(
      fc.property(rules, grants, effects, rule(fc.constant('ask')), (these, those, all, more) => {
        const before = ranks(these, those, all);
        neverMore(ranks([...these, more], those, all), before);
      }),
      runs(1500),
    );
  });

  test('a grant that is taken away, or lapses, never allows more; nor does a rule that allowed [POL-2]', () => {
    fc.assert(
      fc.property(
        rules,
        fc.array(grant, { minLength: 1, maxLength: 4 }),
        effects,
        fc.nat(3),
        (these, those, all, at) => {
          const before = ranks(these, those, all);
          const gone = those.toSpliced(at % those.length, 1);
          const lapsed = those.map((one, index) =>
            index === at % those.length ? { ...one, toolHash: 'changed' } : one,
          );
          for (const fewer of [gone, lapsed]) neverMore(ranks(these, fewer, all), before);
          neverMore(
            ranks(
              these.filter((one) => one.effect !== 'allow'),
              those,
              all,
            ),
            before,
          );
        },
      ),
      runs(1500),
    );
  });

  test('a grant never answers for a rule that asks or denies, nor for another client [POL-3]', () => {
    fc.assert(
      fc.property(rules, grants, effects, (these, those, all) => {
        const without = decide(these, [], all);
        const withThem = decide(these, those, all);
        for (const [index, one] of without.effects.entries()) {
          if (one.reason.by === 'rule' && one.decision !== 'allow')
            expect(withThem.effects[index]?.decision).toBe(one.decision);
        }
        const nobody = { ...CONTEXT, clientId: 'k_3' };
        expect(decide(these, those, all, nobody)).toEqual(decide(these, [], all, nobody));
      }),
      runs(1000),
    );
  });

  test('no order of rules, grants or effects matters [POL-1]', () => {
    fc.assert(
      fc.property(rules, grants, effects, fc.nat(), (these, those, all, seed) => {
        const before = decide(these, those, all);
        const after = decide(shuffled(these, seed), shuffled(those, seed + 1), all);
        expect(after.decision).toBe(before.decision);
        expect(after.effects.map((one) => one.decision)).toEqual(before.effects.map((one) => one.decision));
        expect(decide(these, those, shuffled(all, seed)).decision).toBe(before.decision);
      }),
      runs(1500),
    );
  });

  test('more effects never allow more, and each is decided as it would be by itself', () => {
    fc.assert(
      fc.property(rules, grants, effects, effect, (these, those, all, more) => {
        const together = decide(these, those, [...all, more]);
        expect(RANK[together.decision]).toBeGreaterThanOrEqual(RANK[decide(these, those, all).decision]);
        for (const [index, one] of [...all, more].entries())
          expect(together.effects[index]).toEqual(decide(these, those, [one]).effects[0]);
      }),
      runs(1000),
    );
  });

  test('time only takes away: a rule or grant that has run out decides nothing', () => {
    fc.assert(
      fc.property(rules, grants, effects, (these, those, all) => {
        const later = { ...CONTEXT, now: NOW + 10 };
        const lasting = <T extends { readonly expires?: number | undefined }>(list: readonly T[]) =>
          list.filter((one) => one.expires === undefined);
        expect(decide(these, those, all, later)).toEqual(decide(lasting(these), lasting(those), all, later));
      }),
      runs(800),
    );
  });

  test('what is visible is exactly what may be read without asking', () => {
    fc.assert(
      fc.property(rules, grants, workspace, path, (these, those, where, what) => {
        const policy = compilePolicy({ rules: these, grants: those, toolHashes: HASHES });
        expect(policy.visible(CONTEXT)(where, what)).toBe(
          policy.decide([{ kind: 'read', workspace: where, path: what }], CONTEXT).decision === 'allow',
        );
      }),
      runs(1500),
    );
  });

  test('what explains a call is what decides it [POL-6]', async () => {
    await fc.assert(
      fc.asyncProperty(rules, effects, async (these, all) => {
        const bench = new Bench([fakeTool('a_tool', all)]);
        bench.rules.push(...these);
        const asked = { id: 'k_1', name: 'Claude Code' };
        const explained = await bench.dispatcher.explain(asked, 'a_tool', {});
        const call = bench.call('a_tool', {}, asked);
        await bench.clock.advance(0);
        const [waiting] = bench.approvals.list('waiting', 1);
        expect(waiting === undefined ? 'answered' : 'ask').toBe(
          explained.decision === 'ask' ? 'ask' : 'answered',
        );
        if (explained.decision === 'ask')
          expect(waiting?.reasons.map((one) => one.decision)).toEqual(
            explained.effects.map((one) => one.decision),
          );
        call.cancel();
        const outcome = await call.outcome;
        if (explained.decision === 'allow') expect(outcome.ok).toBe(true);
        if (explained.decision === 'deny') expect(outcome).toMatchObject({ code: 'denied_by_rule' });
      }),
      runs(60),
    );
  });
});

describe('a pattern made from effects', () => {
  const same = (one: Effect, other: Effect) =>
    JSON.stringify(plainEffect(one)) === JSON.stringify(plainEffect(other));

  /** The same but for a field or two. */
  const near = fc
    .tuple(effect, fc.array(effect, { minLength: 30, maxLength: 30 }), fc.nat(63))
    .map(([one, others, which]): [Effect, Effect] => {
      const other = others.find(({ kind }) => kind === one.kind) ?? one;
      const mixed = Object.fromEntries(
        Object.keys(one).map((key, at) => [key, Reflect.get(((which >> at) & 1) === 1 ? other : one, key)]),
      );
      return [one, mixed as unknown as Effect];
    });

  test('to the letter covers this effect, what lies in it, and no other', () => {
    fc.assert(
      fc.property(near, ([one, other]) => {
        const pattern = exactMatch(one);
        const itself =
          one.kind === 'exec' && one.open && one.argv.at(-1) === '...' ? undefined : covers([pattern], [one]);
        if (itself !== undefined)
          expect(itself).toBe(one.kind !== 'write' || !insideGit(one.path) || namesGit(one.path));
        if (!covers([pattern], [other])) return;
        expect(same(one, other) || liesIn(other, one)).toBe(true);
        if (one.kind === 'exec' && other.kind === 'exec' && other.open) expect(other.stdin).toBe(one.stdin);
      }),
      runs(3000),
    );
  });

  test('that is offered to a person covers all that they were asked about', () => {
    fc.assert(
      fc.property(effects, (all) => {
        for (const { match: offered } of suggest(all)) expect(covers(offered, all)).toBe(true);
      }),
      runs(1500),
    );
  });

  test('of one kind never covers another kind', () => {
    fc.assert(
      fc.property(match, effect, (one, other) => {
        if (covers([one], [other])) expect(one.kind).toBe(other.kind);
      }),
      runs(1000),
    );
    expect(EFFECT_KINDS).toHaveLength(6);
  });
});

/** What an effect is, as far as a pattern is to tell it apart: names of hosts and methods have no case. */
function plainEffect(one: Effect): unknown {
  if (one.kind === 'net')
    return {
      kind: one.kind,
      method: one.method.toUpperCase(),
      host: one.host.toLowerCase().replace(/\.$/, ''),
      port: one.port,
    };
  if (one.kind === 'exec') return { kind: one.kind, workspace: one.workspace, cwd: one.cwd, argv: one.argv };
  if (one.kind === 'read' || one.kind === 'write') return { ...one, tree: one.tree ?? false };
  return one;
}

/** Whether an effect is about a part of the whole folder that another one is about. */
function liesIn(part: Effect, whole: Effect): boolean {
  if ((part.kind !== 'read' && part.kind !== 'write') || (whole.kind !== 'read' && whole.kind !== 'write'))
    return false;
  return (
    whole.tree === true &&
    part.kind === whole.kind &&
    part.workspace === whole.workspace &&
    (part.kind === 'read' || whole.kind === 'read' || part.op === whole.op) &&
    (whole.path === '.' || part.path === whole.path || part.path.startsWith(`${whole.path}/`))
  );
}

function insideGit(text: string): boolean {
  return text.split('/').some((name) => name.toLowerCase() === '.git');
}

function namesGit(text: string): boolean {
  return text.split('/').includes('.git');
}
