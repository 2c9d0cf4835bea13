import { chmod, mkdir, mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, isAbsolute, join, resolve } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { FastbandError } from '../core/errors.ts';
import { anyText, runs } from '../core/property-testing.ts';
import { isWithin } from '../core/within.ts';
import { resolveCommand, safePath } from './argv.ts';

let base: string;
let root: string;
let home: string;

beforeAll(async () => {
  base = await realpath(await mkdtemp(join(tmpdir(), 'fastband-argv-')));
  root = join(base, 'ws');
  home = join(base, 'home');
  for (const folder of [root, home, join(root, 'bin'), join(root, 'deep/er')])
    await mkdir(folder, { recursive: true });
  for (const file of [join(root, 'bin/git'), join(root, 'tool'), join(home, 'tool')]) {
    await writeFile(file, '#!/bin/sh\n');
    await chmod(file, 0o755);
  }
  await symlink(home, join(root, 'way-in'));
  await symlink(join(home, 'tool'), join(root, 'home-tool'));
});
afterAll(() => rm(base, { recursive: true, force: true }));

const options = (PATH = '/usr/bin:/bin') => ({
  cwd: root,
  env: { PATH },
  home,
  workspaces: [{ name: 'ws', root, readOnly: false, createdAt: 0 }],
});

describe('the PATH of commands [CMD-3]', () => {
  test('never has a folder that a client could write programs into, or that depends on where it stands', () => {
    const entry = fc.oneof(
      fc.constantFrom(
        '',
        '.',
        '..',
        'bin',
        '/usr/bin',
        '/bin',
        'WS',
        'WS/bin',
        'WS/../ws/bin',
        'HOME',
        'WS/',
        '//WS',
        'WS-other',
        '/usr/../WS',
      ),
      anyText(8),
    );
    fc.assert(
      fc.property(fc.array(entry, { maxLength: 8 }), (entries) => {
        const given = entries
          .map((one) => one.replaceAll('WS', root).replaceAll('HOME', home))
          .join(delimiter);
        for (const one of safePath({ PATH: given }, options().workspaces, home)
          .split(delimiter)
          .filter((part) => part !== '')) {
          expect(isAbsolute(one)).toBe(true);
          expect(isWithin(resolve(one), root) || isWithin(resolve(one), home)).toBe(false);
        }
      }),
      runs(1500),
    );
  });
});

describe("Fastband's own folder [CMD-5]", () => {
  /** The folder, or something in it, as a command line can name it. */
  const spelling = fc
    .record({
      start: fc.constantFrom(
        'HOME',
        'WS/../home',
        'WS/way-in',
        'way-in',
        './way-in',
        '../home',
        'deep/../way-in',
        'deep/er/../../../home',
        'WS/./deep/..//way-in',
      ),
      below: fc.constantFrom(
        '',
        '/',
        '/fastband.db',
        '/../home/fastband.db',
        '/./x/../fastband.db',
        '//fastband.db',
        '/nothing/there',
      ),
      carry: fc.constantFrom<(path: string) => string>(
        (path) => path,
        (path) => `--file=${path}`,
        (path) => `-o${path}`,
        (path) => `@${path}`,
        (path) => `if=${path}`,
        (path) => `file://${path}`,
        (path) => `-d@${path}`,
      ),
    })
    .map(({ start, below, carry }) => ({ path: `${start}${below}`, carry }));

  test('cannot be named to a program, however it is written', async () => {
    await fc.assert(
      fc.asyncProperty(
        spelling,
        fc.constantFrom('cat', 'ls', 'cp', 'dd'),
        async ({ path, carry }, program) => {
          const written = path.replaceAll('WS', root).replaceAll('HOME', home);
          const word = carry(written);
          // A file URL names a whole path only.
          fc.pre(!word.startsWith('file://') || isAbsolute(written));
          await expect(resolveCommand([program, word], options())).rejects.toMatchObject({
            code: 'command_refused',
          });
        },
      ),
      runs(300),
    );
  });
});

describe('any command line', () => {
  const word = fc.oneof(
    fc.constantFrom(
      'git',
      './bin/git',
      'bin/git',
      'tool',
      './tool',
      '../home/tool',
      './home-tool',
      'way-in/tool',
      'sh',
      'fastband',
      'FASTBAND.cmd',
      '-c',
      '--',
      '',
      '.',
      '/',
    ),
    anyText(10),
  );

  test('is refused in words, or runs a program that is not one of ours, and is known to be open where the workspace holds it', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(word, { maxLength: 4 }), async (argv) => {
        try {
          const { binary, open, inWorkspace } = await resolveCommand(
            argv,
            options(`${root}/bin:/usr/bin:/bin`),
          );
          expect(isAbsolute(binary)).toBe(true);
          expect(isWithin(binary, home)).toBe(false);
          expect(inWorkspace).toBe(isWithin(binary, root));
          if (inWorkspace) expect(open).toBe(true);
          // A bare name is never found in the workspace, whatever PATH says.
          if (!(argv[0] ?? '').includes('/')) expect(inWorkspace).toBe(false);
        } catch (error) {
          expect(error).toBeInstanceOf(FastbandError);
          expect(['command_refused', 'not_found']).toContain((error as FastbandError).code);
        }
      }),
      runs(300),
    );
  });
});
