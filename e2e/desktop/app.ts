import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Browser, chromium, type Page } from 'playwright-core';
import type { Look, Order } from '../electron-double/control.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const DOUBLE = join(import.meta.dirname, '..', 'electron-double', 'register.ts');
/** Longer than a slow machine needs to start Chromium. */
const START_MS = 30_000;

/** The desktop app, started as a person would, on the Electron double. */
export class DesktopApp {
  readonly home: string;
  readonly process: ChildProcess;
  #browser: Browser | undefined;
  #next = 1;
  readonly #waiting = new Map<number, (answer: { value?: unknown; error?: string }) => void>();
  #stderr = '';

  private constructor(home: string, child: ChildProcess) {
    this.home = home;
    this.process = child;
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr += text;
    });
    child.on('message', (message: { id: number; value?: unknown; error?: string }) => {
      this.#waiting.get(message.id)?.(message);
      this.#waiting.delete(message.id);
    });
    child.on('exit', (code) => {
      for (const settle of this.#waiting.values())
        settle({ error: `the app ended (${code}): ${this.#stderr}` });
      this.#waiting.clear();
    });
  }

  /**
   * @param options - `root`: whose `dist` is run, else this checkout's. `home`: one that is there already. `args`, `env`:
   *   beside the usual ones
   */
  static start(
    options: {
      readonly root?: string;
      readonly home?: string;
      readonly args?: readonly string[];
      readonly env?: NodeJS.ProcessEnv;
    } = {},
  ): DesktopApp {
    const home = options.home ?? join(realpathSync(mkdtempSync(join(tmpdir(), 'fastband-desktop-'))), 'home');
    const child = fork(
      join(options.root ?? ROOT, 'dist', 'main.js'),
      [`--home=${home}`, ...(options.args ?? [])],
      {
        execArgv: ['--import', DOUBLE],
        env: { ...process.env, ...options.env },
        stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      },
    );
    return new DesktopApp(home, child);
  }

  get stderr(): string {
    return this.#stderr;
  }

  /** Asks the double. */
  async order<T = void>(order: Order): Promise<T> {
    const id = this.#next++;
    const answer = new Promise<{ value?: unknown; error?: string }>((resolve) =>
      this.#waiting.set(id, resolve),
    );
    this.process.send({ id, order });
    const { value, error } = await answer;
    if (error !== undefined) throw new Error(error);
    return value as T;
  }

  look(): Promise<Look> {
    return this.order<Look>({ do: 'look' });
  }

  /** The page of a window: `index.html`, `approval.html`. Waits until it is there. */
  async page(file: string): Promise<Page> {
    this.#browser ??= await chromium.connectOverCDP(await this.order<string>({ do: 'endpoint' }));
    const context = this.#browser.contexts()[0];
    if (context === undefined) throw new Error('Chromium has no context');
    const end = performance.now() + START_MS;
    while (performance.now() < end) {
      const found = context.pages().findLast((page) => !page.isClosed() && page.url().includes(`/${file}`));
      if (found !== undefined) return found;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    throw new Error(`no window shows ${file}: ${this.#stderr}`);
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

  /** Quits as the menu does. @returns the exit code */
  async quit(): Promise<number | null> {
    const ended = once(this.process, 'exit') as Promise<[number | null]>;
    await this.order({ do: 'quit' }).catch(() => {});
    return (await ended)[0];
  }

  /** Waits for the end. @returns the exit code */
  async ended(): Promise<number | null> {
    if (this.process.exitCode === null) await once(this.process, 'exit');
    return this.process.exitCode;
  }

  /** Ends whatever is left, and its folder. */
  async close(): Promise<void> {
    await this.#browser?.close().catch(() => {});
    if (this.process.exitCode === null && this.process.signalCode === null) {
      const ended = once(this.process, 'exit');
      this.process.disconnect();
      const late = setTimeout(() => this.process.kill('SIGKILL'), 5000);
      await ended;
      clearTimeout(late);
    }
    rmSync(join(this.home, '..'), { recursive: true, force: true, maxRetries: 5 });
  }
}
