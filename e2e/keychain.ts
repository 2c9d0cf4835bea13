import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';

/** Whether a keychain of its own can be started here: Linux, with D-Bus and gnome-keyring. */
export const HAS_KEYCHAIN = ['dbus-daemon', 'dbus-send', 'gnome-keyring-daemon', 'secret-tool'].every(
  (program) => spawnSync('sh', ['-c', `command -v ${program}`]).status === 0,
);

export interface TestKeychain {
  /** For whoever shall use it. */
  readonly env: NodeJS.ProcessEnv;
  /** Kills the keychain and leaves its bus, as when it crashes. */
  lose(): void;
  /** It is there and answers nothing any more, as one that waits for a prompt which nobody sees. */
  hang(): void;
  /** Starts it again after `lose`, open, with what was in it. */
  comeBack(): Promise<void>;
  stop(): void;
}

/** A real keychain, open and empty, that is none of this machine's own. @param folder - where it keeps its files */
export async function startKeychain(folder: string): Promise<TestKeychain> {
  const data = join(folder, 'keychain');
  mkdirSync(data, { recursive: true, mode: 0o700 });
  const own = { ...process.env, HOME: data, XDG_DATA_HOME: data, XDG_RUNTIME_DIR: data };
  const children: ChildProcess[] = [];
  const stop = () => {
    for (const child of children) child.kill('SIGKILL');
  };
  try {
    const bus = spawn('dbus-daemon', ['--session', '--nofork', '--nopidfile', '--print-address=1'], {
      env: own,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    children.push(bus);
    const [line] = (await once(bus.stdout, 'data')) as [Buffer];
    const env = { DBUS_SESSION_BUS_ADDRESS: String(line).trim() };
    // Asking the keychain itself would start another one, locked, while this one is on its way.
    const ask = ['--print-reply', '--dest=org.freedesktop.DBus', '/', 'org.freedesktop.DBus.NameHasOwner'];
    const isThere = () =>
      String(
        spawnSync('dbus-send', [...ask, 'string:org.freedesktop.secrets'], { env: { ...own, ...env } })
          .stdout,
      ).includes('true');
    let ring: ChildProcess | undefined;
    const open = async () => {
      ring = spawn('gnome-keyring-daemon', ['--foreground', '--unlock', '--components=secrets'], {
        env: { ...own, ...env },
        stdio: ['pipe', 'pipe', 'ignore'],
      });
      children.push(ring);
      ring.stdin?.end('pass');
      for (let i = 0; !isThere(); i++) {
        if (i > 200) throw new Error('the keychain did not start');
        await new Promise((resolve) => setTimeout(resolve, 25));
      }
    };
    await open();
    return {
      env,
      lose: () => void ring?.kill('SIGKILL'),
      hang: () => void ring?.kill('SIGSTOP'),
      comeBack: open,
      stop,
    };
  } catch (error) {
    stop();
    throw error;
  }
}
