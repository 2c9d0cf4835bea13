import { createHmac } from 'node:crypto';
import { FastbandError } from '../core/errors.ts';
import type { Ports } from '../ports.ts';

const MIN_BYTES = 32;
const MIN_DISTINCT = 8;
/** What examples, templates and tired people use. Compared without case, blanks, dashes and underscores. */
const KNOWN = [
  'devsecretkey',
  'changeme',
  'changethis',
  'replaceme',
  'password',
  'passw0rd',
  'secret',
  'yourkeyhere',
  'mykey',
  'example',
  'insecure',
  'default',
  'fastband',
  'letmein',
  'qwerty',
  'abcdefgh',
  '01234567',
  '12345678',
  '87654321',
];

/**
 * The key that signs panel sessions: made from `FASTBAND_SECRET_KEY` when that is set, so that sessions outlive a
 * restart, else random. The system before this one shipped with `dev-secret-key`, and whoever knew that could sign in.
 *
 * @throws FastbandError `invalid_input` when the variable is set to something that could be guessed
 */
export function sessionKeyFrom(env: Ports['env'], random: Ports['random']): Uint8Array {
  const secret = env.FASTBAND_SECRET_KEY;
  if (secret === undefined) return random(MIN_BYTES);
  const problem = weakness(secret);
  if (problem !== undefined) {
    throw new FastbandError(
      'invalid_input',
      `FASTBAND_SECRET_KEY ${problem}, so sessions signed with it could be forged. Set it to random text, such as the output of "openssl rand -hex 32", or unset it to get a new key at each start.`,
    );
  }
  return createHmac('sha256', secret).update('fastband panel session').digest();
}

function weakness(secret: string): string | undefined {
  if (Buffer.byteLength(secret) < MIN_BYTES) return `has fewer than ${MIN_BYTES} bytes`;
  const plain = secret.toLowerCase().replace(/[\s_-]/g, '');
  if (KNOWN.some((word) => plain.includes(word))) return 'holds a well-known word';
  if (new Set(secret).size < MIN_DISTINCT) return 'repeats a few characters';
  // Any text that repeats itself is found again inside its own double before its end.
  if (`${plain}${plain}`.indexOf(plain, 1) < plain.length) return 'repeats itself';
  return undefined;
}
