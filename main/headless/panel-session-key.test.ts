import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { FastbandError } from '../core/errors.ts';
import { sessionKeyFrom } from './panel-session-key.ts';

const random = (bytes: number): Uint8Array => randomBytes(bytes);
const keyOf = (secret: string): string =>
  Buffer.from(sessionKeyFrom({ FASTBAND_SECRET_KEY: secret }, random)).toString('hex');

describe('the key that signs sessions', () => {
  it('is another one at each start when none is set', () => {
    const [a, b] = [sessionKeyFrom({}, random), sessionKeyFrom({}, random)];
    expect(a).toHaveLength(32);
    expect(a).not.toEqual(b);
  });

  it.each([
    ['hex', () => randomBytes(32).toString('hex')],
    ['base64', () => randomBytes(32).toString('base64')],
    ['32 characters', () => randomBytes(16).toString('hex')],
    ['a long phrase', () => 'otter lantern quarry mitten sparrow'],
  ])('is the same for the same good secret: %s', (_name, make) => {
    const secret = make();
    expect(keyOf(secret)).toBe(keyOf(secret));
    expect(keyOf(secret)).not.toBe(keyOf(`${secret}x`));
    expect(keyOf(secret)).not.toContain(Buffer.from(secret).toString('hex'));
  });

  it.each([
    ['nothing', ''],
    ['31 bytes', 'Zk3vQ9xT2mLw7NbR5yHd8JcF1sGp4Aq'],
    ['the one that shipped before', 'dev-secret-key'],
    ['the one that shipped before, made longer', 'dev-secret-key-6f1d9c27ab03e845dd91b7'],
    ['the same in other letters', 'DEV_SECRET_KEY_6f1d9c27ab03e845dd91b7'],
    ['changeme', 'please-changeme-6f1d9c27ab03e845dd91b7'],
    ['change-me', 'Change-Me-6f1d9c27ab03e845dd91b7aa01'],
    ['password', 'myPassword-6f1d9c27ab03e845dd91b7aa'],
    ['secret', 'this-is-my-secret-for-the-server-99'],
    ['one character', 'a'.repeat(64)],
    ['three characters', 'abc'.repeat(20)],
    ['three characters in no order', 'aabacbbcacabbcaacbabcbbacaabcbacca'],
    ['a short run again and again', 'k3J9xQ2mZt'.repeat(4)],
    ['twice the same', 'k3J9xQ2mZtP7wLbN'.repeat(2)],
    ['digits in a row', `x${'0123456789'.repeat(4)}y`],
    ['the keyboard', 'qwertyuiopasdfghjklzxcvbnm-1973-xx'],
  ])('is not made from %s [ACC-9]', (_name, secret) => {
    let error: unknown;
    try {
      keyOf(secret);
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toBeInstanceOf(FastbandError);
    expect(String(error)).toMatch(/FASTBAND_SECRET_KEY.*openssl rand/);
    if (secret !== '') expect(String(error)).not.toContain(secret);
  });
});
