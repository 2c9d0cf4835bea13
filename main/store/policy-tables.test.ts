import { describe, expect, test } from 'vitest';
import type { Match } from '../../contract/policy.ts';
import { FakeClock } from '../core/testing.ts';
import type { GrantInput } from './grants.ts';
import { openTestStore, rawDatabase } from './testing.ts';

const readAll: Match = { kind: 'read', paths: ['**'] };

function grantFor(clientId: string, more: Partial<GrantInput> = {}): GrantInput {
  return {
    clientId,
    clientName: 'Cursor',
    match: readAll,
    scope: 'always',
    tool: 'read_file',
    toolHash: 'h',
    approvalId: 'a_1',
    ...more,
  };
}

describe('clients', () => {
  test('a token works until its client is revoked, and is stored as a hash alone [ACC-4]', () => {
    const { home, store } = openTestStore();
    const { client, token } = store.clients.create('Cursor');
    expect(token).toMatch(/^fb_[A-Za-z0-9_-]{43}$/);
    expect(store.clients.byToken(token)).toEqual(client);
    expect(rawDatabase(home).serialize().includes(token.slice(3))).toBe(false);
    expect(store.clients.revoke(client.id).revokedAt).toBeDefined();
    expect(store.clients.byToken(token)).toBeUndefined();
    expect(() => store.clients.revoke(client.id)).toThrow(expect.objectContaining({ code: 'conflict' }));
    expect(() => store.clients.revoke('k_none')).toThrow(expect.objectContaining({ code: 'not_found' }));
  });

  test.each([
    '',
    'fb_',
    'x'.repeat(46),
    `fb_${'a'.repeat(43)}`,
    `fb_${'a'.repeat(44)}`,
    `fb_${"' OR 1=1 --".padEnd(43, 'a')}`,
  ])('a token of nobody: %j', (token) => {
    const { store } = openTestStore();
    store.clients.create('Cursor');
    expect(store.clients.byToken(token)).toBeUndefined();
  });

  test('two active clients never share a name, whatever its case; a revoked one’s name is free', () => {
    const { store } = openTestStore();
    const { client } = store.clients.create('Cursor');
    for (const name of ['Cursor', 'cursor', ' CURSOR ']) {
      expect(() => store.clients.create(name)).toThrow(expect.objectContaining({ code: 'conflict' }));
    }
    store.clients.revoke(client.id);
    expect(store.clients.create('Cursor').client.id).not.toBe(client.id);
  });

  test.each(['person', 'Fastband', 'unknown', '  ', 'Cur\u200bsor', 'Cur\u202esor', 'a\nb', 'x'.repeat(101)])(
    'a name that would be read as another is refused: %j',
    (name) => {
      const { store } = openTestStore();
      expect(() => store.clients.create(name)).toThrow(expect.objectContaining({ code: 'invalid_input' }));
    },
  );

  test('last seen is written at most once a minute', () => {
    const { home, store } = openTestStore();
    const { client } = store.clients.create('Cursor');
    const raw = rawDatabase(home);
    const seen = () => raw.prepare('SELECT last_seen_at FROM clients').pluck().get();
    store.clients.touch(client.id, 100_000);
    store.clients.touch(client.id, 159_999);
    expect(seen()).toBe(100_000);
    store.clients.touch(client.id, 160_000);
    expect(seen()).toBe(160_000);
  });

  test('revoking takes the client’s grants with it, and nothing can be granted to it later', () => {
    const { store } = openTestStore();
    const { client } = store.clients.create('Cursor');
    store.grants.add(grantFor(client.id));
    store.clients.revoke(client.id);
    expect(store.grants.list()).toEqual([]);
    expect(() => store.grants.add(grantFor(client.id))).toThrow(
      expect.objectContaining({ code: 'client_revoked' }),
    );
  });
});

