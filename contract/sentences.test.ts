import { describe, expect, it } from 'vitest';
import { compilePolicy } from '../main/core/policy.ts';
import { suggest } from '../main/core/suggest.ts';
import { EFFECT_KINDS, type Effect, WRITE_OPS } from './effects.ts';
import type { Match, Rule } from './policy.ts';
import {
  matchText,
  previewTitle,
  previewTitleText,
  reasonText,
  titleOf,
  warning,
  warningText,
} from './sentences.ts';
import { de } from './words-de.ts';
import { en } from './words-en.ts';

const read = (path: string, workspace = 'shop'): Effect => ({ kind: 'read', workspace, path });
const write = (path: string, op: (typeof WRITE_OPS)[number] = 'modify', workspace = 'shop'): Effect => ({
  kind: 'write',
  workspace,
  path,
  op,
});
const run = (argv: string[], more: { cwd?: string; stdin?: string } = {}): Effect => ({
  kind: 'exec',
  workspace: 'shop',
  cwd: '.',
  argv,
  binary: '/bin/x',
  open: false,
  ...more,
});
const net = (method: string, url: string, port = 443): Effect => ({
  kind: 'net',
  method,
  host: new URL(url).hostname.replace(/^\[|\]$/g, ''),
  port,
  url,
});
const key = (provider: string): Effect => ({ kind: 'secret', provider });
const query = (access: 'read' | 'write', database: string, workspace?: string): Effect => ({
  kind: 'query',
  database,
  access,
  ...(workspace === undefined ? {} : { workspace }),
});

const LONG = 'x'.repeat(150);
const SHOP_API = key('secret:shop-api');

/** Every kind and op, alone and many; then what has words of its own. */
const CALLS: readonly (readonly Effect[])[] = [
  [],
  [read('.')],
  [read('src/a.ts')],
  [read('src/\ufffca\u2065.ts')],
  [{ kind: 'read', workspace: 'shop', path: 'src', tree: true }],
  [read('a'), read('b')],
  [read('a'), read('b', 'other')],
  ...WRITE_OPS.flatMap((op) => [
    [write('src/a.ts', op)],
    [write('.git', op)],
    [write('lib/.git', op)],
    [write('a', op), write('b', op)],
    [write('a', op), write('b', op, 'other')],
    [write('a', op), write('b'), read('c')],
  ]),
  [{ kind: 'write', workspace: 'shop', path: 'src', op: 'delete', tree: true }],
  [run(['npm', 'test'])],
  [run(['rm', '-rf', 'a b', "it's"], { cwd: 'lib' })],
  [run(['sh'], { stdin: 'f'.repeat(64) })],
  [run(['echo', LONG, LONG, LONG])],
  [run(['a']), run(['b']), read('c')],
  [net('GET', 'https://example.com/a')],
  [net('get', 'http://localhost/', 80)],
  [net('POST', 'http://localhost:3000/', 3000)],
  [net('DELETE', 'https://[2606:4700::1]/')],
  [net('CONNECT', 'postgres://db.example.com/', 5432)],
  [net('GET', 'https://a.example.com/'), net('GET', 'https://b.example.com/')],
  [net('POST', 'https://api.example.com/a'), SHOP_API],
  [net('POST', 'https://api.example.com/a'), SHOP_API, key('secret:other')],
  [net('POST', 'https://api.example.com/a'), SHOP_API, key('anthropic')],
  [net('POST', 'https://api.example.com/a'), SHOP_API, read('a')],
  [key('anthropic')],
  [SHOP_API],
  [key('anthropic'), SHOP_API],
  [query('read', 'shop.db', 'shop'), read('shop.db')],
  [query('write', 'pg:main')],
  [query('write', 'shop.db', 'shop'), net('GET', 'https://example.com/')],
  [net('GET', 'https://example.com/'), query('write', 'shop.db', 'shop')],
  [query('read', 'a.db', 'shop'), query('read', 'b.db', 'shop')],
  [query('write', 'a.db', 'shop'), query('read', 'b.db', 'shop')],
  [read(`${LONG}/${LONG}`)],
  [write('src/\u202Egpj.exe')],
  [write('a\u200Bb\n\t\uFEFF\u{E0041}\u001B[2J', 'delete', 'sh\u00ADop')],
  [write('a', 'modify', 'sh\u00ADop'), write('b', 'modify', 'sh\u00ADop')],
  [run(['echo', 'a\u2066b'], { cwd: 'c\u200Dd' })],
  [net('P\u200BOST', 'https://example.com/')],
  [key('secret:a\u202Eb')],
  [query('read', 'a\u202Eb')],
];

