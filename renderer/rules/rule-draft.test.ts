import { expect, test } from 'vitest';
import { type Match, type Rule, RuleInput } from '../../contract/policy.ts';
import { draftOf, NEW_DRAFT, ruleOf } from './rule-draft.ts';

const MATCHES: readonly Match[] = [
  { kind: 'read', paths: ['**/.env'], workspace: 'shop' },
  { kind: 'write', paths: ['src/**', 'test/**'], ops: ['create', 'modify'] },
  { kind: 'exec', argv: ['npm', 'run', '...'], cwd: ['packages/**'] },
  { kind: 'exec', argv: ['sh'], stdin: 'a'.repeat(64) },
  { kind: 'net', hosts: ['*.example.org'], ports: [443, 8443], methods: ['GET'] },
  { kind: 'secret', providers: ['anthropic'] },
  { kind: 'query', databases: ['*.db'], access: 'read' },
];

test.each(MATCHES)('a rule about $kind comes out of the form as it went in', (match) => {
  const body: RuleInput = { effect: 'deny', match, client: 'Cursor', expires: 5, note: 'why' };
  const rule: Rule = { ...body, id: 'r', createdAt: 1, source: 'person' };
  expect(ruleOf(draftOf(rule))).toEqual(body);
});

test('an empty form is no rule', () => {
  expect(ruleOf(NEW_DRAFT)).toBeUndefined();
  expect(ruleOf({ ...NEW_DRAFT, patterns: ' \n' })).toBeUndefined();
});

test('what is typed between is a rule that the host would take', () => {
  expect(RuleInput.safeParse(ruleOf({ ...NEW_DRAFT, patterns: ' src/** \n\n' })).success).toBe(true);
  // An argument may begin with a space: lines of a command are taken as they are.
  expect(ruleOf({ ...NEW_DRAFT, kind: 'exec', patterns: 'echo\n hi' })?.match).toMatchObject({
    argv: ['echo', ' hi'],
  });
});

test('folders of a command and methods of a request are as they are typed', () => {
  expect(
    ruleOf({ ...NEW_DRAFT, kind: 'exec', patterns: 'npm', cwd: 'packages/**\n\n apps/*' })?.match,
  ).toEqual({
    kind: 'exec',
    argv: ['npm'],
    cwd: ['packages/**', 'apps/*'],
  });
  expect(ruleOf({ ...NEW_DRAFT, kind: 'net', patterns: 'a.example', methods: 'get, post' })?.match).toEqual({
    kind: 'net',
    hosts: ['a.example'],
    methods: ['GET', 'POST'],
  });
});
