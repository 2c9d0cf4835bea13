// Sets a checkout up: system packages, npm packages, build. Plain JavaScript, nothing but Node's own modules.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { delimiter, join, relative } from 'node:path';
import { npmCommand, ROOT, say, withNode } from './node.mjs';

const KEYTAR = join(ROOT, 'node_modules', 'keytar', 'build', 'Release', 'keytar.node');
const NO_KEYCHAIN = 'API keys cannot be kept in the system’s keychain';

/** What is not npm's to install: how it is known to be there, and `why`: what does not work without it. */
const PROGRAMS = {
  git: {
    isThere: () => onPath('git'),
    packages: ['git'],
    why: 'the git tools will answer that git is missing',
  },
  chromium: {
    isThere: () => ['chromium', 'chromium-browser', 'google-chrome'].some(onPath),
    packages: ['chromium'],
    why: 'tests that look at the panel in a browser will fail',
  },
  // Debian alone has it, as a package of its own.
  'Chromium’s headless shell': {
    isThere: () =>
      process.platform !== 'linux' ||
      !onPath('apt-get') ||
      existsSync('/usr/lib/chromium/chromium-headless-shell'),
    packages: ['chromium-headless-shell'],
    why: 'tests that look at the panel in a browser take longer',
  },
  'gnome-keyring': {
    isThere: () => process.platform !== 'linux' || onPath('gnome-keyring-daemon'),
    packages: ['gnome-keyring'],
    why: 'tests of the keychain will be skipped',
  },
  dbus: {
    isThere: () => process.platform !== 'linux' || onPath('dbus-run-session'),
    packages: ['dbus', 'dbus-daemon'],
    why: 'tests of the keychain will be skipped',
  },
  postgresql: {
    isThere: () => process.platform !== 'linux' || onPath('postgres') || existsSync('/usr/lib/postgresql'),
    packages: ['postgresql'],
    why: 'tests of databases on servers will be skipped',
  },
  'libsecret-tools': {
    isThere: () => process.platform !== 'linux' || onPath('secret-tool'),
    packages: ['libsecret-tools'],
    why: 'tests of the keychain will be skipped',
  },
  // keytar is built on Linux, where no binary of it fits every system; once built it needs neither of these.
  'libsecret-1-dev': {
    isThere: () =>
      process.platform !== 'linux' ||
      existsSync(KEYTAR) ||
      existsSync('/usr/include/libsecret-1/libsecret/secret.h'),
    packages: ['libsecret-1-dev'],
    why: NO_KEYCHAIN,
  },
  'a C++ compiler': {
    isThere: () =>
      process.platform !== 'linux' ||
      existsSync(KEYTAR) ||
      ((onPath('g++') || onPath('c++')) && onPath('make') && onPath('python3')),
    packages: ['g++', 'make', 'python3'],
    why: NO_KEYCHAIN,
  },
};

/** What the tests keep keys in: a keychain of their own, and a program by others that reads it. */
export const TEST_KEYCHAIN = ['gnome-keyring', 'dbus', 'libsecret-tools'];

/** What building keytar needs. */
export const FOR_KEYCHAIN = ['libsecret-1-dev', 'a C++ compiler'];

const POLICY_RC = '/usr/sbin/policy-rc.d';

