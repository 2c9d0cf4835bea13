import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { browserPlaces, findBrowser } from './find-browser.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'fastband-browser-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** A program that does nothing. */
function program(...parts: string[]): string {
  const path = join(folder, ...parts);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, '#!/bin/sh\n');
  chmodSync(path, 0o755);
  return path;
}
const none = () => Promise.resolve(undefined);

describe.skipIf(process.platform === 'win32')('the browser that is used', () => {
  const APP = ['Applications', 'Chromium.app', 'Contents', 'MacOS', 'Chromium'];

  it('is the one that a person named, and no other where that one cannot run', async () => {
    const mine = program('my', 'microsoft-edge');
    expect(await findBrowser(mine, {}, none)).toEqual({ name: 'Microsoft Edge', path: mine });
    chmodSync(mine, 0o644);
    program(...APP);
    const fetched = () => Promise.resolve(program('fetched', 'chrome'));
    expect(await findBrowser(mine, { HOME: folder }, fetched, 'darwin')).toBeUndefined();
  });

  it('is in one of the usual places before one that was fetched, and never found by the PATH', async () => {
    const fetched = program('fetched', 'chrome');
    program('bin', 'google-chrome');
    const find = () =>
      findBrowser(
        '',
        { HOME: folder, PATH: join(folder, 'bin') },
        () => Promise.resolve(fetched),
        // None of its places but those below HOME are on a Linux machine.
        'darwin',
      );
    expect(await find()).toEqual({ name: 'Chromium (fetched)', path: fetched });
    const usual = program(...APP);
    expect(await find()).toEqual({ name: 'Chromium', path: usual });
  });

  it('is none where there is none', async () => {
    const gone = () => Promise.resolve(join(folder, 'gone'));
    expect(await findBrowser('', { HOME: folder }, gone, 'darwin')).toBeUndefined();
  });
});

it.each([
  ['linux', {}, /^\/(?:opt|usr|snap)\//],
  ['darwin', { HOME: '/Users/me' }, /^\/(?:Users\/me\/)?Applications\//],
  ['win32', { ProgramFiles: 'C:\\Program Files' }, /^C:\\Program Files\\.*\.exe$/],
] as const)(
  'the usual places of %s are absolute, and hold Chrome, Edge and Chromium',
  (platform, env, form) => {
    const places = browserPlaces(platform, env);
    expect(new Set(places.map(({ name }) => name))).toEqual(
      new Set(['Google Chrome', 'Microsoft Edge', 'Chromium']),
    );
    for (const { path } of places) expect(path).toMatch(form);
  },
);