const HALF = 'x'.repeat(88);

/** What comes after "wants to". */
const ENGLISH: readonly (readonly [string, readonly Effect[]])[] = [
  ['do nothing that changes anything', []],
  ['read shop', [read('.')]],
  ['read src/a.ts in shop', [read('src/a.ts')]],
  ['read src/⟦U+FFFC⟧a⟦U+2065⟧⟦U+E000⟧.ts in shop', [read('src/\ufffca\u2065\ue000.ts')]],
  ['read src in shop and all below', [{ kind: 'read', workspace: 'shop', path: 'src', tree: true }]],
  ['read 2 places', [read('a'), read('b', 'other')]],
  ['create src/a.ts in shop', [write('src/a.ts', 'create')]],
  ['change .git in shop', [write('.git')]],
  ['delete a in shop, and 2 more', [write('a', 'delete'), write('b'), read('c')]],
  ['move 2 places in shop', [write('a', 'move'), write('b', 'move')]],
  ['make 2 folders', [write('a', 'mkdir'), write('b', 'mkdir', 'other')]],
  ['change b in shop, and 2 more', [write('a', 'mkdir'), write('b'), read('c')]],
  ['stage in lib in shop', [write('lib/.git', 'git-stage')]],
  ['commit to shop', [write('.git', 'git-commit')]],
  ['make a branch in shop', [write('.git', 'git-branch')]],
  ['switch the branch of shop, and 1 more', [write('.git', 'git-switch'), write('a')]],
  ['restore src/a.ts in shop', [write('src/a.ts', 'git-restore')]],
  ["run rm -rf 'a b' 'it'\\''s' in lib in shop", [run(['rm', '-rf', 'a b', "it's"], { cwd: 'lib' })]],
  ['run sh with input in shop', [run(['sh'], { stdin: 'f'.repeat(64) })]],
  ['run 2 commands in shop, and 1 more', [run(['a']), run(['b']), read('c')]],
  [`read ${HALF} … 125 characters … ${HALF} in shop`, [read('x'.repeat(301))]],
  ['reach example.com (GET)', [net('GET', 'https://example.com/a')]],
  ['reach example.com:8443 (GET)', [net('GET', 'https://example.com:8443/', 8443)]],
  ['reach localhost (GET, not encrypted)', [net('get', 'http://localhost/', 80)]],
  ['send localhost:3000 an unencrypted POST request', [net('POST', 'http://localhost:3000/', 3000)]],
  ['send [2606:4700::1] a DELETE request', [net('DELETE', 'https://[2606:4700::1]/')]],
  ['send xn--pple-43d.com a POST request', [net('POST', 'https://аpple.com/')]],
  ['reach db.example.com:5432 (CONNECT)', [net('CONNECT', 'postgres://db.example.com/', 5432)]],
  [
    'send api.example.com a POST request with the secret shop-api and the secret other',
    [net('POST', 'https://api.example.com/a'), SHOP_API, key('secret:other')],
  ],
  ['use 2 keys, and 1 more', [net('POST', 'https://api.example.com/a'), SHOP_API, key('anthropic')]],
  ['use the anthropic key', [key('anthropic')]],
  ['use the secret shop-api', [SHOP_API]],
  ['query the database shop.db in shop, and 1 more', [query('read', 'shop.db', 'shop'), read('shop.db')]],
  ['change the database pg:main', [query('write', 'pg:main')]],
  [
    'change the database shop.db in shop, and 1 more',
    [query('write', 'shop.db', 'shop'), net('GET', 'https://example.com/')],
  ],
  ['query 2 databases in shop', [query('read', 'a.db', 'shop'), query('read', 'b.db', 'shop')]],
  ['change src/⟦RLO⟧gpj.exe in shop', [write('src/\u202Egpj.exe')]],
  ["run echo 'a⟦LRI⟧b' in c⟦ZWJ⟧d in shop", [run(['echo', 'a\u2066b'], { cwd: 'c\u200Dd' })]],
];