describe('workspaces', () => {
  test('name and folder are taken once', () => {
    const { store } = openTestStore();
    const shop = store.workspaces.add({ name: 'shop', root: '/srv/shop', readOnly: true });
    expect(store.workspaces.list()).toEqual([shop]);
    for (const again of [
      { name: 'shop', root: '/srv/other' },
      { name: 'SHOP', root: '/srv/other' },
      { name: 'other', root: '/srv/shop' },
    ]) {
      expect(() => store.workspaces.add({ ...again, readOnly: false })).toThrow(
        expect.objectContaining({ code: 'conflict' }),
      );
    }
  });

  test('another folder that gets a removed workspace’s name inherits no grant [POL-3]', () => {
    const { store } = openTestStore();
    const { client } = store.clients.create('Cursor');
    store.workspaces.add({ name: 'shop', root: '/srv/shop', readOnly: false });
    store.grants.add(grantFor(client.id, { match: { ...readAll, workspace: 'shop' } }));
    const everywhere = store.grants.add(grantFor(client.id));
    store.workspaces.remove('shop');
    expect(store.grants.list().map((one) => one.id)).toEqual([everywhere.id]);
    expect(() => store.workspaces.remove('shop')).toThrow(expect.objectContaining({ code: 'not_found' }));
  });
});

describe('rules, grants, tools', () => {
  test('rules come back as they were written, oldest first', () => {
    const { store } = openTestStore();
    const one = store.rules.add({ effect: 'deny', match: readAll, client: 'Cursor', note: 'why' });
    const two = store.rules.add({ effect: 'ask', match: { kind: 'exec', argv: ['git', '...'] }, expires: 9 });
    expect(store.rules.list()).toEqual([one, two]);
    expect(one).toMatchObject({ source: 'person', note: 'why' });
    expect(store.rules.remove(one.id)).toEqual(one);
    expect(() => store.rules.remove(one.id)).toThrow(expect.objectContaining({ code: 'not_found' }));
    expect(store.rules.list()).toEqual([two]);
  });

  test('a host that starts drops grants of the last session and expired ones', async () => {
    const clock = new FakeClock();
    const { store } = openTestStore(undefined, { clock });
    const { client } = store.clients.create('Cursor');
    store.grants.add(grantFor(client.id, { scope: 'session' }));
    store.grants.add(grantFor(client.id, { scope: 'hour', expires: clock.now() + 1000 }));
    const hour = store.grants.add(grantFor(client.id, { scope: 'hour', expires: clock.now() + 5000 }));
    const always = store.grants.add(grantFor(client.id));
    await clock.advance(1000);
    store.grants.clearSession();
    expect(store.grants.list()).toEqual([hour, always]);
    store.grants.used(always.id, 77);
    expect(store.grants.list()[1]?.lastUsedAt).toBe(77);
    expect(store.grants.revoke(always.id).id).toBe(always.id);
    expect(() => store.grants.revoke(always.id)).toThrow(expect.objectContaining({ code: 'not_found' }));
  });

  test('tools are on unless switched off', () => {
    const { store } = openTestStore();
    store.toolSwitches.set('run_command', false);
    store.toolSwitches.set('run_command', false);
    store.toolSwitches.set('read_file', false);
    store.toolSwitches.set('read_file', true);
    expect([...store.toolSwitches.disabled()]).toEqual(['run_command']);
  });
});

describe('a policy row that cannot be read denies everything, it is never skipped [CALL-3 POL-7]', () => {
  test.each([
    ['a rule that is no JSON', "UPDATE rules SET body = '{'", 'rules'],
    ['a rule of an unknown effect', "UPDATE rules SET body = json_set(body, '$.effect', 'maybe')", 'rules'],
    [
      'a rule with a key that we do not know',
      "UPDATE rules SET body = json_set(body, '$.unless', 1)",
      'rules',
    ],
    ['a grant that is no JSON', "UPDATE grants SET body = 'x'", 'grants'],
    ['a grant without a tool', "UPDATE grants SET body = json_remove(body, '$.tool')", 'grants'],
    ['a table that is gone', 'DROP TABLE rules', 'rules'],
  ] as const)('%s', (_, sql, table) => {
    const { home, store } = openTestStore();
    const { client } = store.clients.create('Cursor');
    store.rules.add({ effect: 'deny', match: readAll });
    store.rules.add({ effect: 'deny', match: readAll });
    store.grants.add(grantFor(client.id));
    rawDatabase(home).exec(sql);
    expect(() => store[table].list()).toThrow(expect.objectContaining({ code: 'policy_unavailable' }));
    // A host can still start, and then denies.
    if (table === 'grants') expect(() => store.grants.clearSession()).not.toThrow();
  });
});
