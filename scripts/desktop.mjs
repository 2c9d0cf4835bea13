// Whether `npm start` begins the desktop app or the host without a window, and how it gets Electron for the former.
import { spawn } from 'node:child_process';
import { existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { onStop, ROOT, say } from './node.mjs';

const FETCH_MS = 120_000;
const TELL_MS = 15_000;
/** A fetch that failed is not tried again at every start: a network that swallows it would cost two minutes each time. */
const FAILED_MS = 24 * 60 * 60 * 1000;

/**
 * What the arguments of `npm start` ask for. The desktop knows `--home` and `--hidden`; any other argument is one of
 * `fastband serve`, which has no window.
 *
 * @param args - as typed after `npm start --`
 * @returns `serve`: for `fastband serve`; `app`: for the desktop; `headless`: why there can be no window, if so
 */
export function readArguments(args) {
  const serve = [];
  const app = [];
  let headless;
  for (let at = 0; at < args.length; at++) {
    const arg = args[at];
    if (arg === '--headless') headless = 'as asked';
    else if (arg === '--hidden') app.push(arg);
    else if (arg === '--home' && at + 1 < args.length) {
      serve.push(arg, args[at + 1]);
      // Chromium takes an option's value behind "=" only.
      app.push(`--home=${resolve(args[++at])}`);
    } else if (arg.startsWith('--home=')) {
      serve.push(arg);
      app.push(`--home=${resolve(arg.slice('--home='.length))}`);
    } else {
      serve.push(arg);
      headless ??= `${arg.replace(/=.*$/s, '')} is an option of the host without a window`;
    }
  }
  return { serve, app, headless };
}

/**
 * Why there can be no window here, whatever Electron says; undefined when there can be one.
 *
 * @param where - `asked`: the reason that the arguments gave; `uid`: of this process, where there are any
 */
export function whyNoWindow({ asked, env, platform, uid }) {
  if (asked !== undefined) return asked;
  if (platform !== 'linux') return undefined;
  if (uid === 0) return 'Electron’s sandbox does not start as root; start Fastband as another user';
  if (!env.DISPLAY && !env.WAYLAND_DISPLAY)
    return 'there is no display (neither DISPLAY nor WAYLAND_DISPLAY is set)';
  return undefined;
}

/**
 * Electron's program, looked for without loading its package, which would fetch it at once.
 *
 * @returns `program` and its `version`, or `missing` with the reason and whether a fetch could help
 */
export function findElectron({ root = ROOT, env, platform }) {
  const folder = join(root, 'node_modules', 'electron');
  const override = env.ELECTRON_OVERRIDE_DIST_PATH;
  if (override) {
    const program = join(override, programPath(platform));
    if (existsSync(program)) return { program, version: readVersion(override) ?? 'of unknown version' };
    return { missing: 'there is no Electron in ELECTRON_OVERRIDE_DIST_PATH', fetchable: false };
  }
  if (!existsSync(join(folder, 'install.js')))
    return { missing: 'Electron is not among the installed packages', fetchable: false };
  // Its installer writes path.txt last: without it, or with another version, the folder is half of one.
  const program = join(folder, 'dist', programPath(platform));
  const wanted = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')).version;
  const found = readText(join(folder, 'dist', 'version'))
    ?.trim()
    .replace(/^v/, '');
  if (readText(join(folder, 'path.txt')) !== undefined && found === wanted && existsSync(program))
    return { program, version: found };
  if (env.ELECTRON_SKIP_BINARY_DOWNLOAD)
    return {
      missing: 'Electron is not here, and ELECTRON_SKIP_BINARY_DOWNLOAD forbids to fetch it',
      fetchable: false,
    };
  if (failedLately(root))
    return {
      missing:
        'Electron could not be fetched in the last 24 hours; "node node_modules/electron/install.js" tries again',
      fetchable: false,
    };
  return { missing: 'Electron could not be fetched', fetchable: true };
}

/**
 * Runs Electron's own installer once, for at most two minutes. It checks what it fetched against the hashes in its
 * package. A stopped `npm start` ends it too.
 *
 * @returns whether it ended well
 */
export async function fetchElectron({ root = ROOT, env, ms = FETCH_MS, tell = say }) {
  tell('getting Electron for the desktop app (about 120 MB, once; "npm start -- --headless" does without) …');
  const began = Date.now();
  const child = spawn(process.execPath, [join(root, 'node_modules', 'electron', 'install.js')], {
    cwd: root,
    stdio: ['ignore', 2, 2],
    env,
  });
  const progress = setInterval(
    () =>
      tell(
        `still getting Electron, ${Math.round((Date.now() - began) / 1000)} s of at most ${ms / 1000} s …`,
      ),
    TELL_MS,
  );
  let stopped = false;
  const done = onStop((signal) => {
    stopped = true;
    child.kill(signal);
  });
  const late = setTimeout(() => child.kill('SIGKILL'), ms);
  const code = await new Promise((settle) => {
    child.on('error', () => settle(1));
    child.on('exit', settle);
  });
  clearTimeout(late);
  clearInterval(progress);
  done();
  if (stopped) process.exit(130);
  if (code === 0) rmSync(stampOf(root), { force: true });
  else writeFileSync(stampOf(root), '');
  return code === 0;
}

/**
 * Runs the desktop app until it ends.
 *
 * @returns its exit code and whether it failed to start: it ended badly within seconds, and nobody stopped it
 */
export async function runDesktop(program, args, { root = ROOT, env, quickMs = 10_000 }) {
  const began = Date.now();
  // A terminal within another Electron app may pass this on: Electron would then be a bare Node.
  const { ELECTRON_RUN_AS_NODE: _inherited, ...rest } = env;
  const child = spawn(program, [root, ...args], { cwd: root, stdio: 'inherit', env: rest });
  let stopped = false;
  const done = onStop((signal) => {
    stopped = true;
    child.kill(signal);
  });
  const { code, problem } = await new Promise((settle) => {
    child.on('error', (error) => settle({ code: 1, problem: error.message }));
    child.on('exit', (exit, signal) =>
      settle({ code: exit ?? (stopped ? 130 : 1), problem: signal ?? `exit code ${exit}` }),
    );
  });
  done();
  const failed = code !== 0 && !stopped && Date.now() - began < quickMs;
  return { code, ...(failed ? { failed: `it ended at once (${problem})` } : {}) };
}

function programPath(platform) {
  if (platform === 'darwin') return 'Electron.app/Contents/MacOS/Electron';
  return platform === 'win32' ? 'electron.exe' : 'electron';
}

function stampOf(root) {
  return join(root, 'node_modules', '.fastband-electron-failed');
}

function failedLately(root) {
  const stamp = stampOf(root);
  return existsSync(stamp) && Date.now() - statSync(stamp).mtimeMs < FAILED_MS;
}

/** Electron's archive holds a file with its version. */
function readVersion(dist) {
  return readText(join(dist, 'version'))?.trim().replace(/^v/, '');
}

function readText(file) {
  return existsSync(file) ? readFileSync(file, 'utf8') : undefined;
}
