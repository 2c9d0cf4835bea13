import { describe, expect, test } from 'vitest';
import { countVitest, failuresOf, lastLine, table } from './counts.mjs';

const report = (fields) =>
  JSON.stringify({
    numPassedTests: 3,
    numFailedTests: 0,
    numPendingTests: 0,
    numTodoTests: 0,
    testResults: [],
    ...fields,
  });

describe('counting a test run', () => {
  test.each([
    ['all passed', report({}), 0, { passed: 3, failed: 0, skipped: 0 }],
    [
      'skipped and todo are counted',
      report({ numPendingTests: 1, numTodoTests: 2 }),
      0,
      { passed: 3, failed: 0, skipped: 3 },
    ],
    [
      'a file that could not be loaded is a failure',
      report({ testResults: [{ status: 'failed', assertionResults: [] }] }),
      1,
      { passed: 3, failed: 1, skipped: 0 },
    ],
    [
      'a file with a failed test is not counted twice',
      report({
        numFailedTests: 1,
        testResults: [{ status: 'failed', assertionResults: [{ status: 'failed' }] }],
      }),
      1,
      { passed: 3, failed: 1, skipped: 0 },
    ],
    ['an error outside any test is a failure', report({}), 1, { passed: 3, failed: 1, skipped: 0 }],
    [
      'no report is a failure, whatever the exit code says',
      undefined,
      0,
      { passed: 0, failed: 1, skipped: 0 },
    ],
    ['half a report is a failure', '{"numPassedTests":', 0, { passed: 0, failed: 1, skipped: 0 }],
  ])('%s', (_name, text, code, counts) => {
    expect(countVitest(text, code)).toEqual(counts);
  });

  test('says what failed, and why, a line each', () => {
    const text = report({
      testResults: [
        {
          name: '/at/main/a.test.ts',
          status: 'failed',
          assertionResults: [
            { status: 'passed', fullName: 'a is well', failureMessages: [] },
            {
              status: 'failed',
              fullName: 'b is well',
              failureMessages: ['\nError: 1 is not 2\nCounterexample: [3]\n    at b.ts'],
            },
          ],
        },
        { name: '/at/main/c.test.ts', status: 'failed', message: 'cannot load', assertionResults: [] },
        { name: '/at/main/d.test.ts', status: 'passed', message: '', assertionResults: [] },
      ],
    });
    expect(failuresOf(text, '/at')).toEqual([
      'main/a.test.ts > b is well: Error: 1 is not 2 Counterexample: [3]',
      'main/c.test.ts: cannot load',
    ]);
    expect(failuresOf(undefined, '/at')).toEqual([]);
    expect(failuresOf('{"half', '/at')).toEqual([]);
  });

  test('the last line is exact', () => {
    const step = { name: 'unit', passed: 10, failed: 0, skipped: 0 };
    expect(lastLine([step, { ...step, passed: 2, failed: 1 }])).toBe('12 passed, 1 failed');
    expect(lastLine([{ ...step, skipped: 4 }])).toBe('10 passed, 0 failed, 4 skipped');
  });

  test('the table has a row for each step', () => {
    expect(table([{ name: 'types', passed: 1, failed: 0, skipped: 0 }]).split('\n')).toHaveLength(2);
  });
});
