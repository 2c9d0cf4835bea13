import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { fetchElectron, findElectron, readArguments, whyNoWindow } from './desktop.mjs';

describe('what the arguments of npm start ask for', () => {
  const home = resolve('h');
  test.each([
    ['none: a window', [], { serve: [], app: [], headless: undefined }],
    ['--headless', ['--headless'], { serve: [], app: [], headless: 'as asked' }],
    [
      'a home, for either',
      ['--home', 'h'],
      { serve: ['--home', 'h'], app: [`--home=${home}`], headless: undefined },
    ],
    ['a home, joined', ['--home=h'], { serve: ['--home=h'], app: [`--home=${home}`], headless: undefined }],
    [
      'a hidden window, which a host without one does not know',
      ['--hidden', '--headless'],
      { serve: [], app: ['--hidden'], headless: 'as asked' },
    ],
    [
      'what only the host without a window knows',
      ['--workspace', 'a b', '--port=0'],
      {
        serve: ['--workspace', 'a b', '--port=0'],
        app: [],
        headless: '--workspace is an option of the host without a window',
      },
    ],
    [
      'a home without its value: the host says what is wrong',
      ['--home'],
      { serve: ['--home'], app: [], headless: '--home is an option of the host without a window' },
    ],
  ])('%s', (_name, args, expected) => expect(readArguments(args)).toEqual(expected));
});

describe('why there can be no window', () => {
  const here = { asked: undefined, env: { DISPLAY: ':0' }, platform: 'linux', uid: 1000 };
  test.each([
    ['Linux with X', {}, undefined],
    ['Linux with Wayland', { env: { WAYLAND_DISPLAY: 'wayland-0' } }, undefined],
    ['Linux without a display', { env: {} }, /^there is no display/],
    ['Linux with an empty display', { env: { DISPLAY: '' } }, /^there is no display/],
    ['root on Linux', { uid: 0 }, /sandbox does not start as root/],
    ['macOS', { platform: 'darwin', env: {} }, undefined],
    ['root on macOS', { platform: 'darwin', env: {}, uid: 0 }, undefined],
    ['Windows', { platform: 'win32', env: {}, uid: undefined }, undefined],
    ['asked for, on any', { asked: 'as asked', platform: 'darwin' }, /^as asked$/],
  ])('%s', (_name, more, why) => {
    const said = whyNoWindow({ ...here, ...more });
    if (why === undefined) expect(said).toBeUndefined();
    else expect(said).toMatch(why);
  });
});

describe('Electron’s program', () => {
  let root;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'fastband-electron-'));
    write('node_modules/electron/package.json', '{"version":"45.4.1"}');
    write('node_modules/electron/install.js', '');
  });
  afterEach(() => rmSync(root, { recursive: true, force: true }));

  const write = (path, text) => {
    mkdirSync(join(root, path, '..'), { recursive: true });
    writeFileSync(join(root, path), text);
    return join(root, path);
  };
  const find = (env = {}, platform = 'linux') => findElectron({ root, env, platform });
  const installer = (code) => write('node_modules/electron/install.js', code);

  test.each([
    ['linux', 'electron'],
    ['win32', 'electron.exe'],
    ['darwin', 'Electron.app/Contents/MacOS/Electron'],
  ])('is found on %s where its package put it', (platform, path) => {
    const program = write(`node_modules/electron/dist/${path}`, '');
    write('node_modules/electron/dist/version', 'v45.4.1\n');
    expect(find({}, platform)).toMatchObject({ fetchable: true });
    write('node_modules/electron/path.txt', path);
    expect(find({}, platform)).toEqual({ program, version: '45.4.1' });
  });

  test('of another version is not taken', () => {
    write('node_modules/electron/dist/electron', '');
    write('node_modules/electron/path.txt', 'electron');
    write('node_modules/electron/dist/version', '44.0.0');
    expect(find()).toMatchObject({ fetchable: true });
  });

  test('of one’s own is taken, and a wrong folder is said and not mended by a fetch', () => {
    const program = write('own/electron', '');
    expect(find({ ELECTRON_OVERRIDE_DIST_PATH: join(root, 'own') })).toEqual({
      program,
      version: 'of unknown version',
    });
    expect(find({ ELECTRON_OVERRIDE_DIST_PATH: join(root, 'none') })).toEqual({
      missing: 'there is no Electron in ELECTRON_OVERRIDE_DIST_PATH',
      fetchable: false,
    });
  });

  test('is not fetched when that is forbidden, or when it is no package here', () => {
    expect(find({ ELECTRON_SKIP_BINARY_DOWNLOAD: '1' })).toMatchObject({ fetchable: false });
    rmSync(join(root, 'node_modules/electron'), { recursive: true });
    expect(find()).toMatchObject({ fetchable: false });
  });

  test('that could not be fetched is not tried again at every start, but a day later', async () => {
    installer('process.exit(1)');
    expect(await fetchElectron({ root, env: process.env, tell: () => {} })).toBe(false);
    expect(find()).toMatchObject({ fetchable: false, missing: expect.stringContaining('24 hours') });
    const yesterday = Date.now() / 1000 - 25 * 60 * 60;
    utimesSync(join(root, 'node_modules/.fastband-electron-failed'), yesterday, yesterday);
    expect(find()).toMatchObject({ fetchable: true });
  });

  test('is fetched by its own installer', async () => {
    installer(
      `const fs = require('node:fs');
       fs.mkdirSync(__dirname + '/dist');
       fs.writeFileSync(__dirname + '/dist/version', '45.4.1');
       fs.writeFileSync(__dirname + '/dist/electron', '');
       fs.writeFileSync(__dirname + '/path.txt', 'electron');`,
    );
    expect(await fetchElectron({ root, env: process.env, tell: () => {} })).toBe(true);
    expect(find().program).toBe(join(root, 'node_modules/electron/dist/electron'));
  });

  test('is not waited for longer than promised', async () => {
    installer('setInterval(() => {}, 1000)');
    const began = Date.now();
    expect(await fetchElectron({ root, env: process.env, ms: 300, tell: () => {} })).toBe(false);
    expect(Date.now() - began).toBeLessThan(10_000);
  });
});
