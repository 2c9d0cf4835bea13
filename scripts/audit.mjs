// `npm run audit`: asks npm for known problems of the packages that are shipped. Part of `npm test`, where a network that
// gives no answer is said and fails nothing.
import { spawnSync } from 'node:child_process';
import { pathToFileURL } from 'node:url';
import { npmCommand, ROOT, withNode } from './node.mjs';

/** So long the registry may take, in milliseconds. */
const WAIT_MS = 20_000;
/** From here on a problem fails the run; smaller ones are said. */
const GRAVE = ['high', 'critical'];

/** Asks npm, and what that means. */
export function audit() {
  const [command, ...args] = npmCommand();
  const { stdout } = spawnSync(
    command,
    [...args, 'audit', '--omit=dev', '--json', '--fetch-retries=0', `--fetch-timeout=${WAIT_MS}`],
    { cwd: ROOT, encoding: 'utf8', env: withNode(process.execPath), timeout: 2 * WAIT_MS },
  );
  return judgeAudit(stdout ?? '');
}

/**
 * What an answer of `npm audit --json` means: `{ result: 'passed' | 'failed' | 'unknown', lines }`. One that is not
 * understood is unknown, never passed.
 */
export function judgeAudit(text) {
  let answer;
  try {
    answer = JSON.parse(text);
  } catch {
    return unknown('npm gave no answer');
  }
  const counts = answer?.metadata?.vulnerabilities;
  const packages = answer?.metadata?.dependencies?.prod;
  if (typeof counts?.total !== 'number')
    return unknown(String(answer?.message ?? answer?.error?.summary ?? 'npm gave no answer').split('\n')[0]);
  const found = Object.values(answer.vulnerabilities ?? {}).map(
    ({ name, severity, range }) => `${severity}: ${name} ${range}`,
  );
  const grave = GRAVE.some((severity) => counts[severity] > 0);
  if (counts.total > 0 && found.length === 0) return unknown('npm counts problems and names none');
  const of = packages === undefined ? '' : ` in ${packages} packages`;
  return {
    result: grave ? 'failed' : 'passed',
    lines: [counts.total === 0 ? `no known problem${of}` : `${counts.total} known${of}`, ...found],
  };
}

function unknown(why) {
  // Without the address that npm asked.
  const short = why.replace(/\s*-\s*(?:GET|POST) \S+/, '').replace(/https?:\/\/\S+/g, 'the registry');
  return { result: 'unknown', lines: [`not checked for known problems: ${short}`] };
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const { result, lines } = audit();
  for (const line of lines) process.stdout.write(`${line}\n`);
  process.exitCode = result === 'passed' ? 0 : 1;
}
