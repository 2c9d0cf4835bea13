import { randomUUID } from 'node:crypto';

const SERVICE = 'Fastband';
const PROBE_MS = 3000;

/** What of keytar is used here. */
interface Keychain {
  setPassword(service: string, account: string, password: string): Promise<void>;
  getPassword(service: string, account: string): Promise<string | null>;
  deletePassword(service: string, account: string): Promise<boolean>;
}

/** `absent`: the native module could not be loaded. `closed`: locked, or no keychain is running. */
export type KeychainState = 'ok' | 'absent' | 'closed';

/**
 * Whether the system's keychain keeps what it is given: a locked one may answer questions with "nothing there" and only
 * fail, or wait for a prompt that nobody sees, when it is written to. So something is written, read and taken away.
 */
export async function probeKeychain(load: () => Promise<Keychain> = loadKeytar): Promise<KeychainState> {
  let keychain: Keychain;
  try {
    keychain = await load();
  } catch {
    return 'absent';
  }
  const account = `probe-${randomUUID()}`;
  const tried = (async (): Promise<KeychainState> => {
    await keychain.setPassword(SERVICE, account, account);
    const kept = await keychain.getPassword(SERVICE, account);
    await keychain.deletePassword(SERVICE, account);
    return kept === account ? 'ok' : 'closed';
  })().catch((): KeychainState => 'closed');
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<KeychainState>((resolve) => {
    timer = setTimeout(() => resolve('closed'), PROBE_MS);
  });
  try {
    return await Promise.race([tried, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Only when it is needed: it is an optional package, and its native part is not there on every machine. */
async function loadKeytar(): Promise<Keychain> {
  const { default: keytar } = (await import('keytar')) as unknown as { default: Keychain };
  return keytar;
}