describe('the title of an approval', () => {
  it.each(ENGLISH)('in English: %s', (title, effects) =>
    expect(titleOf('Claude \u202ECode', effects, en)).toBe(`Claude ⟦RLO⟧Code wants to ${title}`),
  );

  it.each<[readonly Effect[], string]>([
    [[write('src/cart.ts')], 'Claude Code möchte src/cart.ts in shop ändern'],
    [[write('a', 'delete'), read('b')], 'Claude Code möchte a in shop löschen, und 1 mehr'],
    [[write('.git', 'git-commit')], 'Claude Code möchte in shop committen'],
    [[write('a'), write('b')], 'Claude Code möchte 2 Stellen in shop ändern'],
    [[run(['npm', 'test'])], 'Claude Code möchte npm test in shop ausführen'],
    [
      [net('POST', 'http://localhost:3000/', 3000), SHOP_API],
      'Claude Code möchte eine unverschlüsselte POST-Anfrage an localhost:3000 senden und dafür das Geheimnis shop-api verwenden',
    ],
    [[key('anthropic')], 'Claude Code möchte den Schlüssel für anthropic verwenden'],
    [[query('read', 'shop.db', 'shop')], 'Claude Code möchte die Datenbank shop.db in shop abfragen'],
    [[write('src/\u202Egpj.exe')], 'Claude Code möchte src/⟦RLO⟧gpj.exe in shop ändern'],
  ])('in German: %j', (effects, title) => expect(titleOf('Claude Code', effects, de)).toBe(title));

  it('hides nothing in either language, whatever an effect is made of', () => {
    for (const m of [en, de]) {
      for (const effects of CALLS) expect(titleOf('C\u202E', effects, m)).not.toMatch(/[\p{Cc}\p{Cf}]/u);
    }
  });

  it('says why a call asks when no rule speaks of it, in English as the host does', () => {
    const policy = compilePolicy({ rules: [], grants: [], toolHashes: new Map() });
    const effects = [write('a'), run(['b']), net('GET', 'https://c.example/'), SHOP_API, query('read', 'd')];
    const { effects: decided } = policy.decide(effects, {
      clientId: 'k1',
      clientName: 'Claude Code',
      now: 0,
    });
    const told = decided.map(({ effect, reason }) => [effect.kind, reason.text]);
    expect(Object.entries(en.reasons.noRule)).toEqual(told);
    expect(told).toHaveLength(EFFECT_KINDS.length - 1);
  });
});

const SIX = ['a', 'b', 'c', 'd', 'e', 'f'];

