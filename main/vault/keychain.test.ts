import { afterEach, describe, expect, test, vi } from 'vitest';
import { Keychain, type Keytar, keychainWords } from './keychain.ts';

afterEach(() => void vi.useRealTimers());

function keytar() {
  const items = new Map<string, string>();
  return {
    items,
    setPassword: async (service: string, account: string, password: string) =>
      void items.set(`${service}/${account}`, password),
    getPassword: async (service: string, account: string) => items.get(`${service}/${account}`) ?? null,
    deletePassword: async (service: string, account: string) => items.delete(`${service}/${account}`),
  };
}

const on = (parts: Partial<Keytar>) => new Keychain(async () => ({ ...keytar(), ...parts }));
const refuses = (message: string) => () => Promise.reject(new Error(message));

describe('how a keychain is', () => {
  test('one that keeps what it is given works, and nothing is left in it', async () => {
    const good = keytar();
    expect(await new Keychain(async () => good).probe()).toBe('working');
    expect(good.items.size).toBe(0);
  });

  test.each<[string, Partial<Keytar>, string]>([
    ['answers with nothing', { getPassword: async () => null }, 'locked'],
    ['refuses', { setPassword: refuses('Cannot create an item in a locked collection') }, 'locked'],
    ['has no D-Bus', { setPassword: refuses('Cannot autolaunch D-Bus without X11 $DISPLAY') }, 'session'],
    [
      'has a D-Bus that is gone',
      { setPassword: refuses('Could not connect: Connection refused') },
      'session',
    ],
    [
      'has nobody behind D-Bus',
      {
        setPassword: refuses('The name org.freedesktop.secrets was not provided by any .service files'),
      },
      'missing',
    ],
    [
      'ended while it was asked',
      { setPassword: refuses('Message recipient disconnected from message bus without replying') },
      'restarted',
    ],
    [
      'was started anew',
      { setPassword: refuses('The name :1.7 was not provided by any .service files') },
      'restarted',
    ],
    [
      'was started anew and knows no session',
      { setPassword: refuses('The session wrapping the secret does not exist') },
      'restarted',
    ],
  ])('one that %s', async (_, parts, state) => {
    expect(await on(parts).probe()).toBe(state);
  });

  test('without the native module there is none', async () => {
    expect(await new Keychain(refuses('Cannot find module')).probe()).toBe('absent');
  });
});

describe('one that waits for a prompt nobody sees [KEY-6]', () => {
  test('is given up after three seconds', async () => {
    vi.useFakeTimers();
    const probed = on({ setPassword: () => new Promise(() => {}) }).probe();
    await vi.advanceTimersByTimeAsync(3000);
    expect(await probed).toBe('hanging');
  });

  test('is not asked again before it has ended: each question holds one of the few threads', async () => {
    vi.useFakeTimers();
    let asked = 0;
    let end = (_: string | null) => {};
    const keychain = on({
      getPassword: () => {
        asked++;
        return new Promise((resolve) => {
          end = resolve;
        });
      },
    });
    const first = keychain.get('a').catch((error: Error) => error);
    await vi.advanceTimersByTimeAsync(3000);
    expect(await first).toMatchObject({ code: 'keychain_unavailable' });
    for (let i = 0; i < 10; i++)
      await expect(keychain.get('a')).rejects.toMatchObject({ code: 'keychain_unavailable' });
    expect(asked).toBe(1);
    end('value');
    await vi.advanceTimersByTimeAsync(0);
    const later = keychain.get('a');
    await vi.advanceTimersByTimeAsync(0);
    end('value');
    expect(await later).toBe('value');
  });
});

describe('many questions at once [KEY-6]', () => {
  /** Answers when it is told to. */
  function waiting() {
    const asked: { account: string; end: (value: string | null) => void }[] = [];
    const keychain = on({
      getPassword: (_, account) => new Promise((end) => void asked.push({ account, end })),
    });
    return { asked, keychain };
  }
  const code = (error: { code: string }) => error.code;

  test('hold one thread while it hangs, and all are given up when the first is', async () => {
    vi.useFakeTimers();
    const { asked, keychain } = waiting();
    const answers = Promise.all(['a', 'b', 'c', 'd', 'e'].map((id) => keychain.get(id).catch(code)));
    const probed = keychain.probe();
    await vi.advanceTimersByTimeAsync(2999);
    expect(asked.map(({ account }) => account)).toEqual(['a']);
    await vi.advanceTimersByTimeAsync(1);
    expect(new Set(await answers)).toEqual(new Set(['keychain_unavailable']));
    expect(await probed).toBe('hanging');
    expect(asked).toHaveLength(1);
  });

  test('are asked in turn while it answers, whatever became of the one before', async () => {
    let under = 0;
    let most = 0;
    const keychain = on({
      getPassword: async (_, account) => {
        most = Math.max(most, ++under);
        await new Promise((resolve) => setTimeout(resolve, 1));
        under--;
        if (account === 'b') throw new Error('Cannot get it');
        return account;
      },
    });
    const answers = await Promise.all(['a', 'b', 'c', 'd'].map((id) => keychain.get(id).catch(code)));
    expect([answers, most]).toEqual([['a', 'keychain_unavailable', 'c', 'd'], 1]);
  });
});

test('a value that was not kept is an error', async () => {
  await expect(on({ getPassword: async () => 'other' }).set('a', 'value')).rejects.toMatchObject({
    code: 'keychain_unavailable',
  });
});

test.each([
  ['absent', /^sudo apt-get install .* && npm rebuild keytar$/],
  ['missing', /^sudo apt-get install -y gnome-keyring /],
  ['session', /^dbus-run-session -- bash -c '.*read -rsp .*--unlock .* && fastband serve'$/],
  ['locked', /^bash -c '.*read -rsp .*gnome-keyring-daemon --replace --unlock/],
  ['hanging', /^bash -c '.*read -rsp .*gnome-keyring-daemon --replace --unlock/],
] as const)('on Linux, %s comes with a command that mends it', (state, command) => {
  expect(keychainWords(state, 'linux').command).toMatch(command);
});

test.each(['absent', 'missing', 'locked', 'hanging'] as const)('elsewhere, %s has none', (state) => {
  expect(keychainWords(state, 'darwin').command).toBeUndefined();
});