/** Looks for programs and, as root on Debian or Ubuntu, installs what is missing. Never fails: says what is not there. */
export function ensurePrograms(...wanted) {
  const missing = wanted.filter((name) => !PROGRAMS[name].isThere());
  if (missing.length === 0) return;
  const canInstall = process.platform === 'linux' && process.getuid?.() === 0 && onPath('apt-get');
  if (canInstall) {
    const packages = missing.flatMap((name) => PROGRAMS[name].packages);
    say(`installing ${packages.join(', ')} (apt-get) …`);
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
    const apt = (...args) => spawnSync('apt-get', args, { stdio: ['ignore', 2, 2], env }).status === 0;
    apt('-qq', 'update');
    const startNothing = !existsSync(POLICY_RC);
    // Debian Policy 9.11.3: with it, no package starts the service that comes with it.
    if (startNothing) writeFileSync(POLICY_RC, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
    try {
      // One by one: what cannot be had must not keep the rest away.
      for (const one of packages) apt('-qq', '-y', '--no-install-recommends', 'install', one);
    } finally {
      if (startNothing) rmSync(POLICY_RC, { force: true });
    }
  }
  for (const name of missing) {
    if (PROGRAMS[name].isThere()) continue;
    say(
      `${name} is missing${canInstall ? ' and could not be installed' : '; install it yourself'}: without it ${PROGRAMS[name].why}.`,
    );
  }
}

/** The programs by others that tests and benchmarks run Fastband beside: no part of it, so not among its packages. */
export const PEERS = join(ROOT, 'e2e', 'peers');

/**
 * Installs the npm packages of a folder when there are none, or when they are not its lockfile's, and runs the
 * install scripts that its `allowScripts` names. Ends the process when it fails.
 */
export function ensurePackages(folder = ROOT) {
  if (packagesAreCurrent(folder)) return;
  say(`installing npm packages${folder === ROOT ? '' : ` of ${relative(ROOT, folder)}`} (npm ci) …`);
  const began = Date.now();
  const run = () => npm(folder, 'ci', '--ignore-scripts', '--no-audit', '--no-fund');
  let result = run();
  if (result.status !== 0) {
    say('that failed; trying once more …');
    result = run();
  }
  if (result.status !== 0) {
    say(
      'The npm packages could not be installed; the lines above say why. Check the network and the free space, then run this again.',
    );
    process.exit(1);
  }
  // It may fail, as where nothing to build keytar with is there: what is built here is optional.
  for (const name of allowedScripts(folder)) npm(folder, 'rebuild', name, '--ignore-scripts=false');
  writeFileSync(stampOf(folder), lockHash(folder));
  say(`npm packages installed in ${seconds(began)}.`);
  if (folder === ROOT && !existsSync(KEYTAR))
    say(
      `keytar could not be built, so ${NO_KEYCHAIN}. It needs ${keytarNeeds()}. With that in place, run "npm rebuild keytar --ignore-scripts=false".`,
    );
}

function npm(folder, ...what) {
  const [command, ...args] = npmCommand();
  return spawnSync(command, [...args, ...what], {
    cwd: folder,
    stdio: ['ignore', 2, 2],
    env: withNode(process.execPath),
  });
}

/** The packages whose install scripts may run. Only npm 12 and later asks this list itself; npm 10 and 11 would run all. */
function allowedScripts(folder) {
  const { allowScripts = {} } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  return Object.keys(allowScripts).filter(
    (name) => allowScripts[name] === true && existsSync(join(folder, 'node_modules', name)),
  );
}

function keytarNeeds() {
  if (process.platform !== 'linux') return 'a C++ compiler and Python, as node-gyp wants them';
  const missing = FOR_KEYCHAIN.filter((name) => !PROGRAMS[name].isThere());
  if (missing.length > 0) return missing.join(' and ');
  return 'the headers of this Node, which are fetched from the network while it is built';
}

/** Whether `node_modules` holds what the lockfile says: by this script's stamp, or by npm's own record being newer. */
export function packagesAreCurrent(root) {
  const stamp = stampOf(root);
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === lockHash(root)) return true;
  const record = join(root, 'node_modules', '.package-lock.json');
  return existsSync(record) && statSync(record).mtimeMs >= statSync(join(root, 'package-lock.json')).mtimeMs;
}

/** Builds `dist` when a source is newer than it. Ends the process when that fails, unless told to carry on. */
export function ensureBuilt({ orExit = true } = {}) {
  if (buildIsCurrent(ROOT)) return true;
  say('building …');
  const began = Date.now();
  const { status } = spawnSync(process.execPath, [join(ROOT, 'scripts', 'build.ts')], {
    cwd: ROOT,
    stdio: ['ignore', 2, 2],
    env: withNode(process.execPath),
  });
  if (status === 0) {
    say(`built in ${seconds(began)}.`);
    return true;
  }
  say('The build failed; the lines above say why.');
  if (orExit) process.exit(1);
  return false;
}

const SOURCES = [
  'contract',
  'main',
  'preload',
  'renderer',
  'resources',
  'scripts/build.ts',
  'scripts/licences.ts',
  'vite.config.ts',
  'package.json',
  'package-lock.json',
];

/** Whether `dist` was made after the last change of any source. */
export function buildIsCurrent(root) {
  const built = join(root, 'dist', '.built');
  if (!existsSync(built)) return false;
  const at = statSync(built).mtimeMs;
  return SOURCES.every((source) => newest(join(root, source)) <= at);
}

/** The newest change of a file, or of anything in a folder; 0 when it does not exist. Folders count: a file may be gone. */
function newest(path) {
  if (!existsSync(path)) return 0;
  const stats = statSync(path);
  if (!stats.isDirectory()) return stats.mtimeMs;
  return readdirSync(path).reduce(
    (latest, name) => Math.max(latest, newest(join(path, name))),
    stats.mtimeMs,
  );
}

function stampOf(root) {
  return join(root, 'node_modules', '.fastband-lock-sha256');
}

function lockHash(root) {
  return createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex');
}

function onPath(program) {
  const folders = (process.env.PATH ?? process.env.Path ?? '').split(delimiter);
  const names = process.platform === 'win32' ? [`${program}.exe`, `${program}.cmd`] : [program];
  return folders.some((folder) => names.some((name) => existsSync(join(folder, name))));
}

function seconds(since) {
  return `${((Date.now() - since) / 1000).toFixed(1)} s`;
}
