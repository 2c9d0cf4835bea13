import { readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { FastbandError } from '../core/errors.ts';
import { anyText, runs } from '../core/property-testing.ts';
import { isWithin } from '../core/within.ts';
import { makeGround, type PathGround } from './fs-testing.ts';

let ground: PathGround;

beforeAll(async () => {
  ground = await makeGround();
  const { base, ws, home } = ground;
  for (const folder of [join(base, 'out'), join(base, 'ws-evil'), home])
    await writeFile(join(folder, 'a.txt'), 'SECRET');
  for (const [name, to] of [
    ['up', '..'],
    ['out-link', join(base, 'out')],
    ['home-link', home],
    ['twin', '../ws-evil'],
    ['in-link', 'dir'],
    ['loop', 'loop'],
    ['file-link', '../out/a.txt'],
  ] as const)
    await symlink(to, join(ws.root, name));
});
afterAll(() => ground.remove());

describe('any path at all [FS-1]', () => {
  const step = fc.oneof(
    fc.constantFrom(
      '..',
      '..',
      '.',
      '',
      'a.txt',
      'dir',
      'deep',
      'up',
      'out-link',
      'home-link',
      'twin',
      'in-link',
      'loop',
      'file-link',
      'out',
      'home',
      'ws',
      'ws-evil',
      'WS',
      '.git',
      '%2e%2e',
      '..\\',
      '…',
      '~',
    ),
    anyText(4),
  );
  const path = fc
    .tuple(
      fc.constantFrom('', '', '', '/', './', 'ROOT/', 'BASE/', '//', 'file://'),
      fc.array(step, { maxLength: 6 }),
      fc.constantFrom('', '/'),
    )
    .map(([start, steps, end]) => ({ start, text: steps.join('/') + end }));

  test('is refused, or leads to a place in the workspace and nowhere else', async () => {
    await fc.assert(
      fc.asyncProperty(
        path,
        fc.constantFrom('read' as const, 'write' as const),
        async ({ start, text }, intent) => {
          const { base, ws, home } = ground;
          const requested = `${start.replace('ROOT', ws.root).replace('BASE', base)}${text}`;
          let found: Awaited<ReturnType<PathGround['read']>>;
          try {
            found = await ground[intent](requested);
          } catch (error) {
            expect(error).toBeInstanceOf(FastbandError);
            // Whether something exists outside is never told, nor where this folder lies.
            if (error instanceof FastbandError && !requested.includes(base))
              expect(error.message).not.toContain(base);
            return;
          }
          expect(isWithin(found.absolute, ws.root)).toBe(true);
          expect(isWithin(found.absolute, home)).toBe(false);
          expect(found.relative.split('/')).not.toContain('..');
          expect(join(ws.root, found.relative)).toBe(found.absolute);
          if (intent === 'write')
            expect(found.relative.split('/').map((one) => one.toLowerCase())).not.toContain('.git');
          if (found.type === 'file') expect(await readFile(found.absolute, 'utf8')).not.toBe('SECRET');
        },
      ),
      runs(700),
    );
  });

  test('is the same place when it is asked for by what it was found to be', async () => {
    await fc.assert(
      fc.asyncProperty(path, async ({ text }) => {
        const found = await ground.read(text).catch(() => undefined);
        if (found === undefined) return;
        expect((await ground.read(found.absolute)).absolute).toBe(found.absolute);
        expect((await ground.read(found.relative)).absolute).toBe(found.absolute);
      }),
      runs(300),
    );
  });
});
