import { randomUUID } from 'node:crypto';
import type { KeychainState } from '../../contract/keys.ts';
import { FastbandError } from '../core/errors.ts';

/** The name under which keys lie in the system's keychain. */
export const SERVICE = 'fastband';
/** A keychain that waits for a prompt which nobody sees would wait for ever. */
const ANSWER_MS = 3000;

/** Unlocks by a password that the terminal does not show, and that no list of processes holds. For bash. */
const unlock = (more = '') =>
  `IFS= read -rsp "Keychain password: " p && echo && printf %s "$p" | gnome-keyring-daemon ${more}--unlock --components=secrets`;
const UNLOCK_AGAIN = `bash -c '${unlock('--replace ')}'`;

/** What of keytar is used here. */
export interface Keytar {
  setPassword(service: string, account: string, password: string): Promise<void>;
  getPassword(service: string, account: string): Promise<string | null>;
  deletePassword(service: string, account: string): Promise<boolean>;
}

/** The system's keychain: Keychain on macOS, Credential Manager on Windows, the Secret Service on Linux. */
export class Keychain {
  readonly #load: () => Promise<Keytar>;
  #loaded: Promise<Keytar> | undefined;
  /** Calls that were given up and have not ended. */
  #stuck = 0;
  /** The end of the call that was made last, answered or given up. */
  #before: Promise<unknown> = Promise.resolve();

  constructor(load: () => Promise<Keytar> = loadKeytar) {
    this.#load = load;
  }

  /** @throws FastbandError `keychain_unavailable` */
  get(account: string): Promise<string | undefined> {
    return this.#ask(async (keytar) => (await keytar.getPassword(SERVICE, account)) ?? undefined);
  }

  /** Keeps a value and reads it back. @throws FastbandError `keychain_unavailable` when it was not kept */
  async set(account: string, value: string): Promise<void> {
    await this.#ask((keytar) => keytar.setPassword(SERVICE, account, value));
    if ((await this.get(account)) !== value) throw unavailable('locked');
  }

  /** @returns whether there was one. @throws FastbandError `keychain_unavailable` */
  delete(account: string): Promise<boolean> {
    return this.#ask((keytar) => keytar.deletePassword(SERVICE, account));
  }

  /**
   * Whether it keeps what it is given: a locked one may answer questions with "nothing there" and only fail, or wait,
   * when it is written to. So something is written, read and taken away.
   */
  async probe(): Promise<KeychainState> {
    const account = `probe-${randomUUID()}`;
    try {
      await this.set(account, account);
      await this.delete(account);
      return 'working';
    } catch (error) {
      return error instanceof KeychainError ? error.state : 'locked';
    }
  }

  /**
   * One after the other: each call holds one of the four threads that Node also reads files with, until it ends. Four
   * calls to a keychain that hangs would stop every file of the host.
   */
  #ask<T>(use: (keytar: Keytar) => Promise<T>): Promise<T> {
    const asked = this.#before.then(() => this.#askNow(use));
    this.#before = asked.catch(() => {});
    return asked;
  }

  async #askNow<T>(use: (keytar: Keytar) => Promise<T>): Promise<T> {
    let keytar: Keytar;
    try {
      this.#loaded ??= this.#load();
      keytar = await this.#loaded;
    } catch (error) {
      this.#loaded = undefined;
      throw unavailable('absent', error);
    }
    if (this.#stuck > 0) throw unavailable('hanging');
    let timer: NodeJS.Timeout | undefined;
    let late = false;
    const asked = use(keytar).finally(() => {
      if (late) this.#stuck--;
    });
    const timeout = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        late = true;
        this.#stuck++;
        // Its own end, whenever that comes, is nobody's business any more.
        asked.catch(() => {});
        reject(unavailable('hanging'));
      }, ANSWER_MS);
    });
    try {
      return await Promise.race([asked, timeout]);
    } catch (error) {
      throw error instanceof KeychainError ? error : unavailable(stateOf(error), error);
    } finally {
      clearTimeout(timer);
    }
  }
}

