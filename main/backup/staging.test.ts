import { existsSync, lstatSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { tempHome } from '../store/testing.ts';
import { makeStaging, tidyStaging } from './staging.ts';

/** A home in a folder of its own, and what stands beside it. */
function home() {
  const at = tempHome();
  mkdirSync(at);
  const beside = (name: string) => join(dirname(at), name);
  return { at, beside };
}

test('the copy of a restore that was killed is removed, whatever is in it [BAK-4]', async () => {
  const { at, beside } = home();
  const { folder, release } = await makeStaging(at);
  expect(lstatSync(folder).mode & 0o777).toBe(0o700);
  mkdirSync(join(folder, 'journal'));
  writeFileSync(join(folder, 'journal', 'half'), 'of a file');
  // As the system does for one that was killed.
  release();
  mkdirSync(beside('.home.restore-0123abcd'));
  await tidyStaging(at);
  expect(readdirSync(dirname(at)).filter((name) => name.includes('restore'))).toEqual([]);
});

test('nothing else is: the copy that is being made, what a restore put aside, other homes’ and what only looks alike', async () => {
  const { at, beside } = home();
  const working = await makeStaging(at);
  const others = [
    'home.before-restore-2026-11-23-0123abcd',
    '.home.restore-notes',
    '.home.restore-0123ABCD',
    '.home.restore-0123abcd.txt',
    '.home2.restore-0123abcd',
    'home.restore-0123abcd',
  ];
  for (const name of others) mkdirSync(beside(name));
  writeFileSync(beside('.home.restore-00000000'), 'a file');
  symlinkSync(beside(others[0] ?? ''), beside('.home.restore-11111111'));
  const before = readdirSync(dirname(at)).sort();
  await tidyStaging(at);
  expect(readdirSync(dirname(at)).sort()).toEqual(before);
  expect(readdirSync(beside(others[0] ?? ''))).toEqual([]);
  expect(before).toContain(basename(working.folder));
  working.release();
  await tidyStaging(at);
  expect(existsSync(working.folder)).toBe(false);
});
