import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { resolveHome } from './home.ts';

test.each([
  ['--home wins', '/data/a', { FASTBAND_HOME: '/data/b' }, 'linux', '/data/a'],
  ['then FASTBAND_HOME', undefined, { FASTBAND_HOME: '/data/b' }, 'linux', '/data/b'],
  [
    'an empty variable is an unset one',
    undefined,
    { FASTBAND_HOME: '' },
    'linux',
    join(homedir(), '.config', 'Fastband'),
  ],
  ['Linux: XDG_CONFIG_HOME', undefined, { XDG_CONFIG_HOME: '/xdg' }, 'linux', '/xdg/Fastband'],
  [
    'Linux: a relative XDG_CONFIG_HOME is ignored',
    undefined,
    { XDG_CONFIG_HOME: 'xdg' },
    'linux',
    join(homedir(), '.config', 'Fastband'),
  ],
  ['macOS', undefined, {}, 'darwin', join(homedir(), 'Library', 'Application Support', 'Fastband')],
  ['Windows', undefined, { APPDATA: '/appdata' }, 'win32', '/appdata/Fastband'],
  ['a relative folder is meant from here', 'data', {}, 'linux', resolve('data')],
] as const)('%s', (_name, option, env, platform, home) => {
  expect(resolveHome(option, env, platform)).toBe(home);
});
