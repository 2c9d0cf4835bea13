import type { Decrypter } from 'age-encryption';
import { FastbandError } from '../core/errors.ts';
import { invalid } from './archive.ts';

/** How a file in the age format begins (age-encryption.org/v1, C2SP). */
const AGE_HEAD = 'age-encryption.org/v1';

/** Whether a file that begins so is encrypted. */
export function isEncrypted(head: Uint8Array): boolean {
  return Buffer.from(head).toString('latin1').startsWith(AGE_HEAD);
}

/**
 * Encrypts with a passphrase: age, scrypt and ChaCha20-Poly1305 in chunks that cannot be cut off or reordered.
 *
 * @param workFactor - base-2 logarithm of scrypt's N; default age's own 18, about a second
 */
export async function encrypted(
  source: ReadableStream<Uint8Array>,
  passphrase: string,
  workFactor?: number,
): Promise<ReadableStream<Uint8Array>> {
  const { Encrypter } = await import('age-encryption');
  const encrypter = new Encrypter();
  encrypter.setPassphrase(passphrase);
  if (workFactor !== undefined) encrypter.setScryptWorkFactor(workFactor);
  return encrypter.encrypt(source);
}

/** @throws FastbandError `backup_invalid` for a wrong passphrase; what is read later fails in the same way when it was changed */
export async function* decrypted(
  source: ReadableStream<Uint8Array>,
  passphrase: string,
): AsyncGenerator<Uint8Array> {
  const { Decrypter } = await import('age-encryption');
  const decrypter = new Decrypter();
  decrypter.addPassphrase(passphrase);
  const plain = await open(decrypter, source);
  try {
    yield* plain;
  } catch (error) {
    if (error instanceof FastbandError) throw error;
    throw invalid('it is damaged or was cut off', error);
  }
}

async function open(
  decrypter: Decrypter,
  source: ReadableStream<Uint8Array>,
): Promise<ReadableStream<Uint8Array>> {
  try {
    return await decrypter.decrypt(source);
  } catch (error) {
    if (error instanceof Error && error.message.startsWith('no identity matched'))
      throw invalid('the passphrase is wrong', error);
    throw invalid('it is damaged or was cut off', error);
  }
}
