import { randomBytes } from 'node:crypto';
import { realpath } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { showLine } from '../../contract/display.ts';
import type { HostEvent } from '../../contract/events.ts';
import { type App, composeApp } from '../app.ts';
import { nodePorts, secretSource } from '../node-ports.ts';
import type { Log } from '../ports.ts';
import { VERSION } from '../version.ts';
import { commandName } from './command-name.ts';
import type { ServeOptions } from './commands/serve.ts';
import { resolveHome } from './home.ts';
import { removeHostFile, writeHostFile } from './host-file.ts';
import { hostLog } from './log.ts';
import { type Panel, startPanel } from './panel.ts';
import { sessionKeyFrom } from './panel-session-key.ts';
import { note, paint, print, printJson } from './terminal.ts';

/** A host that has not stopped by then is ended: whoever stopped it was promised two seconds. */
const STOP_MS = 1800;
const ECHO_MS = 1000;

const canSignal = process.platform !== 'win32';

/**
 * Runs the host until SIGINT, SIGTERM or SIGHUP, then ends the process.
 *
 * @throws FastbandError `home_in_use`, `port_in_use`, `settings_invalid`, `audit_unavailable`, …: nothing is left running
 */
export async function serve(options: ServeOptions): Promise<void> {
  // A host sits in the background all day: V8 would take a hundred megabytes more for short-lived objects after one
  // busy minute and keep them. Costs no throughput that could be measured.
  setFlagsFromString('--semi-space-growth-factor=1');
  const stopped = stopSignal();
  const json = options.json ?? false;
  // Lives here and in the answer below; on no disk, in no log, in no child's environment.
  const panelToken = randomBytes(32).toString('base64url');
  const secrets = secretSource(() => [panelToken]);
  const log = hostLog(secrets, { plain: !json && process.stderr.isTTY });
  const ports = nodePorts({ home: resolveHome(options.home), log, secrets, notify: tellTerminal(log) });
  const sessionKey = sessionKeyFrom(ports.env, ports.random);

  const app = await composeApp(ports, { role: 'host' });
  let panel: Panel | undefined;
  let exitCode = 1;
  try {
    for (const folder of options.workspace ?? []) await keepWorkspace(app, folder);
    const { mcp } = await app.start(options.port === undefined ? {} : { port: options.port });
    panel = await startPanel({
      app,
      ports,
      log,
      sessionKey,
      token: panelToken,
      port: options.panelPort ?? app.settings.current.server.panelPort,
      assets: join(import.meta.dirname, 'renderer'),
      ...(canSignal
        ? { linkHint: `Run "kill -USR2 ${process.pid}": Fastband then prints a new link where it runs.` }
        : {}),
    });
    app.setPanel(panel.url);
    const { home } = await app.handle('server.status', {});
    await writeHostFile(home, { pid: process.pid, mcp, panel: panel.url, startedAt: Date.now() });
    if (json) printJson({ ready: true, mcp, panel: panel.url, panelToken, home, pid: process.pid });
    else await greet(app, panel, mcp, home);
    offerLinks(panel);
    log.info({ signal: await stopped }, 'stopping');
    exitCode = 0;
  } finally {
    const late = setTimeout(() => {
      log.warn({}, 'something did not end in time and was cut off');
      process.exit(exitCode);
    }, STOP_MS);
    await removeHostFile(ports.home, process.pid);
    await Promise.all([panel?.close(), app.stop()]);
    await app.close();
    clearTimeout(late);
  }
  process.exit(exitCode);
}

/** Asked for before anything starts: a host that is told to stop while it starts must stop too. */
function stopSignal(): Promise<NodeJS.Signals> {
  return new Promise((settle) => {
    let asked = false;
    onSignal(['SIGINT', 'SIGTERM', 'SIGHUP'], (signal) => {
      // Whoever asks again does not want to wait.
      if (asked) process.exit(1);
      asked = true;
      settle(signal);
    });
  });
}

/**
 * Calls back when a signal comes, once for all its echoes: Ctrl-C reaches this process and `npm start`, which passes
 * it on, and the library that writes the settings raises each signal again.
 */
function onSignal(signals: readonly NodeJS.Signals[], run: (signal: NodeJS.Signals) => void): void {
  let last = Number.NEGATIVE_INFINITY;
  for (const signal of signals) {
    process.on(signal, () => {
      const now = performance.now();
      if (now - last < ECHO_MS) return;
      last = now;
      run(signal);
    });
  }
}

/** Adds a folder, unless it is a workspace already. */
async function keepWorkspace(app: App, folder: string): Promise<void> {
  const known = await app.handle('workspaces.list', {});
  const root = await realpath(resolve(folder)).catch(() => undefined);
  if (known.some((workspace) => workspace.root === root)) return;
  await app.handle('workspaces.add', { root: resolve(folder) });
}

/** A person at the terminal sees at once that something waits for them. */
function tellTerminal(log: Log): (event: HostEvent) => void {
  return (event) => {
    if (event.type === 'approval.added')
      log.info({}, `waiting for an answer in the panel: ${event.approval.title}`);
  };
}

async function greet(app: App, panel: Panel, mcp: string, home: string): Promise<void> {
  const workspaces = await app.handle('workspaces.list', {});
  const clients = (await app.handle('clients.list', {})).filter((one) => one.revokedAt === undefined);
  const { problems } = await app.handle('server.status', {});
  const command = commandName();
  print(`${paint('bold', `Fastband ${VERSION} is running.`)} Stop it with Ctrl-C.

  Panel       ${panel.loginUrl}   (works once, for ten minutes)
  MCP         ${mcp}
  Workspaces  ${workspaces.map((one) => showLine(`${one.name} (${one.root})`)).join(', ') || 'none'}
  Data        ${showLine(home)}
`);
  if (workspaces.length === 0) print(`No folder is open to clients yet:\n  ${command} workspace add DIR\n`);
  if (clients.length === 0)
    print(`No client has a token yet. In another terminal:\n  ${command} client add "Claude Code"\n`);
  for (const problem of problems) note(`fastband: ${showLine(problem)}`);
}

/** A new link for whoever may send this process a signal, shown only where it runs. */
function offerLinks(panel: Panel): void {
  if (canSignal) onSignal(['SIGUSR2'], () => note(`Panel: ${panel.newLoginUrl()}`));
}
