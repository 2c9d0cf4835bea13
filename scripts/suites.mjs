// The attack suites of a test run: how many cases each tried, how many got through, and how long that took.

/** Name of a suite -> the test files that are its cases, by the end of their paths. */
const SUITES = [
  [
    'paths',
    /main\/guard\/(?:path|fs-names|atomic-write)[^/]*$|main\/core\/glob[^/]*$|e2e\/attacks-(?:paths|names)/,
  ],
  ['git', /main\/guard\/git[^/]*$|main\/tools\/git\/|e2e\/attacks-git/],
  ['commands', /main\/guard\/argv[^/]*$|main\/tools\/commands\/|e2e\/attacks-commands/],
  ['URLs', /main\/guard\/(?:url|net)[^/]*$|main\/tools\/web\/|e2e\/(?:web|attacks-urls)/],
  ['pages in the browser', /main\/tools\/browser\//],
  ['SQL', /main\/guard\/sql[^/]*$|main\/tools\/databases\/|e2e\/attacks-sql/],
  ['HTTP, JSON, tokens, many at once', /e2e\/attacks\.test/],
  ['YAML', /main\/core\/policy-file[^/]*$|e2e\/attacks-yaml/],
  ['panel', /e2e\/attacks-panel|main\/headless\/panel[^/]*$/],
  ['IPC and windows', /main\/electron\/(?:ipc|hardening|protocol|windows)[^/]*$/],
  ['approvals', /e2e\/attacks-approvals/],
  ['one client against another', /e2e\/attacks-clients/],
  ['resources', /e2e\/attacks-(?:resources|memory)/],
  ['keys and redaction', /main\/vault\/|main\/core\/redact[^/]*$/],
  ['audit log', /main\/store\/audit(?:-verify)?\.test/],
  ['backups', /main\/backup\//],
  ['faults and kills', /e2e\/(?:faults|torture|clock)|main\/clock-back/],
  ['by chance', /\.property\.test|e2e\/fuzz/],
];

/**
 * The suites that vitest's JSON reports hold cases of, each `{ name, cases, escapes, skipped, seconds }`. A case of two
 * suites (a guard's property) counts in both.
 */
export function suitesOf(reports) {
  const files = reports.flatMap(({ testResults }) => testResults);
  return SUITES.map(([name, pattern]) => {
    const cases = files
      .filter((file) => pattern.test(file.name.replaceAll('\\', '/')))
      .flatMap((file) => file.assertionResults);
    const count = (status) => cases.filter((one) => one.status === status).length;
    const [passed, failed] = [count('passed'), count('failed')];
    const seconds = cases.reduce((sum, { duration }) => sum + (duration ?? 0), 0) / 1000;
    return {
      name,
      cases: passed + failed,
      escapes: failed,
      skipped: cases.length - passed - failed,
      seconds,
    };
  }).filter(({ cases, skipped }) => cases + skipped > 0);
}

export function suitesTable(suites) {
  const width = Math.max(...suites.map(({ name }) => name.length));
  const line = (name, ...cells) =>
    `${name.padEnd(width)} ${cells.map((cell) => String(cell).padStart(8)).join('')}`;
  return [
    line('attacks', 'cases', 'escapes', 'skipped', 'seconds'),
    ...suites.map(({ name, cases, escapes, skipped, seconds }) =>
      line(name, cases, escapes, skipped, seconds.toFixed(1)),
    ),
  ].join('\n');
}
