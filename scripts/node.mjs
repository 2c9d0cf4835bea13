// Finding a Node that is new enough. Plain JavaScript for Node 16 and newer: it runs before anything is set up.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..');
const FETCHED_MAJOR = 24;

/** Progress goes to stderr: stdout belongs to whatever is started. */
export function say(text) {
  process.stderr.write(`fastband setup: ${text}\n`);
}

/**
 * Whether a Node ("v22.18.0") can work on a checkout: from 22.18 on it runs the TypeScript of `scripts` and `bench` as
 * it is. The built command is content with less (`engines.node`).
 */
export function isNewEnough(version) {
  const [major = 0, minor = 0] = version.replace(/^v/, '').split('.').map(Number);
  return major > 22 || (major === 22 && minor >= 18);
}

/** The npm package that carries Node's binary for a platform. */
export function nodePackage(platform = process.platform, arch = process.arch) {
  return `node-${platform === 'win32' ? 'win' : platform}-${arch}`;
}

export function fetchedNode(root = ROOT) {
  return join(
    root,
    '.node',
    'node_modules',
    nodePackage(),
    'bin',
    process.platform === 'win32' ? 'node.exe' : 'node',
  );
}

/** How to run npm under a given Node: npm's own script where it is known, else what PATH holds. */
export function npmCommand(node = process.execPath) {
  const script = process.env.npm_execpath;
  if (script !== undefined && /npm-cli\.js$/.test(script) && existsSync(script)) return [node, script];
  return process.platform === 'win32' ? ['cmd.exe', '/d', '/s', '/c', 'npm'] : ['npm'];
}

/** An environment in which `node` is the first Node on PATH, for npm and everything it starts. */
export function withNode(node, env = process.env) {
  const name = Object.keys(env).find((key) => key.toUpperCase() === 'PATH') ?? 'PATH';
  return { ...env, [name]: `${dirname(node)}${delimiter}${env[name] ?? ''}` };
}

/**
 * When this process's Node is too old: gets a newer one from npm into `.node`, runs `script` again under it with the
 * same arguments, and never returns. Otherwise does nothing.
 */
export async function needNode(script) {
  if (isNewEnough(process.version)) return;
  const node = fetchedNode();
  if (!works(node)) fetchNode(node);
  const child = spawn(node, [script, ...process.argv.slice(2)], { stdio: 'inherit', env: withNode(node) });
  process.exit(await ended(child));
}

function fetchNode(node) {
  const name = `${nodePackage()}@${FETCHED_MAJOR}`;
  say(
    `Node ${process.version} is too old for Fastband; getting Node ${FETCHED_MAJOR} from npm (${name}) into .node …`,
  );
  const [command, ...args] = npmCommand();
  const install = [
    'install',
    '--prefix',
    join(ROOT, '.node'),
    '--no-save',
    '--no-package-lock',
    '--no-audit',
    '--no-fund',
    name,
  ];
  // Its output goes to stderr: stdout is read by scripts.
  const { status, error } = spawnSync(command, [...args, ...install], { cwd: ROOT, stdio: ['ignore', 2, 2] });
  if (status === 0 && works(node)) return;
  const why = error === undefined ? `npm ended with ${status}` : error.message;
  say(`A newer Node could not be had (${why}). Install Node 22.18 or newer by hand, then run this again.`);
  process.exit(1);
}

function works(node) {
  return existsSync(node) && spawnSync(node, ['--version'], { stdio: 'ignore' }).status === 0;
}

const PARENT_CHECK_MS = 300;

/**
 * Calls back once for each signal that asks this process to end. A stopped npm counts: it signals the shell between,
 * which ends without telling us. The answer takes it back.
 */
export function onStop(stop) {
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'];
  for (const signal of signals) process.on(signal, stop);
  const parent = process.ppid;
  const watch = setInterval(() => {
    // Only what npm runs: whoever starts the script by itself may well leave it behind on purpose.
    if (process.env.npm_lifecycle_event === undefined || process.ppid === parent) return;
    clearInterval(watch);
    stop('SIGTERM');
  }, PARENT_CHECK_MS);
  watch.unref();
  return () => {
    clearInterval(watch);
    for (const signal of signals) process.off(signal, stop);
  };
}

/** Passes on to a child that it should stop, and resolves with the exit code that this process should have. */
export function ended(child) {
  const done = onStop((signal) => child.kill(signal));
  return new Promise((resolve) => {
    child.on('error', (error) => {
      say(error.message);
      resolve(1);
    });
    child.on('exit', (code, signal) => {
      done();
      resolve(code ?? (signal === 'SIGINT' ? 130 : 143));
    });
  });
}
