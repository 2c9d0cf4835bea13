import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { SecurityCheck } from '../contract/entities.ts';
import { examineSecurity, type SecurityFacts } from './security.ts';

let home: string;
beforeEach(() => {
  home = join(mkdtempSync(join(tmpdir(), 'fastband-security-')), 'home');
  mkdirSync(home, { mode: 0o700 });
  for (const name of ['fastband.db', 'settings.json']) writeFileSync(join(home, name), '', { mode: 0o600 });
});
afterEach(() => rmSync(join(home, '..'), { recursive: true }));

const look = async (facts: Partial<SecurityFacts> = {}) =>
  examineSecurity({
    home,
    auditOk: true,
    listening: ['http://127.0.0.1:7850/mcp', 'http://127.0.0.1:7851/'],
    keychain: { id: 'keychain', state: 'ok' },
    browser: { state: 'ready', sandbox: true },
    allowedHosts: ['localhost:3000'],
    uid: 1000,
    panelServed: true,
    secretSet: false,
    verified: { at: 5, bad: null },
    desktop: { packaged: true, wrongFuses: [], sandbox: true, feed: true, automatic: true },
    ...facts,
  });
const warnings = (checks: readonly SecurityCheck[]) =>
  checks.filter(({ state }) => state === 'warn').map(({ id }) => id);

test('all is well, and each part names what stands on it', async () => {
  const checks = await look();
  expect(checks.filter(({ state }) => state !== 'ok')).toEqual([]);
  const known = readFileSync(join(import.meta.dirname, '..', 'SECURITY.md'), 'utf8');
  for (const { claims } of checks) {
    expect(claims.length).toBeGreaterThan(0);
    for (const claim of claims) expect(known).toContain(`- **${claim}** `);
  }
});

test.each<[string, Partial<SecurityFacts>, string, RegExp]>([
  ['root', { uid: 0 }, 'user', /as yourself/],
  ['a log that cannot be written', { auditOk: false }, 'log', /refused/],
  ['no keychain', { keychain: { id: 'keychain', state: 'warn', problem: 'Run: x' } }, 'keychain', /Run: x/],
  ['a browser without its sandbox', { browser: { state: 'running', sandbox: false } }, 'browser', /sandbox/],
  ['all ports of a host', { allowedHosts: ['localhost:3000', '127.0.0.1:*'] }, 'openings', /127\.0\.0\.1 is/],
  [
    'a log that does not verify',
    { verified: { at: 5, bad: { seq: 7, problem: 'it was edited.' } } },
    'chain',
    /Row 7 .* it was edited\./,
  ],
  [
    'the app without its sandbox',
    { desktop: { packaged: true, wrongFuses: [], sandbox: false, feed: true, automatic: true } },
    'windows',
    /--no-sandbox/,
  ],
  [
    'updates that are switched off',
    { desktop: { packaged: true, wrongFuses: [], sandbox: true, feed: true, automatic: false } },
    'updates',
    /Settings/,
  ],
  [
    'fuses that are not set',
    { desktop: { packaged: true, wrongFuses: ['RunAsNode'], sandbox: true, feed: true, automatic: true } },
    'fuses',
    /RunAsNode/,
  ],
  ['another address', { listening: ['http://192.168.1.2:7850/mcp'] }, 'listen', /192\.168\.1\.2/],
])('%s is said, with what to do', async (_name, facts, id, problem) => {
  const checks = await look(facts);
  expect(warnings(checks)).toEqual([id]);
  expect(checks.find((one) => one.id === id)?.problem).toMatch(problem);
});

test.skipIf(process.platform === 'win32').each(['.', 'fastband.db', 'settings.json'])(
  'that others may read %s is said',
  async (name) => {
    chmodSync(join(home, name), 0o755);
    const checks = await look();
    expect(warnings(checks)).toEqual(['files']);
    expect(checks[0]?.problem).toContain(join(home, name));
  },
);

test.skipIf(process.platform === 'win32')(
  'that others may read a file deep in it is said [FS-9]',
  async () => {
    mkdirSync(join(home, 'journal', 'ab'), { recursive: true, mode: 0o700 });
    writeFileSync(join(home, 'journal', 'ab', 'kept'), '', { mode: 0o600 });
    expect(warnings(await look())).toEqual([]);
    chmodSync(join(home, 'journal', 'ab', 'kept'), 0o640);
    const checks = await look();
    expect(warnings(checks)).toEqual(['files']);
    expect(checks[0]?.problem).toContain(join(home, 'journal', 'ab', 'kept'));
  },
);

test.each([
  [true, /is set/],
  [false, /is not set/],
])('whether a secret is set is said: %s [ACC-9]', async (secretSet, note) => {
  expect((await look({ secretSet })).find(({ id }) => id === 'session')?.note).toMatch(note);
});

test('what cannot be told is not called well', async () => {
  const checks = await look({
    uid: undefined,
    listening: [],
    browser: { state: 'missing', sandbox: false },
    panelServed: false,
  });
  expect(checks.filter(({ state }) => state === 'unknown').map(({ id }) => id)).toEqual([
    'files',
    'user',
    'listen',
    'browser',
    'session',
  ]);
});

test.each<[string, Partial<SecurityFacts>, readonly string[]]>([
  ['a log that was not verified since the start', { verified: undefined }, ['chain']],
  [
    'an app whose fuses cannot be read',
    { desktop: { packaged: true, wrongFuses: undefined, sandbox: true, feed: true, automatic: true } },
    ['fuses'],
  ],
  ['a folder that is not there', { home: '/nowhere/at/all' }, ['files']],
  [
    'the app from its sources',
    { desktop: { packaged: false, wrongFuses: undefined, sandbox: true, feed: false, automatic: true } },
    ['fuses', 'updates'],
  ],
])('%s is no reason to worry, and nothing is claimed of it', async (_name, facts, ids) => {
  const checks = await look(facts);
  expect(checks.filter(({ state }) => state !== 'ok').map(({ id, state }) => [id, state])).toEqual(
    ids.map((id) => [id, 'unknown']),
  );
});

test('a host without windows says nothing of them', async () => {
  expect((await look({ desktop: undefined })).map(({ id }) => id)).not.toContain('windows');
});
