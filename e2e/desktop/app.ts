import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import type { Look, Order } from '../electron-double/control.ts';
import { type Driver, type Start, stderrOf } from './driver.ts';
import { forkOnDouble, startOnDouble } from './on-double.ts';
import { spawnOnElectron, startOnElectron } from './on-electron.ts';

const ROOT = join(import.meta.dirname, '..', '..');
/** Longer than a slow machine needs to start Chromium. */
const START_MS = 30_000;

/** `npm test` says where Electron's program is, on a machine that has one and can show it. */
const ELECTRON = process.env.FASTBAND_TEST_ELECTRON;
export const RUNS_ON = ELECTRON === undefined ? 'the Electron double' : 'Electron';

export interface StartOptions {
  /** Whose `dist` is run, else this checkout's. Such a folder holds no Electron, so it runs on the double. */
  readonly root?: string;
  /** One that is there already. */
  readonly home?: string;
  /** Beside the usual ones. */
  readonly args?: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
}

/** The desktop app, started as a person would. */
export class DesktopApp {
  readonly home: string;
  readonly #driver: Promise<Driver>;

  private constructor(home: string, driver: Promise<Driver>) {
    this.home = home;
    this.#driver = driver;
    // Whoever waits for it is told.
    driver.catch(() => {});
  }

  static start(options: StartOptions = {}): DesktopApp {
    const home = options.home ?? join(realpathSync(mkdtempSync(join(tmpdir(), 'fastband-desktop-'))), 'home');
    const start = startOf(home, options);
    const driver = portOfItsOwn(home).then(() =>
      ELECTRON === undefined || options.root !== undefined
        ? startOnDouble(start)
        : startOnElectron(ELECTRON, start),
    );
    return new DesktopApp(home, driver);
  }

  /** Starts the app a second time, beside one that runs. @returns its exit code */
  static async again(home: string, args: readonly string[] = []): Promise<number | null> {
    const start = startOf(home, { args });
    const child = ELECTRON === undefined ? forkOnDouble(start) : spawnOnElectron(ELECTRON, start);
    stderrOf(child);
    const [code] = (await once(child, 'exit')) as [number | null];
    return code;
  }

  /** Gives the app an order, and the answer. */
  async order<T = void>(order: Order): Promise<T> {
    return (await (await this.#driver).order(order)) as T;
  }

  look(): Promise<Look> {
    return this.order<Look>({ do: 'look' });
  }

  /** The page of a window: `index.html`, `approval.html`. Waits until it is there. */
  async page(file: string): Promise<Page> {
    const driver = await this.#driver;
    const end = performance.now() + START_MS;
    while (performance.now() < end) {
      const pages = await driver.pages();
      const found = pages.findLast((page) => !page.isClosed() && page.url().includes(`/${file}`));
      if (found !== undefined) return found;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    throw new Error(`no window shows ${file}: ${driver.stderr()}`);
  }

  /** Waits until what is seen of the app is so. */
  async until(what: string, holds: (look: Look) => boolean): Promise<Look> {
    const end = performance.now() + START_MS;
    for (;;) {
      const look = await this.look();
      if (holds(look)) return look;
      if (performance.now() > end) throw new Error(`never came: ${what}: ${JSON.stringify(look)}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  async pid(): Promise<number> {
    return (await this.#driver).process.pid ?? 0;
  }

  /** Quits as the menu does. @returns the exit code */
  async quit(): Promise<number | null> {
    const { process: child } = await this.#driver;
    const ended = once(child, 'exit') as Promise<[number | null]>;
    await this.order({ do: 'quit' }).catch(() => {});
    return (await ended)[0];
  }

  /** Waits for the end. @returns the exit code */
  async ended(): Promise<number | null> {
    const { process: child } = await this.#driver;
    if (child.exitCode === null) await once(child, 'exit');
    return child.exitCode;
  }

  /** Ends whatever is left, and its folder. */
  async close(): Promise<void> {
    const driver = await this.#driver.catch(() => undefined);
    const child = driver?.process;
    if (child !== undefined && child.exitCode === null && child.signalCode === null) {
      const ended = once(child, 'exit');
      await driver?.release();
      const late = setTimeout(() => child.kill('SIGKILL'), 5000);
      await ended;
      clearTimeout(late);
    }
    rmSync(join(this.home, '..'), { recursive: true, force: true, maxRetries: 5 });
  }
}

/** A port that nobody has, on 127.0.0.1. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** Tests of several files run at once, so a home without settings gets a port that no other app has. */
async function portOfItsOwn(home: string): Promise<void> {
  const settings = join(home, 'settings.json');
  if (existsSync(settings)) return;
  mkdirSync(home, { recursive: true, mode: 0o700 });
  writeFileSync(settings, JSON.stringify({ server: { port: await freePort() } }), { mode: 0o600 });
}

function startOf(home: string, { root = ROOT, args = [], env = {} }: StartOptions): Start {
  return { root, args: [`--home=${home}`, ...args], env: { ...process.env, ...env } };
}
