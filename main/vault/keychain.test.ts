import { afterEach, expect, test, vi } from 'vitest';
import { probeKeychain } from './keychain.ts';

afterEach(() => void vi.useRealTimers());

function keychain() {
  const items = new Map<string, string>();
  return {
    items,
    setPassword: async (_: string, account: string, password: string) => void items.set(account, password),
    getPassword: async (_: string, account: string) => items.get(account) ?? null,
    deletePassword: async (_: string, account: string) => items.delete(account),
  };
}

test('a keychain that keeps what it is given is well, and nothing is left in it', async () => {
  const good = keychain();
  expect(await probeKeychain(async () => good)).toBe('ok');
  expect(good.items.size).toBe(0);
});

test('one that answers with nothing is closed', async () => {
  expect(await probeKeychain(async () => ({ ...keychain(), getPassword: async () => null }))).toBe('closed');
});

test('one that refuses is closed', async () => {
  const refuses = () => Promise.reject(new Error('Cannot autolaunch D-Bus without X11 $DISPLAY'));
  expect(await probeKeychain(async () => ({ ...keychain(), setPassword: refuses }))).toBe('closed');
});

test('one that waits for a prompt nobody sees is closed after three seconds', async () => {
  vi.useFakeTimers();
  const probed = probeKeychain(async () => ({ ...keychain(), setPassword: () => new Promise(() => {}) }));
  await vi.advanceTimersByTimeAsync(3000);
  expect(await probed).toBe('closed');
});

test('without the native module there is none', async () => {
  expect(await probeKeychain(() => Promise.reject(new Error('Cannot find module')))).toBe('absent');
});
