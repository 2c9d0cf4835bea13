import { describe, expect, it } from 'vitest';
import { EFFECT_KINDS, type Effect, WRITE_OPS } from '../../contract/effects.ts';
import { compilePolicy } from '../../main/core/policy.ts';
import { titleWords } from '../../main/core/words.ts';
import { de } from '../messages/de.ts';
import { en } from '../messages/en.ts';
import { titleOf } from './title.ts';

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

describe('the title of an approval', () => {
  it.each(CALLS.map((effects) => [titleWords('Claude \u202ECode', effects), effects] as const))(
    'in English is the host’s own: %s',
    (title, effects) => expect(titleOf('Claude \u202ECode', effects, en.wants)).toBe(title),
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
  ])('in German: %j', (effects, title) => expect(titleOf('Claude Code', effects, de.wants)).toBe(title));

  it('hides nothing in either language, whatever an effect is made of', () => {
    for (const m of [en.wants, de.wants]) {
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
    expect(Object.entries(en.approvals.noRule)).toEqual(told);
    expect(told).toHaveLength(EFFECT_KINDS.length - 1);
  });
});
