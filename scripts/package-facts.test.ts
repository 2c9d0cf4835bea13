import { expect, test } from 'vitest';
import { packageOf } from './licences.ts';
import { mayBeInside, NEEDED } from './package-facts.ts';

test.each([
  ['a source', 'main/app.ts'],
  ['a built source map', 'dist/main.js.map'],
  ['a type declaration', 'node_modules/keytar/keytar.d.ts'],
  ['a test', 'dist/app.test.js'],
  ['a test of the panel', 'dist/renderer/assets/app.test.js'],
  ['the command line', 'dist/cli.js'],
  ['how it was built', 'dist/.built'],
  ['another platform’s binary', 'node_modules/better-sqlite3/prebuilds/sunos-sparc.node'],
  ['C++', 'node_modules/better-sqlite3/src/addon.cpp'],
  ['a package that is bundled', 'node_modules/zod/index.js'],
  ['an environment file', '.env'],
  ['end-to-end fixtures', 'e2e/host.ts'],
])('%s may not be inside the app', (_what, file) => {
  expect(mayBeInside(file)).toBe(false);
});

test('all that is needed may be inside', () => {
  expect(NEEDED.filter((file) => !mayBeInside(file))).toEqual([]);
});

test.each([
  ['node_modules/zod/v4/index.js', 'node_modules/zod'],
  ['/here/node_modules/@base-ui/react/dialog/index.js', '/here/node_modules/@base-ui/react'],
  ['node_modules/conf/node_modules/ajv/dist/ajv.js', 'node_modules/conf/node_modules/ajv'],
  ['main/app.ts', undefined],
  ['\0/here/node_modules/vite/preload-helper.js', undefined],
])('the licence of %s is looked for in %s', (file, folder) => {
  expect(packageOf(file)).toBe(folder);
});
