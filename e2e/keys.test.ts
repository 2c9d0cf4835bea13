import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { BIN } from './host.ts';
import { HAS_KEYCHAIN, startKeychain } from './keychain.ts';

const KEY = 'sk-ant-api03-abcdefghijklmnopqrstuvwxyz';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'fastband-keys-'));
  for (const name of ['data', 'run', 'home']) mkdirSync(join(folder, name), { mode: 0o700 });
});
afterEach(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));

interface Ran {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
  readonly ms: number;
}

/** Runs a shell script with `fastband` in it. Nothing of this machine's own keychain or bus is in its environment. */
function shell(script: string, how: { readonly bus: boolean }): Promise<Ran> {
  const began = performance.now();
  const command = `set -e\nfastband() { "${process.execPath}" "${BIN}" "$@"; }\n${script}`;
  const [program, ...args] = how.bus
    ? ['dbus-run-session', '--', 'sh', '-c', command]
    : ['sh', '-c', command];
  const child = spawn(program ?? 'sh', args, {
    env: {
      PATH: process.env.PATH,
      HOME: join(folder, 'home'),
      XDG_DATA_HOME: join(folder, 'data'),
      XDG_RUNTIME_DIR: join(folder, 'run'),
      FASTBAND_HOME: join(folder, 'fastband'),
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [out, err] = ['', ''];
  child.stdout.on('data', (chunk) => {
    out += String(chunk);
  });
  child.stderr.on('data', (chunk) => {
    err += String(chunk);
  });
  return new Promise((resolve) =>
    child.on('close', (code) => resolve({ code, out, err, ms: performance.now() - began })),
  );
}

/** A keychain that is open, as after a log-in. */
const OPEN = `printf pass | gnome-keyring-daemon --unlock --components=secrets > /dev/null 2>&1\n`;
const open = (script: string) => shell(OPEN + script, { bus: true });

describe.skipIf(!HAS_KEYCHAIN)('the real keychain of this system', () => {
  it('holds what was set, where other programs find it, and Fastband finds what is there [KEY-1]', async () => {
    const ran = await open(`
      printf '%s' '${KEY}' | fastband keys set anthropic
      secret-tool lookup service fastband account anthropic
      echo
      fastband keys list
      printf 'from elsewhere' | secret-tool store --label=x service fastband account anthropic
      fastband keys list --json
      fastband keys remove anthropic
      secret-tool lookup service fastband account anthropic || echo nothing
      fastband keys list --json`);
    expect(ran).toMatchObject({ code: 0 });
    const [set, found, , row, , removed, nothing, empty] = ran.out.trim().split('\n');
    expect([set, found, removed, nothing]).toEqual([
      'anthropic is in the keychain.',
      KEY,
      'anthropic is no longer in the keychain.',
      'nothing',
    ]);
    expect(row).toMatch(/^anthropic +Anthropic +\d{4}-.* never +kept$/);
    expect(JSON.parse(empty ?? '')).toEqual({ keychain: { state: 'working' }, keys: [] });
    expect(readFileSync(join(folder, 'fastband', 'fastband.db'), 'latin1')).not.toContain(KEY);
  });

  it('is told from one that is locked: nothing is kept, and it does not hang [KEY-2]', async () => {
    expect(await open(`printf '%s' '${KEY}' | fastband keys set anthropic`)).toMatchObject({ code: 0 });
    const ran = await shell(
      `gnome-keyring-daemon --start --components=secrets > /dev/null 2>&1
       printf 'another-value' | fastband keys set openai || echo "code $?"
       fastband keys list --json`,
      { bus: true },
    );
    expect(ran.err).toMatch(/The keychain (?:is locked|does not answer)/);
    expect(ran.err).toMatch(
      /Run: bash -c '.* \| gnome-keyring-daemon --replace --unlock --components=secrets'/,
    );
    const { keychain, keys } = JSON.parse(ran.out.trim().split('\n').at(-1) ?? '') as {
      keychain: { state: string };
      keys: { id: string; state: string }[];
    };
    expect(['locked', 'hanging']).toContain(keychain.state);
    expect(keys.map(({ id }) => id)).toEqual(['anthropic']);
    expect(keys[0]?.state).not.toBe('ok');
    expect(ran.ms).toBeLessThan(25_000);
  });

  it('is told from none at all, with the command that mends it', async () => {
    const ran = await shell(
      `printf '%s' '${KEY}' | fastband keys set anthropic || echo "code $?"
       fastband keys list
       fastband doctor || true`,
      { bus: false },
    );
    expect(ran.out).toContain('code 1');
    const command = `dbus-run-session -- bash -c 'IFS= read -rsp "Keychain password: " p && echo && printf %s "$p" | gnome-keyring-daemon --unlock --components=secrets && fastband serve'`;
    expect(ran.err).toContain('There is no D-Bus session here');
    expect(ran.err).toContain(`Run: ${command}`);
    expect(ran.out).toContain(command);
    expect(readFileSync(join(folder, 'fastband', 'fastband.db'), 'latin1')).not.toContain(KEY);
  });

  it('is opened by the command that is shown for one that is locked', async () => {
    expect(await open(`printf '%s' '${KEY}' | fastband keys set anthropic`)).toMatchObject({ code: 0 });
    const ran = await shell(
      `gnome-keyring-daemon --start --components=secrets > /dev/null 2>&1
       command=$(fastband keys list 2>&1 | sed -n 's/^.*Run: //p' | head -n 1)
       echo "$command"
       printf 'pass\\n' | eval "$command" > /dev/null 2>&1
       fastband keys list --json`,
      { bus: true },
    );
    const [command, list] = ran.out.trim().split('\n');
    expect(command).toMatch(/^bash -c '.*gnome-keyring-daemon --replace /);
    expect(JSON.parse(list ?? '')).toMatchObject({
      keychain: { state: 'working' },
      keys: [{ id: 'anthropic', state: 'ok' }],
    });
  });

  it('gives a key to a check, and takes a new one only when the provider does [KEY-10]', async () => {
    const server = await provider();
    try {
      const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
      const ran = await open(`
        fastband config set providers.anthropicUrl ${url} > /dev/null
        fastband config set web.allowedHosts '127.0.0.1:*' > /dev/null
        printf '%s' '${KEY}' | fastband keys set anthropic
        fastband keys check anthropic
        printf 'sk-bad-value' | fastband keys rotate anthropic || echo "code $?"
        secret-tool lookup service fastband account anthropic; echo
        printf 'sk-good-value' | fastband keys rotate anthropic
        secret-tool lookup service fastband account anthropic; echo`);
      expect(ran.out.trim().split('\n')).toEqual([
        'anthropic is in the keychain.',
        'anthropic is valid.',
        'code 1',
        KEY,
        'anthropic has a new value.',
        'sk-good-value',
      ]);
      expect(ran.err).toContain('The old key stays.');
    } finally {
      await new Promise((resolve) => server.close(resolve));
    }
  });

  it('takes keys from a .env file, and their lines out of it', async () => {
    const file = join(folder, '.env');
    writeFileSync(file, `OPENAI_API_KEY=sk-from-a-file-1234\nPORT=3000\n`);
    const ran = await open(`
      fastband keys import '${file}'
      fastband keys import '${file}' --take OPENAI_API_KEY --remove-lines
      secret-tool lookup service fastband account openai; echo`);
    expect(ran).toMatchObject({ code: 0 });
    expect(ran.out).toContain('Taken: OPENAI_API_KEY. Lines removed: 1.');
    expect(ran.out.trim().split('\n').at(-1)).toBe('sk-from-a-file-1234');
    expect(readFileSync(file, 'utf8')).toBe('PORT=3000\n');
  });

  it.each([
    ['y', 1, 'PORT=3000\n'],
    ['n', 0, 'OPENAI_API_KEY=sk-from-a-file-1234\nPORT=3000\n'],
  ])('a terminal is asked whether lines go: %s', async (typed, removed, left) => {
    const file = join(folder, '.env');
    writeFileSync(file, 'OPENAI_API_KEY=sk-from-a-file-1234\nPORT=3000\n');
    const command = `'${process.execPath}' '${BIN}' keys import '${file}' --take OPENAI_API_KEY`;
    const ran = await open(`(sleep 3; printf '${typed}\\r') | script -qec "${command}" /dev/null`);
    expect(ran.out).toContain('[y/N]');
    expect(ran.out).toContain(`Taken: OPENAI_API_KEY. Lines removed: ${removed}.`);
    expect(readFileSync(file, 'utf8')).toBe(left);
  });
});

const THREADS_SCRIPT = `
  import { readFile } from 'node:fs/promises';
  import { Keychain } from '${pathToFileURL(resolve('main/vault/keychain.ts')).href}';
  const keychain = new Keychain();
  await keychain.set('one', 'value');
  process.stdout.write('ready');
  await new Promise((resolve) => process.stdin.once('data', resolve));
  const asked = Promise.all(['one', 'two', 'three', 'four', 'five'].map((id) => keychain.get(id).catch((e) => e.code)));
  const began = performance.now();
  await new Promise((resolve) => setTimeout(resolve, 100));
  await readFile(process.argv[1] ?? import.meta.filename);
  const read = performance.now() - began;
  const codes = await asked;
  process.stdout.write(JSON.stringify({ read, codes, waited: performance.now() - began }));
  // What hangs below would keep this process.
  process.kill(process.pid, 'SIGKILL');`;

describe.skipIf(!HAS_KEYCHAIN)('a keychain that hangs', () => {
  it('leaves the threads that files are read with free, however many keys are asked for at once [KEY-6]', async () => {
    const keychain = await startKeychain(folder);
    try {
      const script = join(folder, 'ask.mjs');
      writeFileSync(script, THREADS_SCRIPT);
      const child = spawn(process.execPath, [script], {
        env: { PATH: process.env.PATH, HOME: join(folder, 'home'), ...keychain.env },
        stdio: ['pipe', 'pipe', 'inherit'],
      });
      let out = '';
      child.stdout.on('data', (chunk) => {
        out += String(chunk);
        if (out !== 'ready') return;
        keychain.hang();
        child.stdin.write('go');
      });
      await once(child, 'close');
      const { read, codes, waited } = JSON.parse(out.replace('ready', '')) as {
        read: number;
        codes: string[];
        waited: number;
      };
      expect(codes).toEqual(Array(5).fill('keychain_unavailable'));
      // The file was read while the keychain hung.
      expect(read).toBeLessThan(2500);
      expect(waited).toBeGreaterThan(2900);
    } finally {
      keychain.stop();
    }
  });
});

it('a value among the arguments is refused [KEY-8]', async () => {
  const ran = await shell(`fastband keys set anthropic ${KEY} || echo "code $?"`, { bus: false });
  expect(ran.out.trim()).toBe('code 2');
  expect(existsSync(join(folder, 'fastband'))).toBe(false);
});

async function provider(): Promise<Server> {
  const server = createServer((request, response) => {
    const good = [KEY, 'sk-good-value'].some((key) => request.headers.authorization === `Bearer ${key}`);
    response.writeHead(good ? 200 : 401, { 'content-type': 'application/json' }).end('{"data":[]}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}
