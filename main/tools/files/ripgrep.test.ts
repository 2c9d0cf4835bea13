import { expect, test } from 'vitest';
import { outsideArchive } from './ripgrep.ts';

test.each([
  [
    '/opt/Fastband/resources/app.asar/node_modules/rg',
    '/opt/Fastband/resources/app.asar.unpacked/node_modules/rg',
  ],
  ['C:\\Fastband\\resources\\app.asar\\rg.exe', 'C:\\Fastband\\resources\\app.asar.unpacked\\rg.exe'],
  // Already outside, and from a checkout.
  ['/opt/resources/app.asar.unpacked/rg', '/opt/resources/app.asar.unpacked/rg'],
  ['/home/me/fastband/node_modules/rg', '/home/me/fastband/node_modules/rg'],
  ['/home/me/my-app.asar/node_modules/rg', '/home/me/my-app.asar/node_modules/rg'],
])('a program at %s is started from %s', (shown, real) => {
  expect(outsideArchive(shown)).toBe(real);
});
