import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { realClock } from '../../core/testing.ts';
import { outsideArchive, ripgrep } from './ripgrep.ts';

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

describe('a search [CMD-6]', () => {
  const context = { signal: new AbortController().signal, ports: { clock: realClock } };
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'fastband-rg-'));
    writeFileSync(join(folder, 'line.bin'), '');
    // Of nothing but NULs, which ripgrep takes for one line, and writes out as six characters each.
    truncateSync(join(folder, 'line.bin'), 200 * 1024 * 1024);
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  test('that finds a line without end is ended', async () => {
    let longest = 0;
    await expect(
      ripgrep(['--json', '--regexp=^', '--', './line.bin'], folder, '\n', context, (piece) => {
        longest = Math.max(longest, piece.length);
        return 'more';
      }),
    ).rejects.toMatchObject({ code: 'output_too_large' });
    expect(longest).toBeLessThan(4 * 1024 * 1024);
  });

  test.skipIf(process.platform !== 'linux')(
    'that needs more memory than there is for it, for each place of a line, is ended',
    async () => {
      writeFileSync(join(folder, 'line.txt'), 'a'.repeat(50_000_000));
      await expect(
        ripgrep(['--json', '--regexp=.', '--', './line.txt'], folder, '\n', context, () => 'more'),
      ).rejects.toMatchObject({ code: 'limit_reached' });
    },
  );

  test.skipIf(process.platform !== 'linux')(
    'that is ended from outside says so, and does not pass for one that found nothing more',
    async () => {
      await expect(
        ripgrep(['--json', '--regexp=^', '--', './line.bin'], folder, '\n', context, () => {
          // The file is mapped into memory: to cut it while it is read is the end of the program.
          truncateSync(join(folder, 'line.bin'), 0);
          return 'more';
        }),
      ).rejects.toMatchObject({ code: 'tool_failed', message: expect.stringMatching(/SIGBUS/) });
    },
  );
});
