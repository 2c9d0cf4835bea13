// Counting what a test run says of itself.

/**
 * Counts of one vitest run from its JSON report. A run that ended badly without a failed test (a file that could not
 * be loaded, an error outside any test, no report at all) counts as at least one failure.
 */
export function countVitest(report, exitCode) {
  const none = { passed: 0, failed: exitCode === 0 ? 0 : 1, skipped: 0 };
  if (report === undefined) return { ...none, failed: 1 };
  let read;
  try {
    read = JSON.parse(report);
  } catch {
    return { ...none, failed: 1 };
  }
  // A file that fails to load has no tests in the report, only itself.
  const brokenFiles = read.testResults.filter(
    (file) => file.status === 'failed' && !file.assertionResults.some((test) => test.status === 'failed'),
  ).length;
  const failed = read.numFailedTests + brokenFiles;
  return {
    passed: read.numPassedTests,
    failed: failed === 0 && exitCode !== 0 ? 1 : failed,
    skipped: read.numPendingTests + read.numTodoTests,
  };
}

export function table(steps) {
  const width = Math.max(...steps.map((step) => step.name.length));
  const cell = (value) => String(value).padStart(7);
  const rows = steps.map(
    (step) => `${step.name.padEnd(width)} ${cell(step.passed)} ${cell(step.failed)} ${cell(step.skipped)}`,
  );
  return [`${''.padEnd(width)} ${cell('passed')} ${cell('failed')} ${cell('skipped')}`, ...rows].join('\n');
}

/** "12 passed, 0 failed", with ", 1 skipped" where any were. */
export function lastLine(steps) {
  const sum = (key) => steps.reduce((total, step) => total + step[key], 0);
  const skipped = sum('skipped');
  return `${sum('passed')} passed, ${sum('failed')} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`;
}
