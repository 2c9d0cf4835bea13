import { EventEmitter } from 'node:events';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { browser, closeBrowser } from './browser.ts';
import { openWindows } from './open-windows.ts';

/** What an app told the system, for tests to look at. */
export const told = {
  badge: 0,
  loginItem: undefined as Electron.Settings | undefined,
  protocolClients: [] as string[],
  relaunched: false,
};

type Offered =
  | 'whenReady'
  | 'isReady'
  | 'quit'
  | 'exit'
  | 'relaunch'
  | 'focus'
  | 'getPath'
  | 'setPath'
  | 'getName'
  | 'setName'
  | 'getVersion'
  | 'getLocale'
  | 'getPreferredSystemLanguages'
  | 'isPackaged'
  | 'commandLine'
  | 'requestSingleInstanceLock'
  | 'releaseSingleInstanceLock'
  | 'enableSandbox'
  | 'setLoginItemSettings'
  | 'getLoginItemSettings'
  | 'setBadgeCount'
  | 'setAsDefaultProtocolClient'
  | 'setAppUserModelId'
  | 'disableHardwareAcceleration'
  | 'setAboutPanelOptions'
  | 'showAboutPanel';

type Name = Parameters<Electron.App['getPath']>[0];

class DoubleApp extends EventEmitter implements Omit<Pick<Electron.App, Offered>, 'commandLine'> {
  readonly isPackaged = process.env.DOUBLE_PACKAGED === '1';
  readonly #paths = new Map<string, string>([
    ['home', homedir()],
    ['temp', tmpdir()],
    ['exe', process.execPath],
    ['downloads', tmpdir()],
    ['appData', join(homedir(), '.config')],
    ['userData', join(homedir(), '.config', 'Fastband')],
  ]);
  readonly commandLine = {
    getSwitchValue: (name: string) => switchValue(name),
    hasSwitch: (name: string) =>
      process.argv.some((one) => one === `--${name}` || one.startsWith(`--${name}=`)),
    appendSwitch: () => {},
    appendArgument: () => {},
    removeSwitch: () => {},
  } satisfies Electron.CommandLine;
  #ready: Promise<void> | undefined;
  #isReady = false;
  #name = 'Fastband';
  #quitting = false;
  #lock: string | undefined;

  whenReady(): Promise<void> {
    this.#ready ??= browser().then(() => {
      this.#isReady = true;
      this.emit('ready', { preventDefault() {} }, {});
    });
    return this.#ready;
  }

  isReady(): boolean {
    return this.#isReady;
  }

  /** As Electron's: `before-quit`, the windows close, then `will-quit`; each may say no. */
  quit(): void {
    if (this.#quitting) return;
    this.#quitting = true;
    setImmediate(async () => {
      const going =
        !refused(this, 'before-quit') &&
        (await Promise.all(openWindows().map((window) => window.tryClose()))).every(Boolean) &&
        !refused(this, 'will-quit');
      if (!going) {
        this.#quitting = false;
        return;
      }
      this.emit('quit', { preventDefault() {} }, 0);
      this.exit(0);
    });
  }

  exit(code = 0): void {
    this.releaseSingleInstanceLock();
    void closeBrowser().finally(() => process.exit(code));
  }

  relaunch(): void {
    told.relaunched = true;
  }

  focus(): void {}

  getPath(name: Name): string {
    const path = this.#paths.get(name);
    if (path === undefined) throw new Error(`Failed to get '${name}' path`);
    return path;
  }

  /** As Electron's documentation has it: a folder that is not there, or a relative one, is an error. */
  setPath(name: string, path: string): void {
    if (!isAbsolute(path) || !existsSync(path)) throw new Error(`Failed to set path '${name}'`);
    this.#paths.set(name, path);
  }

  getName(): string {
    return this.#name;
  }

  setName(name: string): void {
    this.#name = name;
  }

  getVersion(): string {
    return (
      JSON.parse(readFileSync(join(import.meta.dirname, '../../package.json'), 'utf8')) as { version: string }
    ).version;
  }

  getLocale(): string {
    return 'en-GB';
  }

  getPreferredSystemLanguages(): string[] {
    return ['en-GB'];
  }

  /** A file with the pid of who has it; the second one sends the first a signal. */
  requestSingleInstanceLock(): boolean {
    const lock = join(this.getPath('userData'), 'double.lock');
    mkdirSync(this.getPath('userData'), { recursive: true });
    try {
      writeFileSync(lock, String(process.pid), { flag: 'wx' });
    } catch {
      const pid = Number(readFileSync(lock, 'utf8'));
      try {
        writeFileSync(`${lock}.argv`, JSON.stringify(process.argv));
        process.kill(pid, 'SIGUSR2');
        return false;
      } catch {
        writeFileSync(lock, String(process.pid));
      }
    }
    this.#lock = lock;
    process.on('SIGUSR2', () => {
      const argv = JSON.parse(readFileSync(`${lock}.argv`, 'utf8')) as string[];
      this.emit('second-instance', { preventDefault() {} }, argv, '', {});
    });
    return true;
  }

  releaseSingleInstanceLock(): void {
    if (this.#lock === undefined) return;
    rmSync(this.#lock, { force: true });
    rmSync(`${this.#lock}.argv`, { force: true });
    this.#lock = undefined;
  }

  enableSandbox(): void {}

  setLoginItemSettings(settings: Electron.Settings): void {
    told.loginItem = settings;
  }

  getLoginItemSettings(): Electron.LoginItemSettings {
    const open = told.loginItem?.openAtLogin ?? false;
    return {
      openAtLogin: open,
      wasOpenedAtLogin: false,
      status: open ? 'enabled' : 'not-registered',
      executableWillLaunchAtLogin: open,
      launchItems: [],
    };
  }

  setBadgeCount(count = 0): boolean {
    told.badge = count;
    return true;
  }

  setAsDefaultProtocolClient(scheme: string): boolean {
    told.protocolClients.push(scheme);
    return true;
  }

  setAppUserModelId(): void {}

  disableHardwareAcceleration(): void {}

  setAboutPanelOptions(): void {}

  showAboutPanel(): void {}
}

function switchValue(name: string): string {
  const found = process.argv.find((one) => one.startsWith(`--${name}=`));
  return found === undefined ? '' : found.slice(name.length + 3);
}

/** Emits an event that a listener may prevent; true when one did. */
export function refused(emitter: EventEmitter, name: string, more: object = {}): boolean {
  let prevented = false;
  emitter.emit(name, {
    ...more,
    preventDefault() {
      prevented = true;
    },
    get defaultPrevented() {
      return prevented;
    },
  });
  return prevented;
}

export const app = new DoubleApp();
