import { writeFileSync } from 'node:fs';
import { chmod, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { DEFAULT_SETTINGS, mergeSettings } from '../../contract/settings.ts';
import { realClock, silentLog } from '../core/testing.ts';
import { createNet } from '../guard/net.ts';
import { DATABASE_FILE } from '../store/home.ts';
import { openStore, type Store } from '../store/open.ts';
import { KeyAdmin } from './key-admin.ts';
import { Keychain } from './keychain.ts';
import { Vault } from './vault.ts';

const KEY = 'sk-ant-api03-abcdefghijklmnopqrstuvwxyz';
const CLIENT = { id: 'k1', name: 'Claude Code' };

let folder: string;
let store: Store;
let server: Server;
let base: string;
let items: Map<string, string>;
let broken: boolean;
let answer: { status: number; body?: string };
let seen: { url: string; headers: Record<string, unknown> }[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fastband-vault-'));
  store = openStore({ home: join(folder, 'home'), clock: realClock, log: silentLog });
  items = new Map();
  broken = false;
  answer = { status: 200 };
  seen = [];
  server = createServer((request, response) => {
    seen.push({ url: request.url ?? '', headers: request.headers });
    response
      .writeHead(answer.status, { 'content-type': 'application/json' })
      .end(answer.body ?? '{"data":[]}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(async () => {
  store.close();
  await new Promise((resolve) => server.close(resolve));
  await rm(folder, { recursive: true });
});

function vault(env: Record<string, string> = {}): { vault: Vault; admin: KeyAdmin } {
  const settings = mergeSettings(DEFAULT_SETTINGS, {
    web: { allowedHosts: ['127.0.0.1:*'] },
    providers: { anthropicUrl: base, openaiUrl: base, googleUrl: base },
  });
  const refuse = () => {
    if (broken) throw new Error('Cannot autolaunch D-Bus without X11 $DISPLAY');
  };
  const keychain = new Keychain(async () => ({
    setPassword: async (_: string, id: string, value: string) => {
      refuse();
      items.set(id, value);
    },
    getPassword: async (_: string, id: string) => {
      refuse();
      return items.get(id) ?? null;
    },
    deletePassword: async (_: string, id: string) => {
      refuse();
      return items.delete(id);
    },
  }));
  const made = new Vault({
    keychain,
    store: store.keys,
    net: createNet({ allowedHosts: () => settings.web.allowedHosts }),
    clock: realClock,
    settings: () => settings,
    env,
  });
  return { vault: made, admin: new KeyAdmin({ vault: made, store, changed: () => {} }) };
}

async function log(): Promise<string> {
  const { rows } = await store.audit.search({ limit: 100 });
  return JSON.stringify(rows);
}

describe('a key', () => {
  test('is kept in the keychain and nowhere else, and used by whoever may [KEY-1]', async () => {
    const { vault: v, admin } = vault();
    expect(await admin.set({ id: 'anthropic', value: KEY })).toMatchObject({
      label: 'Anthropic',
      state: 'ok',
    });
    expect(items.get('anthropic')).toBe(KEY);
    expect(await v.use('anthropic', CLIENT)).toBe(KEY);
    expect(await v.list()).toMatchObject([{ id: 'anthropic', lastUsedBy: 'Claude Code' }]);
    expect(JSON.stringify(await v.list())).not.toContain(KEY);
    store.close();
    const text = await readFile(join(folder, 'home', DATABASE_FILE), 'latin1');
    expect([text.includes('Anthropic'), text.includes(KEY)]).toEqual([true, false]);
    store = openStore({ home: join(folder, 'home'), clock: realClock, log: silentLog });
  });

  test('is masked from the moment it is given [KEY-5]', async () => {
    const { vault: v, admin } = vault();
    await admin.set({ id: 'secret:shop', value: 'plain words as a secret' });
    expect(v.values()).toContain('plain words as a secret');
    const other = vault().vault;
    expect(other.values()).toEqual([]);
    await other.learn();
    expect(other.values()).toContain('plain words as a secret');
  });

  test.each([
    ['postgres://shop:pass-word-1@DB.example.com/shop', ['db.example.com:5432']],
    ['postgresql://shop@127.0.0.1:6000/shop', ['127.0.0.1:6000']],
    ['https://example.com/', []],
    ['postgres-password', []],
  ])('that is %s is bound to %j until a person says otherwise', async (value, hosts) => {
    const { admin } = vault();
    expect((await admin.set({ id: 'secret:shop', value })).hosts).toEqual(hosts);
    await admin.remove('secret:shop');
    const own = await admin.set({ id: 'secret:shop', value, hosts: ['a.example.com'] });
    expect(own.hosts).toEqual(['a.example.com']);
  });

  test('cannot be added twice', async () => {
    const { admin } = vault();
    await admin.set({ id: 'openai', value: 'first-value' });
    await expect(admin.set({ id: 'openai', value: 'second-value' })).rejects.toMatchObject({
      code: 'conflict',
    });
    expect(items.get('openai')).toBe('first-value');
  });

  test('that another program took out is said to be gone', async () => {
    const { vault: v, admin } = vault();
    await admin.set({ id: 'openai', value: 'first-value' });
    items.clear();
    expect(await v.list()).toMatchObject([{ id: 'openai', state: 'gone' }]);
    await expect(v.use('openai', CLIENT)).rejects.toMatchObject({ code: 'key_missing' });
  });

  test('is removed from both, and every change is in the log without its value', async () => {
    const { vault: v, admin } = vault();
    await admin.set({ id: 'anthropic', value: KEY });
    await admin.remove('anthropic');
    expect([items.size, await v.list()]).toEqual([0, []]);
    const rows = await log();
    expect(rows).toContain('Key anthropic was added.');
    expect(rows).toContain('Key anthropic was removed.');
    expect(rows).not.toContain(KEY);
  });

  test('stays in the keychain when its removal cannot be written down', async () => {
    const { admin } = vault();
    await admin.set({ id: 'anthropic', value: KEY });
    const failing = new KeyAdmin({
      vault: vault().vault,
      store: {
        keys: store.keys,
        transaction: () => {
          throw new Error('disk full');
        },
        audit: store.audit,
      },
      changed: () => {},
    });
    await expect(failing.remove('anthropic')).rejects.toThrow('disk full');
    await expect(failing.rotate({ id: 'anthropic', value: 'sk-new-value', unchecked: true })).rejects.toThrow(
      'disk full',
    );
    expect(items.get('anthropic')).toBe(KEY);
  });
});

describe('a check', () => {
  test.each<[string, { status: number; body?: string }, string]>([
    ['200', { status: 200 }, 'valid'],
    ['401', { status: 401 }, 'rejected'],
    ['403', { status: 403 }, 'rejected'],
    ['400 of a bad Google key', { status: 400, body: '{"reason":"API_KEY_INVALID"}' }, 'rejected'],
    ['400 of something else', { status: 400 }, 'unknown'],
    ['429', { status: 429 }, 'unknown'],
    ['500', { status: 500 }, 'unknown'],
    ['a redirect, which is not followed', { status: 302 }, 'unknown'],
  ])('answered by %s', async (_, given, result) => {
    const { admin } = vault();
    await admin.set({ id: 'google', value: 'a-key-for-google' });
    answer = given;
    expect(await admin.check('google')).toMatchObject({ check: { result } });
    expect(seen).toMatchObject([
      { url: '/v1beta/models?pageSize=1', headers: { 'x-goog-api-key': 'a-key-for-google' } },
    ]);
  });

  test('without the network says nothing of the key', async () => {
    const { admin } = vault();
    await admin.set({ id: 'anthropic', value: KEY });
    await new Promise((resolve) => server.close(resolve));
    const { check } = await admin.check('anthropic');
    expect(check?.result).toBe('unknown');
    expect(JSON.stringify(check)).not.toContain(KEY);
    server = createServer().listen(0);
  });

  test('sends each provider its own header', async () => {
    const { admin } = vault();
    await admin.set({ id: 'anthropic', value: KEY });
    await admin.set({ id: 'openai', value: 'sk-openai-value' });
    await admin.check('anthropic');
    await admin.check('openai');
    expect(seen).toMatchObject([
      { url: '/v1/models?limit=1', headers: { authorization: `Bearer ${KEY}` } },
      { url: '/v1/models', headers: { authorization: 'Bearer sk-openai-value' } },
    ]);
  });
});

describe('a rotation [KEY-10]', () => {
  test.each([
    [401, 'rejected'],
    [500, 'cannot be asked about'],
  ])('keeps the old key when the new one is answered with %i', async (status) => {
    const { admin } = vault();
    await admin.set({ id: 'anthropic', value: KEY });
    answer = { status };
    await expect(
      admin.rotate({ id: 'anthropic', value: 'sk-new-value', unchecked: false }),
    ).rejects.toMatchObject({
      code: 'conflict',
      message: expect.stringContaining('The old key stays.'),
    });
    expect(items.get('anthropic')).toBe(KEY);
  });

  test('takes a valid one, and one that a person takes unchecked', async () => {
    const { admin } = vault();
    await admin.set({ id: 'anthropic', value: KEY });
    await admin.rotate({ id: 'anthropic', value: 'sk-new-value', unchecked: false });
    expect([items.get('anthropic'), seen[0]?.headers.authorization]).toEqual([
      'sk-new-value',
      'Bearer sk-new-value',
    ]);
    expect(await admin.rotate({ id: 'anthropic', value: 'sk-new-value', unchecked: false })).toMatchObject({
      check: { result: 'valid' },
    });
    answer = { status: 500 };
    await admin.rotate({ id: 'anthropic', value: 'sk-newer-value', unchecked: true });
    expect(items.get('anthropic')).toBe('sk-newer-value');
  });
});

describe('without a keychain [KEY-2]', () => {
  test('nothing can be kept, in no other place either', async () => {
    broken = true;
    const { vault: v, admin } = vault();
    await expect(admin.set({ id: 'anthropic', value: KEY })).rejects.toMatchObject({
      code: 'keychain_unavailable',
    });
    expect(await v.list()).toEqual([]);
    expect(await log()).not.toContain('anthropic');
    expect(await v.report()).toMatchObject({ state: 'session', problem: expect.any(String) });
  });

  test('keys of the environment are used, shown as such, and not changed', async () => {
    broken = true;
    const { vault: v, admin } = vault({ ANTHROPIC_API_KEY: KEY, GEMINI_API_KEY: ' g-key-value ' });
    expect(await v.list()).toMatchObject([
      { id: 'anthropic', source: 'environment', label: 'ANTHROPIC_API_KEY' },
      { id: 'google', source: 'environment', label: 'GEMINI_API_KEY' },
    ]);
    expect(await v.use('google', CLIENT)).toBe('g-key-value');
    answer = { status: 401 };
    await admin.check('anthropic');
    expect((await v.list())[0]).toMatchObject({ id: 'anthropic', check: { result: 'rejected' } });
    expect(v.values()).toContain(KEY);
    await expect(admin.remove('anthropic')).rejects.toMatchObject({ code: 'conflict' });
    await expect(admin.rotate({ id: 'anthropic', value: 'x', unchecked: true })).rejects.toMatchObject({
      code: 'conflict',
    });
  });

  test('keys that it holds are shown as closed', async () => {
    const { vault: v, admin } = vault();
    await admin.set({ id: 'anthropic', value: KEY });
    broken = true;
    expect(await v.list()).toMatchObject([{ id: 'anthropic', state: 'closed' }]);
    await expect(v.use('anthropic', CLIENT)).rejects.toMatchObject({ code: 'keychain_unavailable' });
  });
});

describe('a .env file', () => {
  const ENV = `# keys\nexport ANTHROPIC_API_KEY="${KEY}"\nDB_URL=postgres://u:p@localhost/db\nMULTI="a\nb"\nPORT=3000\n`;

  test('is looked at first, and nothing changes', async () => {
    const path = join(folder, '.env');
    await writeFile(path, ENV);
    const { admin } = vault();
    const { found } = await admin.importEnv({ path, removeLines: true, unchecked: false });
    expect(found).toEqual([
      { name: 'ANTHROPIC_API_KEY', id: 'anthropic', tail: 'wxyz', replaces: false },
      { name: 'DB_URL', id: 'secret:DB_URL', tail: 't/db', replaces: false },
      { name: 'PORT', id: 'secret:PORT', tail: '', replaces: false },
    ]);
    expect([items.size, await readFile(path, 'utf8')]).toEqual([0, ENV]);
  });

  test('gives what is named, and loses those lines alone when asked', async () => {
    const path = join(folder, '.env');
    await writeFile(path, ENV);
    await chmod(path, 0o600);
    const { admin } = vault();
    const names = ['ANTHROPIC_API_KEY', 'DB_URL'];
    expect(await admin.importEnv({ path, names, removeLines: true, unchecked: false })).toMatchObject({
      taken: names,
      removed: 2,
    });
    expect([...items]).toEqual([
      ['anthropic', KEY],
      ['secret:DB_URL', 'postgres://u:p@localhost/db'],
    ]);
    expect(await readFile(path, 'utf8')).toBe('# keys\nMULTI="a\nb"\nPORT=3000\n');
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect(await log()).not.toContain(KEY);
  });

  test('replaces a key that is there only when its provider takes the new one, or unchecked [KEY-10]', async () => {
    const path = join(folder, '.env');
    await writeFile(path, 'ANTHROPIC_API_KEY=sk-new-value\n');
    const { admin } = vault();
    await admin.set({ id: 'anthropic', value: KEY });
    answer = { status: 500 };
    const take = (unchecked: boolean) =>
      admin.importEnv({ path, names: ['ANTHROPIC_API_KEY'], removeLines: true, unchecked });
    await expect(take(false)).rejects.toMatchObject({ code: 'conflict' });
    expect([items.get('anthropic'), await readFile(path, 'utf8')]).toEqual([
      KEY,
      'ANTHROPIC_API_KEY=sk-new-value\n',
    ]);
    expect(await take(true)).toMatchObject({ taken: ['ANTHROPIC_API_KEY'], removed: 1 });
    expect([items.get('anthropic'), await readFile(path, 'utf8')]).toEqual(['sk-new-value', '']);
  });

  test('with two names of one key gives neither unless they are alike, and keeps both lines', async () => {
    const path = join(folder, '.env');
    const two = 'GOOGLE_API_KEY=first-value\nGEMINI_API_KEY=second-value\n';
    await writeFile(path, two);
    const { admin } = vault();
    const names = ['GOOGLE_API_KEY', 'GEMINI_API_KEY'];
    await expect(admin.importEnv({ path, names, removeLines: true, unchecked: false })).rejects.toMatchObject(
      {
        code: 'invalid_input',
        message: expect.stringContaining('GEMINI_API_KEY and GOOGLE_API_KEY'),
      },
    );
    expect([items.size, await readFile(path, 'utf8')]).toEqual([0, two]);
    expect(
      await admin.importEnv({ path, names: ['GEMINI_API_KEY'], removeLines: true, unchecked: false }),
    ).toMatchObject({
      taken: ['GEMINI_API_KEY'],
      removed: 1,
    });
    expect([items.get('google'), await readFile(path, 'utf8')]).toEqual([
      'second-value',
      'GOOGLE_API_KEY=first-value\n',
    ]);
    await writeFile(path, 'GOOGLE_API_KEY=third-value\nGEMINI_API_KEY=third-value\n');
    expect(await admin.importEnv({ path, names, removeLines: true, unchecked: false })).toMatchObject({
      removed: 2,
    });
    expect(items.get('google')).toBe('third-value');
  });

  test.each([
    ['is rejected', 401],
    ['cannot be asked about', 500],
  ])(
    'whose key of a provider %s takes the place of none, and nothing else is taken [KEY-10]',
    async (_, status) => {
      const path = join(folder, '.env');
      const text = 'ALSO=of-the-person\nOPENAI_API_KEY=sk-new-value\n';
      await writeFile(path, text);
      const { admin } = vault();
      await admin.set({ id: 'openai', value: 'sk-old-value' });
      answer = { status };
      await expect(
        admin.importEnv({ path, names: ['ALSO', 'OPENAI_API_KEY'], removeLines: true, unchecked: false }),
      ).rejects.toMatchObject({ code: 'conflict', message: expect.stringContaining('The old key stays.') });
      expect([[...items], await readFile(path, 'utf8')]).toEqual([[['openai', 'sk-old-value']], text]);
    },
  );

  test('that is changed while a key is checked keeps what was written', async () => {
    const path = join(folder, '.env');
    await writeFile(path, 'OPENAI_API_KEY=sk-new-value\n');
    const { admin } = vault();
    await admin.set({ id: 'openai', value: 'sk-old-value' });
    server.prependListener('request', () => writeFileSync(path, 'OPENAI_API_KEY=sk-newer-value\nPORT=1\n'));
    await expect(
      admin.importEnv({ path, names: ['OPENAI_API_KEY'], removeLines: true, unchecked: false }),
    ).rejects.toMatchObject({ code: 'changed_since_plan' });
    expect(await readFile(path, 'utf8')).toBe('OPENAI_API_KEY=sk-newer-value\nPORT=1\n');
  });

  test('keeps its lines when the keychain takes nothing', async () => {
    const path = join(folder, '.env');
    await writeFile(path, ENV);
    broken = true;
    await expect(
      vault().admin.importEnv({ path, names: ['ANTHROPIC_API_KEY'], removeLines: true, unchecked: false }),
    ).rejects.toMatchObject({ code: 'keychain_unavailable' });
    expect(await readFile(path, 'utf8')).toBe(ENV);
  });

  test.each([
    ['is not there', 'none.env', undefined, 'not_found'],
    ['holds something else', 'binary', 'a\0b', 'invalid_input'],
  ])('that %s is refused', async (_, name, content, code) => {
    if (content !== undefined) await writeFile(join(folder, name), content);
    await expect(
      vault().admin.importEnv({ path: join(folder, name), removeLines: false, unchecked: false }),
    ).rejects.toMatchObject({ code });
  });
});
