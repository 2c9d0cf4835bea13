import { expect, it } from 'vitest';
import { launchOptions, usesSandbox } from './launch-options.ts';

it.each([
  [0, false],
  [1000, true],
])('user %s starts browsers with a sandbox: %s', (uid, sandbox) => {
  expect(usesSandbox(uid)).toBe(sandbox);
  const { chromiumSandbox, args } = launchOptions({
    executablePath: '/chrome',
    proxy: 'http://127.0.0.1:1',
    env: {},
    sandbox,
  });
  expect(chromiumSandbox).toBe(sandbox);
  expect(args).not.toContain('--no-sandbox');
});

it('a browser has one way to the network, and nothing of the environment that could be a key [WEB-1]', () => {
  const { env, proxy, args, executablePath } = launchOptions({
    executablePath: '/chrome',
    proxy: 'http://127.0.0.1:1',
    env: {
      PATH: '/bin',
      LANG: 'C',
      ANTHROPIC_API_KEY: 'k',
      NODE_OPTIONS: '--inspect',
      LD_PRELOAD: '/x',
      HTTPS_PROXY: 'http://elsewhere',
      FASTBAND_SECRET_KEY: 'k',
    },
    sandbox: true,
  });
  expect(executablePath).toBe('/chrome');
  expect(env).toEqual({ PATH: '/bin', LANG: 'C' });
  expect(proxy).toEqual({ server: 'http://127.0.0.1:1', bypass: '<-loopback>' });
  expect(args).toContain('--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1');
});