/** Every kind, with and without what it may leave out. */
const MATCHES: readonly (readonly [string, Match])[] = [
  ['read **', { kind: 'read', paths: ['**'] }],
  ['read a, b, c, d, e and 1 more in shop', { kind: 'read', paths: SIX, workspace: 'shop' }],
  ['change src/** in shop', { kind: 'write', paths: ['src/**'], workspace: 'shop' }],
  ...WRITE_OPS.map((op): [string, Match] => [
    `${en.leave.ops[op]} a`,
    { kind: 'write', paths: ['a'], ops: [op] },
  ]),
  [
    'create or change or make the folder a, b in shop',
    { kind: 'write', paths: ['a', 'b'], ops: ['create', 'modify', 'mkdir'], workspace: 'shop' },
  ],
  ['run npm run …', { kind: 'exec', argv: ['npm', 'run', '...'] }],
  [
    "run echo 'it'\\''s' with exactly that input in shop",
    { kind: 'exec', argv: ['echo', "it's"], workspace: 'shop', stdin: 'a'.repeat(64) },
  ],
  ['reach example.com', { kind: 'net', hosts: ['example.com'] }],
  ['reach a, b, c, d, e and 1 more on 443, 8443', { kind: 'net', hosts: SIX, ports: [443, 8443] }],
  [
    'reach example.com on 443 (GET, HEAD)',
    { kind: 'net', hosts: ['example.com'], ports: [443], methods: ['GET', 'HEAD'] },
  ],
  ['use the anthropic key', { kind: 'secret', providers: ['anthropic'] }],
  ['use the secret shop-api, openai key', { kind: 'secret', providers: ['secret:shop-api', 'openai'] }],
  ['query or change shop.db', { kind: 'query', databases: ['shop.db'] }],
  ['query * in shop', { kind: 'query', databases: ['*'], workspace: 'shop', access: 'read' }],
  ['change shop.db in shop', { kind: 'query', databases: ['shop.db'], workspace: 'shop', access: 'write' }],
  [
    'change src/⟦RLO⟧gpj.exe⟦ZWSP⟧ in ⟦ESC⟧[1m',
    { kind: 'write', paths: ['src/\u202Egpj.exe\u200b'], workspace: '\u001b[1m' },
  ],
];

describe('what an answer is remembered for', () => {
  it.each(MATCHES)('in English: %s', (text, match) => expect(matchText(match, en)).toBe(text));

  it('of each suggestion in English is its label', () => {
    const effects: Effect[] = [{ kind: 'write', workspace: 'shop', path: 'src/a.ts', op: 'modify' }];
    const suggestions = suggest(effects);
    expect(suggestions.length).toBeGreaterThan(1);
    for (const { label, match } of suggestions)
      expect(match.map((one) => matchText(one, en)).join('; ')).toBe(label);
  });

  it.each<[string, Effect, readonly string[]]>([
    [
      'a request',
      { kind: 'net', method: 'GET', host: 'example.com', port: 443, url: 'https://example.com/' },
      ['reach example.com on 443 (GET)', 'reach example.com on 443'],
    ],
    [
      'a change of a database',
      { kind: 'query', workspace: 'shop', database: 'shop.db', access: 'write' },
      ['change shop.db in shop', 'query or change shop.db in shop'],
    ],
  ])('tells the wider suggestion from the narrow one: %s', (_, effect, labels) =>
    expect(suggest([effect]).map(({ label }) => label)).toEqual(labels),
  );

  it.each<[Match, string]>([
    [{ kind: 'read', paths: ['**'], workspace: 'shop' }, '** in shop lesen'],
    [
      { kind: 'write', paths: ['src/**'], workspace: 'shop', ops: ['create', 'modify'] },
      'src/** in shop erstellen oder ändern',
    ],
    [{ kind: 'exec', argv: ['npm', '...'], workspace: 'shop' }, 'npm … in shop ausführen'],
    [{ kind: 'net', hosts: ['example.com'], ports: [443] }, 'example.com, Port 443, erreichen'],
    [{ kind: 'query', databases: ['shop.db'] }, 'shop.db abfragen oder ändern'],
    [{ kind: 'secret', providers: ['anthropic'] }, 'den Schlüssel für anthropic verwenden'],
    [{ kind: 'query', databases: ['shop.db'], access: 'write' }, 'shop.db ändern'],
  ])('in German: %j', (match, text) => expect(matchText(match, de)).toBe(text));

  it('hides nothing in either language [UI-1]', () => {
    for (const m of [en, de])
      for (const [, match] of MATCHES) expect(matchText(match, m)).not.toMatch(/[\p{Cc}\p{Cf}]/u);
  });
});

