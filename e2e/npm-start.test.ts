import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Ready } from './host.ts';

const ROOT = join(import.meta.dirname, '..');
/** A person who is not root and sits before a display, whoever runs this test. */
const AT_A_DESK = {
  NODE_OPTIONS: '--import "data:text/javascript,process.getuid = () => 1000"',
  DISPLAY: ':0',
};

describe.skipIf(process.platform !== 'linux')('npm start', () => {
  let folder: string;
  let children: ChildProcess[];
  beforeEach(() => {
    folder = realpathSync(mkdtempSync(join(tmpdir(), 'fastband-start-')));
    children = [];
  });
  afterEach(async () => {
    for (const child of children) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      const ended = once(child, 'exit');
      child.kill('SIGTERM');
      await ended;
    }
    rmSync(folder, { recursive: true, force: true });
  });

  function start(args: readonly string[], env: NodeJS.ProcessEnv = {}) {
    const { DISPLAY: _x, WAYLAND_DISPLAY: _wayland, ...rest } = process.env;
    const child = spawn(process.execPath, [join(ROOT, 'scripts', 'start.mjs'), ...args], {
      cwd: ROOT,
      env: { ...rest, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    children.push(child);
    const said = { stderr: '', stdout: '' };
    child.stderr.setEncoding('utf8').on('data', (text: string) => (said.stderr += text));
    child.stdout.setEncoding('utf8').on('data', (text: string) => (said.stdout += text));
    return { child, said };
  }

  /** Starts the host without a window and waits until it is there. */
  async function ready(args: readonly string[], env: NodeJS.ProcessEnv = {}) {
    const { child, said } = start(
      ['--home', join(folder, 'home'), '--port', '0', '--panel-port', '0', '--json', ...args],
      env,
    );
    const [line] = (await Promise.race([
      once(createInterface({ input: child.stdout }), 'line'),
      once(child, 'exit').then(() => [undefined]),
    ])) as [string | undefined];
    if (line === undefined) throw new Error(said.stderr);
    return { host: JSON.parse(line) as Ready, child, said };
  }

  /** A program in Electron's place. */
  function electron(script: string): NodeJS.ProcessEnv {
    const program = join(folder, 'electron', 'electron');
    mkdirSync(join(folder, 'electron'));
    writeFileSync(program, `#!/bin/sh\n${script}\n`);
    chmodSync(program, 0o755);
    return { ...AT_A_DESK, ELECTRON_OVERRIDE_DIST_PATH: join(folder, 'electron') };
  }

  it('runs the host without a window when asked, its arguments with it, and ends with a signal', async () => {
    const shop = join(folder, 'shop');
    mkdirSync(shop);
    const { host, child, said } = await ready(['--headless', '--workspace', shop], AT_A_DESK);
    expect((await fetch(host.panel)).status).toBeLessThan(500);
    expect(said.stderr.match(/no desktop app: .*/g)).toEqual([
      'no desktop app: as asked. Running the host without a window; its panel opens in a browser.',
    ]);
    const ended = once(child, 'exit');
    child.kill('SIGTERM');
    expect(await ended).toEqual([0, null]);
  });

  it('runs it where there is no display, says why, and prints the panel’s link', async () => {
    const home = join(folder, 'home');
    mkdirSync(home, { mode: 0o700 });
    writeFileSync(join(home, 'settings.json'), '{"server":{"port":0,"panelPort":0}}', { mode: 0o600 });
    const { NODE_OPTIONS } = AT_A_DESK;
    const { child, said } = start([], { NODE_OPTIONS, FASTBAND_HOME: home });
    let all = '';
    await new Promise<void>((resolve, reject) => {
      child.on('exit', () => reject(new Error(said.stderr)));
      for (const stream of [child.stdout, child.stderr])
        stream.on('data', (text: string) => {
          all += text;
          if (/http:\S+\/login\?code=\S+/.test(all)) resolve();
        });
    });
    expect(said.stderr).toContain('no desktop app: there is no display (neither DISPLAY nor WAYLAND_DISPLAY');
  });

  it('begins the desktop app where there is a display and an Electron', async () => {
    const seen = join(folder, 'seen');
    const env = electron(`printf '%s\\n' "$@" "node:$ELECTRON_RUN_AS_NODE" > '${seen}'`);
    const { child } = start(['--home', folder, '--hidden'], { ...env, ELECTRON_RUN_AS_NODE: '1' });
    expect(await once(child, 'exit')).toEqual([0, null]);
    expect(readFileSync(seen, 'utf8').trim().split('\n')).toEqual([
      ROOT,
      `--home=${folder}`,
      '--hidden',
      'node:',
    ]);
  });

  it('runs the host without a window when the desktop app does not start', async () => {
    const home = join(folder, 'home');
    mkdirSync(home, { mode: 0o700 });
    writeFileSync(join(home, 'settings.json'), '{"server":{"port":0,"panelPort":0}}', { mode: 0o600 });
    const { child, said } = start(['--home', home], electron('kill -TRAP $$'));
    await new Promise<void>((resolve, reject) => {
      child.on('exit', () => reject(new Error(said.stderr)));
      child.stderr.on('data', () => {
        if (said.stderr.includes('it ended at once (SIGTRAP)')) resolve();
      });
    });
    await new Promise<void>((resolve) => {
      const look = () => `${said.stdout}${said.stderr}`.includes('/login?code=') && resolve();
      child.stdout.on('data', look);
      child.stderr.on('data', look);
      look();
    });
  });
});
