import { describe, expect, test } from 'vitest';
import { PolicyFile } from '../../contract/policy.ts';
import { parsePolicy, policyText } from './policy-file.ts';

const RULE = `version: 1
rules:
  - effect: allow
    match: { kind: write, paths: ['src/**'] }
`;

describe('a policy file', () => {
  test('is read, and read again from what is written of it', () => {
    const policy = parsePolicy(RULE, 'policy.yaml');
    expect(policy.rules).toEqual([{ effect: 'allow', match: { kind: 'write', paths: ['src/**'] } }]);
    expect(parsePolicy(policyText(policy), 'copy')).toEqual(policy);
  });

  test('YAML words that look like other types stay what was written', () => {
    const policy = PolicyFile.parse({
      version: 1,
      rules: [
        {
          effect: 'deny',
          match: { kind: 'exec', argv: ['no', '1e3', '0x10', 'null', '*', '- a'] },
          note: 'yes: #1',
        },
      ],
    });
    expect(parsePolicy(policyText(policy), 'copy').rules).toEqual(policy.rules);
  });

  test.each([
    [
      'an unknown key in a rule',
      `${RULE}    surprise: 1\n`,
      /line 5: there is no key "surprise" in rules\.0/,
    ],
    ['an unknown key at the top', `${RULE}rule: []\n`, /line 5: there is no key "rule"/],
    ['no such decision', RULE.replace('allow', 'maybe'), /line 3: rules\.0\.effect/],
    ['another version', RULE.replace('1', '2'), /line 1: version/],
    [
      'a key twice, of which one would silently win',
      `${RULE}version: 1\n`,
      /line 5: Map keys must be unique/,
    ],
    [
      'a key twice, by another name',
      `version: 1\n&r rules: [{ effect: deny, match: { kind: write, paths: [a] } }]\n*r : []\n`,
      /line 3: a key must be a plain word/,
    ],
    [
      'a key that is a text of its own',
      `version: 1\n? rules\n: []\n`,
      /line 2: it nests deeper than any rule does, or has a key that is no plain word/,
    ],
    ['a tag of another language', `version: !!js/function 1\nrules: []\n`, /line 1: Unresolved tag/],
    ['no YAML at all', 'rules: [', /no valid policy/],
    ['nothing', '', /the file/],
    [
      'aliases that grow to fill the memory (billion laughs)',
      `a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\nversion: 1\nrules: *c\n`,
      /alias/i,
    ],
  ])('is refused with the line of the problem: %s', (_name, text, message) => {
    expect(() => parsePolicy(text, 'policy.yaml')).toThrow(message);
  });
});

describe('a policy file is read whole', () => {
  test.each([
    ['spread out', RULE.replace('match: {', 'match: # who? [us]\n      {')],
    ['with as many rules as people write', `${RULE}${RULE.slice(RULE.indexOf('  -')).repeat(500)}`],
  ])('%s', (_name, text) => {
    expect(parsePolicy(text, 'policy.yaml').rules[0]).toEqual({
      effect: 'allow',
      match: { kind: 'write', paths: ['src/**'] },
    });
  });

  test.each(['{', '[', '[{', '? ', '- ', '{"]":', "{a': ']', ", '{"}": ["]", ', '{"\\"]": '])(
    'and refused at once when it nests for ever: %s',
    (motif) => {
      expect(() => parsePolicy(`version: 1\n${motif.repeat(1000)}`, 'policy.yaml')).toThrow(
        /line 2: it nests/,
      );
    },
  );
});
