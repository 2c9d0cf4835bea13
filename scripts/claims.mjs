// `npm run claims`: every claim of SECURITY.md has a test that ran and passed, and no test names a claim that is not there.
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ROOT } from './node.mjs';
import { suitesOf, suitesTable } from './suites.mjs';

/** Where `npm test` leaves vitest's reports, one file for each project. */
export const REPORTS = join(ROOT, 'test-results');

export const PROJECTS = ['unit', 'integration', 'e2e', 'alone'];
const SOURCES = ['contract', 'main', 'preload', 'renderer', 'e2e', 'scripts', 'SECURITY.md'];

const CLAIM = /^- \*\*([A-Z]+-\d+)\*\* ((?:.+\n?)(?: {2}.+\n?)*)/gm;
/** What a title means for tags: anything in brackets that begins with an id. */
const MEANT = /\[\s*[A-Z]+-\d+[^\]]*\]/g;
const TAGS = /\[([A-Z]+-\d+(?: [A-Z]+-\d+)*)\]/g;

/** The claims of a document in their order: `{ id, text }`. @throws where an id comes twice */
export function claimsOf(markdown) {
  const claims = [...markdown.matchAll(CLAIM)].map(([, id, text]) => ({
    id,
    text: text.replace(/\s+/g, ' ').trim(),
  }));
  for (const { id } of claims)
    if (claims.filter((other) => other.id === id).length > 1) throw new Error(`${id} is there twice.`);
  return claims;
}

/** The ids that a document mentions without claiming them. */
export function unknownMentions(markdown) {
  const known = new Set(claimsOf(markdown).map(({ id }) => id));
  return [...new Set([...markdown.matchAll(/\*\*([A-Z]+-\d+)\*\*/g)].map(([, id]) => id))].filter(
    (id) => !known.has(id),
  );
}

/** How the tests of vitest's JSON reports that name claims ended: id -> `{ passed, failed, skipped }`. */
export function proofsOf(reports) {
  const proofs = new Map();
  for (const { testResults } of reports)
    for (const { assertionResults } of testResults)
      for (const { fullName, status } of assertionResults) {
        const ids = new Set([...fullName.matchAll(TAGS)].flatMap(([, tags]) => tags.split(' ')));
        for (const id of ids) {
          const counts = proofs.get(id) ?? { passed: 0, failed: 0, skipped: 0 };
          counts[status === 'passed' || status === 'failed' ? status : 'skipped']++;
          proofs.set(id, counts);
        }
      }
  return proofs;
}

/** Titles with ids in brackets that `proofsOf` would not read, as with a comma between them. */
export function misreadTags(reports) {
  const titles = reports.flatMap(({ testResults }) =>
    testResults.flatMap(({ assertionResults }) => assertionResults.map(({ fullName }) => fullName)),
  );
  const wrong = titles.flatMap((title) => [...title.matchAll(MEANT)].map(([tag]) => tag));
  return [...new Set(wrong)].filter((tag) => tag.replace(TAGS, '') !== '');
}

/**
 * Why reports prove nothing of what is here now: a project is missing, or a source was changed after its tests began.
 *
 * @param reports - each `{ name, startTime }`, milliseconds since the epoch
 * @param changed - when a source last was
 */
export function staleReports(reports, changed) {
  return [
    ...PROJECTS.filter((project) => !reports.some(({ name }) => name === project)).map(
      (project) => `the ${project} tests have no report`,
    ),
    ...reports
      .filter(({ startTime }) => !(startTime >= changed))
      .map(({ name }) => `the report of the ${name} tests is older than what they test`),
  ];
}

function lastChange(path) {
  const stats = statSync(path);
  if (!stats.isDirectory()) return stats.mtimeMs;
  const names = readdirSync(path).filter((name) => name !== 'node_modules');
  return names.reduce((latest, name) => Math.max(latest, lastChange(join(path, name))), 0);
}

/** One line for each claim, and what is wrong. */
export function judge(claims, proofs) {
  const rows = claims.map(({ id, text }) => {
    const { passed = 0, failed = 0, skipped = 0 } = proofs.get(id) ?? {};
    const result = failed > 0 ? 'FAILED' : passed > 0 ? 'holds' : 'NO TEST';
    return { id, text, passed, failed, skipped, result };
  });
  const known = new Set(claims.map(({ id }) => id));
  const problems = [
    ...rows.filter(({ result }) => result !== 'holds').map(({ id, result }) => `${id}: ${result}`),
    ...[...proofs.keys()]
      .filter((id) => !known.has(id))
      .map((id) => `${id}: tests name it, SECURITY.md does not`),
  ];
  return { rows, problems };
}

function main() {
  const names = existsSync(REPORTS) ? readdirSync(REPORTS).filter((name) => name.endsWith('.json')) : [];
  if (names.length === 0) {
    process.stderr.write('There is no report of a test run. Run: npm test\n');
    process.exitCode = 2;
    return;
  }
  const markdown = readFileSync(join(ROOT, 'SECURITY.md'), 'utf8');
  const claims = claimsOf(markdown);
  const reports = names.map((file) => ({
    ...JSON.parse(readFileSync(join(REPORTS, file), 'utf8')),
    name: file.replace(/\.json$/, ''),
  }));
  const { rows, problems } = judge(claims, proofsOf(reports));
  problems.push(
    ...unknownMentions(markdown).map((id) => `${id}: SECURITY.md mentions it and does not claim it`),
    ...misreadTags(reports).map((tag) => `${tag}: in a title, and read as no claim`),
    ...staleReports(reports, Math.max(...SOURCES.map((source) => lastChange(join(ROOT, source))))),
  );
  for (const { id, text, passed, failed, result } of rows)
    process.stdout.write(
      `${id.padEnd(8)} ${String(passed + failed).padStart(4)} tests  ${result.padEnd(8)} ${text.slice(0, 90)}\n`,
    );
  for (const problem of problems) process.stdout.write(`problem: ${problem}\n`);
  process.stdout.write(`\n${suitesTable(suitesOf(reports))}\n\n`);
  process.stdout.write(`${claims.length} claims, ${problems.length} problems\n`);
  process.exitCode = problems.length === 0 && claims.length > 0 ? 0 : 1;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) main();
