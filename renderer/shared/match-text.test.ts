import { describe, expect, it } from 'vitest';
import { type Effect, WRITE_OPS } from '../../contract/effects.ts';
import type { Match, Rule } from '../../contract/policy.ts';
import { compilePolicy } from '../../main/core/policy.ts';
import { suggest } from '../../main/core/suggest.ts';
import { matchWords } from '../../main/core/words.ts';
import { de } from '../messages/de.ts';
import { en } from '../messages/en.ts';
import { matchText, reasonText } from './match-text.ts';

const SIX = ['a', 'b', 'c', 'd', 'e', 'f'];

/** Every kind, with and without what it may leave out. */
const MATCHES: readonly Match[] = [
  { kind: 'read', paths: ['**'] },
  { kind: 'read', paths: SIX, workspace: 'shop' },
  { kind: 'write', paths: ['src/**'], workspace: 'shop' },
  ...WRITE_OPS.map((op): Match => ({ kind: 'write', paths: ['a'], ops: [op] })),
  { kind: 'write', paths: ['a', 'b'], ops: ['create', 'modify', 'mkdir'], workspace: 'shop' },
  { kind: 'exec', argv: ['npm', 'run', '...'] },
  { kind: 'exec', argv: ['echo', "it's"], workspace: 'shop', stdin: 'a'.repeat(64) },
  { kind: 'net', hosts: ['example.com'] },
  { kind: 'net', hosts: SIX, ports: [443, 8443] },
  { kind: 'net', hosts: ['example.com'], ports: [443], methods: ['GET', 'HEAD'] },
  { kind: 'secret', providers: ['anthropic'] },
  { kind: 'secret', providers: ['secret:shop-api', 'openai'] },
  { kind: 'query', databases: ['shop.db'] },
  { kind: 'query', databases: ['*'], workspace: 'shop', access: 'read' },
  { kind: 'query', databases: ['shop.db'], workspace: 'shop', access: 'write' },
  { kind: 'write', paths: ['src/\u202Egpj.exe\u200b'], workspace: '\u001b[1m' },
];

describe('what an answer is remembered for', () => {
  it.each(MATCHES)('in English as the host says it: %j', (match) =>
    expect(matchText(match, en)).toBe(matchWords(match)),
  );

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
      for (const match of MATCHES) expect(matchText(match, m)).not.toMatch(/[\p{Cc}\p{Cf}]/u);
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