/** Says which way the keychain is not there. */
export class KeychainError extends FastbandError {
  readonly state: Exclude<KeychainState, 'working'>;

  constructor(state: Exclude<KeychainState, 'working'>, options?: ErrorOptions) {
    const { problem, command } = keychainWords(state);
    super('keychain_unavailable', command === undefined ? problem : `${problem} Run: ${command}`, options);
    this.state = state;
  }
}

/** What is wrong, and the command that mends it where one does. */
export function keychainWords(
  state: Exclude<KeychainState, 'working'>,
  platform: NodeJS.Platform = process.platform,
): { readonly problem: string; readonly command?: string } {
  const linux = platform === 'linux';
  switch (state) {
    case 'absent':
      return linux
        ? {
            problem: 'The part of Fastband that speaks to the system’s keychain is not installed.',
            command: 'sudo apt-get install -y libsecret-1-dev g++ make python3 && npm rebuild keytar',
          }
        : {
            problem:
              'The part of Fastband that speaks to the system’s keychain is not installed. Install Fastband again.',
          };
    case 'session':
      return {
        problem:
          'There is no D-Bus session here, as over SSH or in a container, so no keychain can be reached. Start Fastband in one with a keychain (Debian and Ubuntu: the packages dbus and gnome-keyring). It asks for the keychain’s password, and takes a new one where there is no keychain yet.',
        command: `dbus-run-session -- bash -c '${unlock()} && fastband serve'`,
      };
    case 'missing':
      return linux
        ? {
            problem:
              'No keychain runs here (no Secret Service on D-Bus). Install one, then log in again. Under dbus-run-session, start and unlock it there first.',
            command: 'sudo apt-get install -y gnome-keyring dbus-user-session',
          }
        : {
            problem:
              'The system’s keychain does not run. Log in to a desktop session, then start Fastband again.',
          };
    case 'restarted':
      return {
        problem:
          'The keychain ended, or was started anew, after Fastband had used it. See that it runs, then stop Fastband and start it again.',
      };
    case 'locked':
      return linux
        ? {
            problem:
              'The keychain is locked or has no default collection. Unlock it in your desktop’s password manager or log in again. In a terminal, for GNOME’s: stop Fastband, then run this, which asks for the keychain’s password.',
            command: UNLOCK_AGAIN,
          }
        : { problem: 'The keychain is locked. Unlock it, then try again.' };
    case 'hanging':
      return linux
        ? {
            problem:
              'The keychain does not answer; it may wait for a password where nobody sees it. Answer its question on the desktop, then start Fastband again. In a terminal, for GNOME’s: stop Fastband, then run this, which asks for the keychain’s password.',
            command: UNLOCK_AGAIN,
          }
        : {
            problem:
              'The keychain does not answer; it may wait for your answer to a question. Answer that, then start Fastband again.',
          };
  }
}

function unavailable(state: Exclude<KeychainState, 'working'>, cause?: unknown): KeychainError {
  return new KeychainError(state, cause === undefined ? undefined : { cause });
}

/** The words are libsecret's and GLib's own. */
function stateOf(error: unknown): Exclude<KeychainState, 'working'> {
  const text = error instanceof Error ? error.message : String(error);
  // libsecret goes on asking the one that it found first (`:1.7`), for as long as the process lives.
  if (/name :\d+\.\d+ was not provided|disconnected from message bus|session wrapping the secret/i.test(text))
    return 'restarted';
  if (/autolaunch|dbus-launch|Could not connect|Connection refused/i.test(text)) return 'session';
  return /D-?Bus|org\.freedesktop\.secrets|not provided by any/i.test(text) ? 'missing' : 'locked';
}

/** Only when it is needed: it is an optional package, and its native part is not there on every machine. */
async function loadKeytar(): Promise<Keytar> {
  const { default: keytar } = (await import('keytar')) as unknown as { default: Keytar };
  return keytar;
}
