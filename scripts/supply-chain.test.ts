import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { mayShip } from './licence-terms.ts';

const ROOT = join(import.meta.dirname, '..');
const read = (file: string) => readFileSync(join(ROOT, file), 'utf8');

interface Locked {
  readonly integrity?: string;
  readonly resolved?: string;
  readonly dev?: boolean;
  readonly license?: string;
  readonly link?: boolean;
  readonly hasInstallScript?: boolean;
}

const manifest = JSON.parse(read('package.json')) as {
  readonly dependencies: Record<string, string>;
  readonly optionalDependencies: Record<string, string>;
  readonly allowScripts: Record<string, boolean>;
};
const nameOf = (path: string) => path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);
const LOCKS = ['package-lock.json', 'e2e/peers/package-lock.json'] as const;
const packagesOf = (file: string) =>
  Object.entries((JSON.parse(read(file)) as { packages: Record<string, Locked> }).packages).filter(
    ([path]) => path !== '',
  );

test('SECURITY.md lists each direct dependency with its purpose, and no other [DEP-1]', () => {
  const section = read('SECURITY.md').split('\n## Direct dependencies\n')[1] ?? '';
  const rows = section
    .split('\n')
    .filter((line) => line.startsWith('| '))
    .map((line) => line.split('|').map((cell) => cell.trim()))
    .slice(2);
  expect(rows.map(([, name]) => name).sort()).toEqual(
    [...Object.keys(manifest.dependencies), ...Object.keys(manifest.optionalDependencies)].sort(),
  );
  expect(rows.filter(([, , purpose, notes]) => !purpose || !notes)).toEqual([]);
});

test.each(LOCKS)(
  'every package of %s is pinned by its hash, and comes from nowhere but npm [DEP-2]',
  (file) => {
    const packages = packagesOf(file);
    expect(packages.length).toBeGreaterThan(50);
    const loose = packages
      .filter(([, { integrity }]) => !integrity?.startsWith('sha512-'))
      .map(([path]) => path);
    expect(loose).toEqual([]);
    const elsewhere = packages.filter(
      ([, { resolved }]) => resolved !== undefined && !resolved.startsWith('http'),
    );
    expect(elsewhere).toEqual([]);
  },
);

test('every package with an install script is allowed or refused by name, and nothing else is [DEP-3]', () => {
  const withScripts = packagesOf('package-lock.json')
    .filter(([, { hasInstallScript }]) => hasInstallScript === true)
    .map(([path]) => nameOf(path));
  expect(withScripts.filter((name) => !(name in manifest.allowScripts))).toEqual([]);
  const allowed = Object.entries(manifest.allowScripts).filter(([, may]) => may);
  expect(allowed).toEqual([['keytar', true]]);
});

test('every package that is shipped is under a licence of the list [DEP-4]', () => {
  const shipped = packagesOf('package-lock.json').filter(([, { dev }]) => dev !== true);
  expect(shipped.length).toBeGreaterThan(100);
  expect(shipped.filter(([, { license }]) => !mayShip(license ?? '')).map(([path]) => path)).toEqual([]);
});