describe('why a rule asks', () => {
  const rule = (more: Partial<Rule>): Rule => ({
    id: 'r1',
    createdAt: 1,
    source: 'person',
    effect: 'ask',
    match: { kind: 'write', paths: ['src/**'] },
    ...more,
  });
  const decided = (more: Partial<Rule>) => {
    const policy = compilePolicy({ rules: [rule(more)], grants: [], toolHashes: new Map() });
    const effect: Effect = { kind: 'write', workspace: 'shop', path: 'src/a.ts', op: 'modify' };
    const [one] = policy.decide([effect], { clientId: 'k1', clientName: 'Claude Code', now: 0 }).effects;
    if (one === undefined) throw new Error('nothing was decided');
    return one;
  };

  it.each<Partial<Rule>>([{}, { client: 'Claude Code' }, { source: 'project', note: 'generated' }])(
    'is told in English as the host does: %j',
    (more) => {
      const one = decided(more);
      expect([one.decision, reasonText(one, en)]).toEqual(['ask', one.reason.text]);
    },
  );

  it('is told in German, with nothing hidden in it [UI-1]', () => {
    expect(reasonText(decided({ client: 'Claude Code', note: 'sorgsam\u202e' }), de)).toBe(
      'Eine Regel sagt: Claude Code muss fragen, um Folgendes zu tun: src/** ändern (sorgsam⟦RLO⟧).',
    );
  });

  it('is told in the host’s words where it told no more, as hosts before did', () => {
    const { effect, decision, reason } = decided({});
    const old = { effect, decision, reason: { by: reason.by, id: reason.id, text: 'A rule says so.' } };
    expect(reasonText(old, de)).toBe('A rule says so.');
  });
});

describe('what could mislead, and what stands above what is shown', () => {
  it('is said in German as in English, about the same things', () => {
    for (const kind of ['warnings', 'titles'] as const) {
      for (const [code, words] of Object.entries(en[kind])) {
        const about = Array.from({ length: words.length }, (_, at) => 700 + at);
        const inBoth = [en, de].map((language) => {
          const said = (language[kind] as unknown as Record<string, (...about: number[]) => string>)[code]?.(
            ...about,
          );
          return about.filter((one) => said?.includes(String(one)));
        });
        expect([code, ...inBoth]).toEqual([code, about, about]);
      }
    }
  });

  it.each([
    [
      warning('shell', 'bash'),
      'bash is a shell: it runs whatever its arguments say. What it does cannot be seen from here.',
      'bash ist eine Shell: Sie führt aus, was in ihren Argumenten steht. Was geschieht, ist von hier aus nicht zu sehen.',
    ],
    [
      warning('foreignLetters', 'xn--pple-43d.com', 'аpple.com'),
      'xn--pple-43d.com is a name with letters outside a to z, which can look like another name. It is shown elsewhere as “аpple.com”.',
      'xn--pple-43d.com ist ein Name mit Buchstaben außerhalb von a bis z, der wie ein anderer aussehen kann. Anderswo wird er als „аpple.com“ gezeigt.',
    ],
    [
      warning('leftOut', 1),
      '1 changed file that the rules hide from this client is left out.',
      '1 geänderte Datei, die die Regeln vor diesem Client verbergen, bleibt außen vor.',
    ],
  ])('%j', (one, english, german) =>
    expect([warningText(one, en), warningText(one, de)]).toEqual([english, german]),
  );

  it.each([
    [previewTitle('sql', 'shop.db'), 'SQL on shop.db', 'SQL an shop.db'],
    [previewTitle('files', 1), '1 file', '1 Datei'],
    [
      previewTitle('models', 1024, 1),
      'To, for an answer of at most 1024 tokens',
      'An, für eine Antwort von höchstens 1024 Token',
    ],
    [
      previewTitle('models', 1024, 2),
      'To the first of these 2 that does not fail, for an answer of at most 1024 tokens',
      'An den ersten dieser 2, der nicht scheitert, für eine Antwort von höchstens 1024 Token',
    ],
    [
      previewTitle('switch', '', 'main', 2),
      'From nothing to main: 2 files change',
      'Von nichts zu main: 2 Dateien ändern sich',
    ],
    [
      previewTitle('message', 'Ada', ''),
      'Message, as Ada, on no branch',
      'Nachricht, als Ada, auf keinem Branch',
    ],
  ])('%j', (one, english, german) =>
    expect([previewTitleText(one, en), previewTitleText(one, de)]).toEqual([english, german]),
  );
});
