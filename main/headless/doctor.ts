import { execFile } from 'node:child_process';
import { access, constants, stat } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import Database from 'better-sqlite3';
import type { Settings } from '../../contract/settings.ts';
import { composeApp } from '../app.ts';
import { openSettings } from '../config/settings.ts';
import { FastbandError } from '../core/errors.ts';
import { nodePorts } from '../node-ports.ts';
import type { Log } from '../ports.ts';
import { DATABASE_FILE, hadDatabase } from '../store/home.ts';
import { keychainWords } from '../vault/keychain.ts';
import { keychain } from '../vault/system-keychain.ts';
import { findHost, type HostInfo } from './host-file.ts';
import { loopbackFetch } from './loopback-fetch.ts';

/** One thing that was looked at. `text` says what is, and where it is not well, what to do. */
export interface Finding {
  readonly state: 'ok' | 'warn' | 'fail';
  readonly name: string;
  readonly text: string;
}

const ok = (name: string, text: string): Finding => ({ state: 'ok', name, text });
const warn = (name: string, text: string): Finding => ({ state: 'warn', name, text });
const fail = (name: string, text: string): Finding => ({ state: 'fail', name, text });

/** What is wrong is told once, by the finding about it. */
const silent: Log = { debug() {}, info() {}, warn() {}, error() {} };

/** Looks at everything that Fastband needs. Changes nothing, and makes no home where there is none. */
export async function examine(home: string, env: NodeJS.ProcessEnv): Promise<Finding[]> {
  const findings = [ok('node', `${process.version}, ${process.platform} ${process.arch}`)];
  const folder = await examineHome(home);
  findings.push(folder);
  let settings: Settings | undefined;
  if (folder.state !== 'fail' && (await exists(home))) {
    const database = await examineDatabase(home);
    findings.push(database);
    const read = readSettings(home);
    findings.push(read.finding);
    settings = read.settings;
    if (database.state === 'ok' && settings !== undefined && (await exists(join(home, DATABASE_FILE)))) {
      findings.push(await examineAudit(home));
    }
  }
  findings.push(await examineKeychain(), await examineGit(env), await examineRipgrep());
  findings.push(...(await examineHost(home, settings)));
  return findings;
}

/** By writing something, reading it and taking it away: a locked one only shows itself so. */
async function examineKeychain(): Promise<Finding> {
  const state = await keychain.probe();
  if (state === 'working') return ok('keychain', 'keeps what it is given');
  const { problem, command } = keychainWords(state);
  return warn('keychain', command === undefined ? problem : `${problem} Run: ${command}`);
}

async function examineHome(home: string): Promise<Finding> {
  try {
    const stats = await stat(home);
    if (!stats.isDirectory())
      return fail('home', `${home} is no folder. Move it away, or use another --home.`);
    await access(home, constants.R_OK | constants.W_OK | constants.X_OK);
    const open = stats.mode & 0o077;
    if (process.platform !== 'win32' && open !== 0) {
      return fail('home', `${home} can be opened by other users of this machine. Run: chmod 700 '${home}'`);
    }
    if (process.getuid !== undefined && stats.uid !== process.getuid()) {
      return warn(
        'home',
        `${home} belongs to another user. Run Fastband as that user, or use another --home.`,
      );
    }
    return ok('home', `${home}, for its owner only`);
  } catch (error) {
    if (codeOf(error) === 'ENOENT')
      return ok('home', `${home} does not exist yet; it is made at the first start`);
    return fail('home', `${home} cannot be used (${codeOf(error)}). Check its owner and permissions.`);
  }
}

async function examineDatabase(home: string): Promise<Finding> {
  const file = join(home, DATABASE_FILE);
  if (hadDatabase(home))
    return fail(
      'database',
      `${file} is gone or empty, though this folder was in use. Put a backup in its place with "fastband backup restore"; to begin anew, move ${home} away.`,
    );
  if (!(await exists(file))) return ok('database', 'there is none yet; it is made at the first start');
  const advice = 'Stop Fastband, copy the folder away for safety, and restore the file from a backup.';
  try {
    const db = new Database(file, { readonly: true, timeout: 5000 });
    try {
      const answer = String(db.pragma('quick_check(1)', { simple: true }));
      if (answer !== 'ok') return fail('database', `${file} is damaged (${answer}). ${advice}`);
    } finally {
      db.close();
    }
    return ok('database', `${file} opens and is whole`);
  } catch (error) {
    return fail('database', `${file} cannot be read (${codeOf(error)}). ${advice}`);
  }
}

