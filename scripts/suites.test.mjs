import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { suitesOf, suitesTable } from './suites.mjs';

const file = (name, ...statuses) => ({
  name,
  assertionResults: statuses.map((status) => ({ status, duration: 500 })),
});

describe('the attack suites', () => {
  test('are counted by their files: cases that ran, those that got through, those that could not run', () => {
    const suites = suitesOf([
      {
        testResults: [
          file('/at/main/guard/path.test.ts', 'passed', 'failed', 'skipped'),
          file('/at/main/core/canonical.test.ts', 'passed'),
        ],
      },
      { testResults: [file('C:\\at\\main\\guard\\path.property.test.ts', 'passed')] },
    ]);
    expect(suites).toEqual([
      { name: 'paths', cases: 3, escapes: 1, skipped: 1, seconds: 2 },
      { name: 'by chance', cases: 1, escapes: 0, skipped: 0, seconds: 0.5 },
    ]);
    expect(suitesTable(suites).split('\n')).toHaveLength(3);
  });

  test('each file of attacks in e2e is in one', () => {
    const e2e = join(import.meta.dirname, '..', 'e2e');
    for (const name of readdirSync(e2e).filter((one) =>
      /^(?:attacks|faults|fuzz|torture).*\.test\.ts$/.test(one),
    ))
      expect([name, suitesOf([{ testResults: [file(`/at/e2e/${name}`, 'passed')] }]).length > 0]).toEqual([
        name,
        true,
      ]);
  });
});
