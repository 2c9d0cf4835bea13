// `npm test`: sets the checkout up, checks and tests everything, and says in its last line how many passed and failed.
import { spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { audit } from './audit.mjs';
import { PROJECTS, REPORTS } from './claims.mjs';
import { countVitest, failuresOf, lastLine, table } from './counts.mjs';
import { findElectron, whyNoWindow } from './desktop.mjs';
import { needNode, onStop, ROOT, say, withNode } from './node.mjs';
import { ensureBuilt, ensurePackages, ensurePrograms, FOR_KEYCHAIN, PEERS, TEST_KEYCHAIN } from './setup.mjs';

/** What has not ended by then never would: a test that keeps its thread busy is ended by no limit of its own. */
const LIMIT_MINUTES = 60;

await needNode(fileURLToPath(import.meta.url));
const needsBrowser =
  existsSync(join(ROOT, 'e2e')) && readdirSync(join(ROOT, 'e2e')).some((name) => name.endsWith('.test.ts'));
ensurePrograms(
  'git',
  'postgresql',
  ...FOR_KEYCHAIN,
  ...TEST_KEYCHAIN,
  ...(needsBrowser ? ['chromium', 'Chromium’s headless shell'] : []),
);
ensurePackages();
ensurePackages(PEERS);

/** For all that tests put into the folder for temporary files, and that programs which they kill leave there. */
const temporary = mkdtempSync(join(tmpdir(), 'fastband-test-'));
// Some servers that tests start run as another user, and have a folder in it.
chmodSync(temporary, 0o711);
process.on('exit', () => rmSync(temporary, { recursive: true, force: true, maxRetries: 5 }));

const desktop = desktopUnderTest();
const steps = [];
const built = ensureBuilt({ orExit: false });
// A build that works is no test; one that does not is a failure.
if (!built) steps.push({ name: 'build', passed: 0, failed: 1, skipped: 0 });
steps.push(
  ...(await Promise.all([
    check('lint', '@biomejs/biome/bin/biome', 'check', '.'),
    check('types', 'typescript/bin/tsc', '-p', '.'),
    check('types of the panel', 'typescript/bin/tsc', '-p', 'renderer'),
  ])),
);
steps.push(auditStep());
steps.push(...(await vitest()));
steps.push(await check('claims', join(ROOT, 'scripts', 'claims.mjs')));

const failures = steps.flatMap((step) => (step.failures ?? []).map((line) => `failed: ${line}\n`));
const said = [...steps.flatMap((step) => step.said ?? []), desktop.line].join('\n');
process.stdout.write(`\n${failures.join('')}\n${table(steps)}\n\n${said}\n${lastLine(steps)}\n`);
process.exitCode = steps.some((step) => step.failed > 0) ? 1 : 0;

/** On what the desktop's tests run: on Electron where its program is here and can be shown, else on its double. */
function desktopUnderTest() {
  const { env, platform } = process;
  const why = whyNoWindow({ env, platform, uid: process.getuid?.() });
  const { program, version, missing } = findElectron({ env, platform });
  if (why === undefined && program !== undefined)
    return { line: `desktop: on Electron ${version}`, env: { FASTBAND_TEST_ELECTRON: program } };
  return { line: `desktop: on the Electron double (${why ?? missing})`, env: {} };
}

/** A check without parts counts as one test. */
async function check(name, script, ...args) {
  say(`${name} …`);
  const passed = (await run(resolve(ROOT, 'node_modules', script), args)) === 0;
  return { name, passed: passed ? 1 : 0, failed: passed ? 0 : 1, skipped: 0 };
}

/** Where the network gives no answer this is skipped, and said. */
function auditStep() {
  say('known problems of packages …');
  const { result, lines } = audit();
  for (const line of lines) say(line);
  const count = (one) => (result === one ? 1 : 0);
  return {
    name: 'known problems',
    passed: count('passed'),
    failed: count('failed'),
    skipped: count('unknown'),
    said: `packages: ${lines[0]}`,
    failures: result === 'failed' ? lines : [],
  };
}

async function vitest() {
  rmSync(REPORTS, { recursive: true, force: true });
  const steps = [];
  for (const project of PROJECTS) {
    say(`${project} tests …`);
    const report = join(REPORTS, `${project}.json`);
    const args = [
      'run',
      '--project',
      project,
      '--passWithNoTests',
      '--reporter=default',
      '--reporter=json',
      `--outputFile.json=${report}`,
      // Vitest leaves one core free by itself: half of them, where there are two.
      ...(project === 'unit' || project === 'e2e' ? ['--maxWorkers=100%'] : []),
    ];
    const code = await run(join(ROOT, 'node_modules', 'vitest', 'vitest.mjs'), args);
    const text = existsSync(report) ? readFileSync(report, 'utf8') : undefined;
    steps.push({ name: project, ...countVitest(text, code), failures: failuresOf(text, ROOT) });
  }
  return steps;
}

/** Runs a Node script in a process group of its own, for a limited time, and ends what it may have left behind. */
function run(script, args) {
  const ownGroup = process.platform !== 'win32';
  const child = spawn(process.execPath, [script, ...args], {
    cwd: ROOT,
    stdio: ['ignore', 'inherit', 'inherit'],
    env: withNode(process.execPath, {
      ...process.env,
      ...desktop.env,
      TMPDIR: temporary,
      CI: process.env.CI ?? '1',
    }),
    detached: ownGroup,
  });
  const end = (signal) => {
    try {
      if (child.pid !== undefined) process.kill(ownGroup ? -child.pid : child.pid, signal);
    } catch (error) {
      // Already gone, with everything it started: as it should be.
      if (error.code !== 'ESRCH') throw error;
    }
  };
  const limit = setTimeout(() => {
    say(`this has run for ${LIMIT_MINUTES} minutes and is ended: it hangs. What it printed last says where.`);
    end('SIGKILL');
  }, LIMIT_MINUTES * 60_000);
  let stopped = false;
  const done = onStop((signal) => {
    stopped = true;
    end(signal);
  });
  return new Promise((resolve) => {
    child.on('error', () => resolve(1));
    child.on('exit', (code) => {
      clearTimeout(limit);
      done();
      end('SIGKILL');
      // Nobody waits for the rest.
      if (stopped) process.exit(130);
      resolve(code ?? 1);
    });
  });
}
