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

/** What failed in one vitest run, a line for each: the file, the test and what went wrong, a counterexample too. */
export function failuresOf(report, root) {
  if (report === undefined) return [];
  let read;
  try {
    read = JSON.parse(report);
  } catch {
    return [];
  }
  return read.testResults.flatMap(({ name = '', status, message = '', assertionResults }) => {
    const file = name.startsWith(root) ? name.slice(root.length).replace(/^[\\/]/, '') : name;
    const failed = assertionResults.filter((test) => test.status === 'failed');
    if (failed.length === 0) return status === 'failed' ? [`${file}: ${inOneLine(message)}`] : [];
    return failed.map(
      (test) => `${file} > ${test.fullName}: ${inOneLine((test.failureMessages ?? []).join('\n'))}`,
    );
  });
}

/** What comes before the stack, in one line that is not endless. */
function inOneLine(text) {
  const lines = text.split('\n').map((line) => line.trim());
  const stack = lines.findIndex((line) => /^at /.test(line));
  const said = (stack < 0 ? lines : lines.slice(0, stack)).filter((line) => line !== '');
  return said.length === 0 ? 'no message' : said.join(' ').slice(0, 500);
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
