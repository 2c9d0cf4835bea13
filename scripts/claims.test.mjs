import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import {
  claimsOf,
  judge,
  misreadTags,
  PROJECTS,
  proofsOf,
  staleReports,
  unknownMentions,
} from './claims.mjs';

const TEXT = '- **AA-1** One thing\n  holds.\n- **AA-2** Another holds.\n\nSee **AA-3**.\n';
const report = (...tests) => [
  { testResults: [{ assertionResults: tests.map(([fullName, status]) => ({ fullName, status })) }] },
];

describe('claims', () => {
  test('are read with their whole sentence, and none twice', () => {
    expect(claimsOf(TEXT)).toEqual([
      { id: 'AA-1', text: 'One thing holds.' },
      { id: 'AA-2', text: 'Another holds.' },
    ]);
    expect(() => claimsOf(`${TEXT}- **AA-2** Again.\n`)).toThrow('AA-2 is there twice');
    expect(unknownMentions(TEXT)).toEqual(['AA-3']);
  });

  test.each([
    [
      'a test of each that passed',
      [
        ['a [AA-1]', 'passed'],
        ['b [AA-1 AA-2] c', 'passed'],
      ],
      [],
    ],
    ['one without a test', [['a [AA-1]', 'passed']], ['AA-2: NO TEST']],
    [
      'one whose test did not run',
      [
        ['a [AA-1]', 'passed'],
        ['b [AA-2]', 'skipped'],
      ],
      ['AA-2: NO TEST'],
    ],
    [
      'one whose test failed beside one that passed',
      [
        ['a [AA-1 AA-2]', 'passed'],
        ['b [AA-2]', 'failed'],
      ],
      ['AA-2: FAILED'],
    ],
    ['a test of none', [['a [AA-1 AA-2 AA-9]', 'passed']], ['AA-9: tests name it, SECURITY.md does not']],
  ])('%s', (_name, tests, problems) => {
    expect(judge(claimsOf(TEXT), proofsOf(report(...tests))).problems).toEqual(problems);
  });

  test.each([
    ['a comma between', 'a [AA-1, AA-2]', ['[AA-1, AA-2]']],
    ['two blanks between', 'a [AA-1  AA-2]', ['[AA-1  AA-2]']],
    ['a blank before', 'a [ AA-1]', ['[ AA-1]']],
    ['words behind', 'a [AA-1 and more]', ['[AA-1 and more]']],
    ['a right one beside a wrong one', 'a [AA-1] b [AA-2;AA-3]', ['[AA-2;AA-3]']],
    ['right ones', 'a [AA-1 AA-2] b [AA-3]', []],
    ['brackets of another kind', 'a [x] and [0, 1]', []],
  ])('with %s in a title', (_name, title, wrong) => {
    expect(misreadTags(report([title, 'passed']))).toEqual(wrong);
  });

  test.each([
    ['all there and newer', PROJECTS.map((name) => ({ name, startTime: 5 })), 0],
    ['one missing', PROJECTS.slice(1).map((name) => ({ name, startTime: 5 })), 1],
    ['one older than a source', PROJECTS.map((name, i) => ({ name, startTime: 3 + i })), 1],
    ['one without a time', PROJECTS.map((name, i) => ({ name, ...(i > 0 && { startTime: 5 }) })), 1],
  ])('by reports: %s', (_name, reports, problems) => {
    expect(staleReports(reports, 4)).toHaveLength(problems);
  });

  test('of SECURITY.md are one sentence each, and what it mentions is there', () => {
    const markdown = readFileSync(join(import.meta.dirname, '..', 'SECURITY.md'), 'utf8');
    const claims = claimsOf(markdown);
    expect(claims.length).toBeGreaterThan(80);
    for (const { text } of claims) expect(text).toMatch(/^[^.]*(?:\.[^. ][^.]*)*\.$/);
    expect(unknownMentions(markdown)).toEqual([]);
  });
});
