import { expect, test } from 'vitest';
import type { AuditRow } from '../../contract/audit.ts';
import type { Rule, RuleInput } from '../../contract/policy.ts';
import { compilePolicy } from './policy.ts';
import { previewOn } from './rule-preview.ts';

const policy = (...rules: RuleInput[]) =>
  compilePolicy({
    rules: rules.map((rule, at): Rule => ({ ...rule, id: `r${at}`, createdAt: 0, source: 'person' })),
    grants: [],
    toolHashes: new Map(),
  });
const ALLOW_SRC: RuleInput = { effect: 'allow', match: { kind: 'write', paths: ['src/**'] } };

let seq = 100;
const row = (detail: Record<string, unknown>, more: Partial<AuditRow> = {}): AuditRow =>
  ({
    seq: seq--,
    at: 5,
    callId: `c${seq}`,
    clientId: 'k1',
    actor: 'Cursor',
    summary: 's',
    detail,
    ...more,
  }) as AuditRow;
const write = (path: string) => ({
  kind: 'write',
  workspace: 'shop',
  path,
  op: 'modify',
  decision: 'ask',
  by: 'default:ask',
});

test('past calls are decided anew, and what would change is counted and shown', () => {
  const rows = [
    row({ effects: [write('src/a.ts')] }),
    row({ effects: [write('src/a.ts'), write('b.ts')] }),
    row({ effects: [write('b.ts')] }),
  ];
  expect(previewOn(rows, policy(), policy(ALLOW_SRC), 10)).toMatchObject({
    calls: 3,
    allow: 1,
    ask: 2,
    deny: 0,
    changed: 1,
    examples: [{ actor: 'Cursor', before: 'ask', after: 'allow' }],
  });
});

test('a call counts once, by whichever of its rows holds its effects', () => {
  const rows = [
    row({}, { callId: 'c' }),
    row({ effects: [write('src/a.ts')] }, { callId: 'c' }),
    row({ effects: [write('src/a.ts')] }, { callId: 'c' }),
  ];
  expect(previewOn(rows, policy(), policy(ALLOW_SRC), 10)).toMatchObject({ calls: 1, allow: 1 });
});

test('a row that does not say enough is no guess', () => {
  const rows = [
    row({ effects: [{ kind: 'write', path: 'src/a.ts' }] }),
    row({ effects: [write('src/a.ts')], effectsOmitted: 3 }),
  ];
  expect(previewOn(rows, policy(), policy(ALLOW_SRC), 10)).toMatchObject({ calls: 2, unclear: 2, allow: 0 });
});

test('a rule for another client, or one that has expired, changes nothing', () => {
  const rows = [row({ effects: [write('src/a.ts')] })];
  for (const more of [{ client: 'Codex' }, { expires: 9 }])
    expect(previewOn(rows, policy(), policy({ ...ALLOW_SRC, ...more }), 10)).toMatchObject({
      changed: 0,
      ask: 1,
    });
});
