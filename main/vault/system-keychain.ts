import { Keychain } from './keychain.ts';

/** One for the process: what hangs in the system's keychain hangs for all who ask it. */
export const keychain = new Keychain();