function readSettings(home: string): { finding: Finding; settings?: Settings } {
  try {
    const store = openSettings({ home, log: silent });
    const { current } = store;
    store.close();
    return { finding: ok('settings', `${store.file} can be read`), settings: current };
  } catch (error) {
    return { finding: fail('settings', messageOf(error)) };
  }
}

async function examineAudit(home: string): Promise<Finding> {
  try {
    const app = await composeApp(nodePorts({ home, log: silent }), { role: 'cli' });
    try {
      const result = await app.handle('audit.verify', {});
      if (result.ok) return ok('audit', `${result.rows} rows, none changed, removed or moved`);
      return fail(
        'audit',
        `Row ${result.bad?.seq ?? '?'} of the log does not fit: ${result.bad?.problem ?? 'unknown'}. It was changed outside Fastband or is damaged: keep a copy, and find out who could write to ${home}.`,
      );
    } finally {
      await app.close();
    }
  } catch (error) {
    return fail('audit', messageOf(error));
  }
}

async function examineGit(env: NodeJS.ProcessEnv): Promise<Finding> {
  try {
    const { stdout } = await promisify(execFile)('git', ['--version'], { env, timeout: 5000 });
    return ok('git', stdout.trim());
  } catch {
    return warn('git', 'is not on PATH, so the git tools cannot work. Install git.');
  }
}

async function examineRipgrep(): Promise<Finding> {
  try {
    const { rgPath } = await import('@vscode/ripgrep');
    const { stdout } = await promisify(execFile)(rgPath, ['--version'], { timeout: 5000 });
    return ok('ripgrep', stdout.split('\n', 1)[0] ?? rgPath);
  } catch {
    return fail(
      'ripgrep',
      'does not run, so files cannot be searched. Install the npm packages again: npm ci',
    );
  }
}

async function examineHost(home: string, settings: Settings | undefined): Promise<Finding[]> {
  let host: HostInfo | undefined;
  try {
    host = await findHost(home);
  } catch (error) {
    return [fail('host', messageOf(error))];
  }
  if (host !== undefined) {
    const answers = await Promise.all([host.mcp, host.panel].map(isOurs));
    if (answers.every((one) => one))
      return [ok('host', `runs as process ${host.pid}: MCP at ${host.mcp}, panel at ${host.panel}`)];
    return [
      fail(
        'host',
        `process ${host.pid} should serve ${host.mcp}, but does not answer there. Stop it and start Fastband again; if it is another program by now, delete ${join(home, 'host.json')}.`,
      ),
    ];
  }
  if (settings === undefined) return [ok('host', 'does not run')];
  const { port, panelPort } = settings.server;
  return [
    ok('host', 'does not run'),
    await examinePort(port, 'server.port'),
    await examinePort(panelPort, 'server.panelPort'),
  ];
}

/** A path that neither serves is refused before anything asks for a token: asking leaves no failed login behind. */
async function isOurs(address: string): Promise<boolean> {
  try {
    const response = await loopbackFetch(new URL('/doctor', address), { signal: AbortSignal.timeout(2000) });
    await response.body?.cancel();
    return response.status === 404;
  } catch {
    return false;
  }
}

async function examinePort(port: number, setting: string): Promise<Finding> {
  if (port === 0) return ok('port', `${setting} takes any free one`);
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error) =>
      resolve(
        warn(
          'port',
          `${port} cannot be used (${codeOf(error)}): another program may have it. Stop that, or run: fastband config set ${setting} PORT`,
        ),
      ),
    );
    server.listen(port, '127.0.0.1', () =>
      server.close(() => resolve(ok('port', `${port} is free for ${setting}`))),
    );
  });
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
}

function messageOf(error: unknown): string {
  return error instanceof FastbandError ? error.message : `It cannot be checked (${codeOf(error)}).`;
}
