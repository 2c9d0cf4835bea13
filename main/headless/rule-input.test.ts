import { describe, expect, test } from 'vitest';
import { type RuleWords, ruleFromWords } from './rule-input.ts';
import { UsageError } from './terminal.ts';

const NOW = Date.parse('2026-01-01T00:00:00Z');

describe('a rule from the words of a command line', () => {
  test.each<[string, string, string[], RuleWords, unknown]>([
    [
      'paths in one workspace, for an hour',
      'write',
      ['src/**'],
      { allow: true, workspace: 'shop', expires: '1h' },
      {
        effect: 'allow',
        match: { kind: 'write', workspace: 'shop', paths: ['src/**'] },
        expires: NOW + 3_600_000,
      },
    ],
    [
      'each argument of a command is a pattern of its own',
      'exec',
      ['npm', 'run', 'test:*'],
      { ask: true, client: 'Cursor' },
      { effect: 'ask', match: { kind: 'exec', argv: ['npm', 'run', 'test:*'] }, client: 'Cursor' },
    ],
    [
      'hosts with ports and methods, which are upper case',
      'net',
      ['*.example.com'],
      { deny: true, port: [443], method: ['post'] },
      { effect: 'deny', match: { kind: 'net', hosts: ['*.example.com'], ports: [443], methods: ['POST'] } },
    ],
    [
      'providers',
      'secret',
      ['openai'],
      { ask: true },
      { effect: 'ask', match: { kind: 'secret', providers: ['openai'] } },
    ],
    [
      'databases, for reading only',
      'query',
      ['shop.db'],
      { allow: true, access: 'read' },
      { effect: 'allow', match: { kind: 'query', databases: ['shop.db'], access: 'read' } },
    ],
  ])('%s', (_name, kind, patterns, words, rule) => {
    expect(ruleFromWords(kind, patterns, words, NOW)).toEqual(rule);
  });

  test.each<[string, string, string[], RuleWords]>([
    ['no decision', 'write', ['a'], {}],
    ['two decisions', 'write', ['a'], { allow: true, deny: true }],
    ['no such kind', 'delete', ['a'], { allow: true }],
    [
      'an option of another kind, which would widen the rule if it were ignored',
      'write',
      ['a'],
      { allow: true, port: [443] },
    ],
    ['a workspace for hosts, which know none', 'net', ['a.example'], { allow: true, workspace: 'shop' }],
    ['no such operation', 'write', ['a'], { allow: true, op: ['burn'] }],
    ['an expiry in the past', 'write', ['a'], { allow: true, expires: '2020-01-01' }],
    ['an expiry that is no time', 'write', ['a'], { allow: true, expires: 'soon' }],
  ])('%s is a usage error', (_name, kind, patterns, words) => {
    expect(() => ruleFromWords(kind, patterns, words, NOW)).toThrow(UsageError);
  });
});
