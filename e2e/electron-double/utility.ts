import { type ChildProcess, fork } from 'node:child_process';
import { EventEmitter } from 'node:events';
import { app } from './app.ts';

const PARENT_PORT = new URL('./parent-port.ts', import.meta.url).href;

/** A process of Node with Electron's `process.parentPort`: what it is sent comes as an event with `data`. */
export class UtilityProcess extends EventEmitter {
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess) {
    super();
    this.#child = child;
    child.once('spawn', () => this.emit('spawn'));
    child.once('exit', (code) => this.emit('exit', code ?? 0));
    child.on('message', (message) => this.emit('message', message));
  }

  static fork(
    module: string,
    args: readonly string[] = [],
    options: Electron.ForkOptions = {},
  ): UtilityProcess {
    if (!app.isReady()) throw new Error('utilityProcess cannot be created before app is ready.');
    const child = fork(module, args, {
      execArgv: ['--import', PARENT_PORT, ...(options.execArgv ?? [])],
      env: (options.env ?? process.env) as NodeJS.ProcessEnv,
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    });
    return new UtilityProcess(child);
  }

  get pid(): number | undefined {
    return this.#child.exitCode === null && this.#child.signalCode === null ? this.#child.pid : undefined;
  }

  postMessage(message: unknown): void {
    this.#child.send(message as object, () => {});
  }

  kill(): boolean {
    return this.#child.kill('SIGTERM');
  }
}
