import { spawn } from 'node:child_process';
import { constants } from 'node:fs';
import { link, mkdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Workspace } from '../../contract/entities.ts';
import { FastbandError } from '../core/errors.ts';
import { outcome as code, makeGround, type PathGround } from './fs-testing.ts';
import { openResolved, type ResolvedPath } from './path.ts';

let ground: PathGround;
let base: string;
let ws: Workspace;
beforeEach(async () => {
  ground = await makeGround();
  ({ base, ws } = ground);
});
afterEach(() => ground.remove());

const read: PathGround['read'] = (path, more) => ground.read(path, more);
const write: PathGround['write'] = (path, more) => ground.write(path, more);

describe('a swap between check and use [FS-2]', () => {
  async function swapped(
    swap: (planned: ResolvedPath) => Promise<unknown>,
    path = 'dir/b.txt',
  ): Promise<string> {
    const planned = await read(path);
    await swap(planned);
    return code(
      openResolved(planned, constants.O_RDONLY).then(async (handle) => {
        await handle.close();
      }),
    );
  }

  test.each<[string, (planned: ResolvedPath) => Promise<unknown>]>([
    [
      'the file for a link',
      async (p) => {
        await rm(p.absolute);
        await symlink(join(base, 'out/secret'), p.absolute);
      },
    ],
    [
      'the file for another file',
      async (p) => {
        await writeFile(`${p.absolute}2`, 'x');
        await rename(`${p.absolute}2`, p.absolute);
      },
    ],
    [
      'the file for a folder',
      async (p) => {
        await rm(p.absolute);
        await mkdir(p.absolute);
      },
    ],
    ['the file for nothing', async (p) => rm(p.absolute)],
    [
      'its folder for a link outside',
      async () => {
        await rename(join(ws.root, 'dir'), join(ws.root, 'dir2'));
        await writeFile(join(base, 'out/b.txt'), 'SECRET');
        await symlink(join(base, 'out'), join(ws.root, 'dir'));
      },
    ],
    [
      'its folder for a link, with the very file moved outside',
      async () => {
        await rename(join(ws.root, 'dir'), join(base, 'out/dir'));
        await symlink(join(base, 'out/dir'), join(ws.root, 'dir'));
      },
    ],
    [
      'the workspace for a link',
      async () => {
        await rename(ws.root, join(base, 'out/ws'));
        await symlink(join(base, 'out/ws'), ws.root);
      },
    ],
  ])('%s is noticed', async (_, swap) => {
    expect(await swapped(swap)).toBe('changed_since_plan');
  });

  test('nothing swapped opens', async () => {
    expect(await swapped(async () => {})).toBe('allowed');
  });

  test('a file with several names is not opened for writing in place', async () => {
    await link(join(ws.root, 'a.txt'), join(ws.root, 'again.txt'));
    const planned = await write('a.txt');
    expect(await code(openResolved(planned, constants.O_WRONLY))).toBe('path_refused');
    const handle = await openResolved(planned, constants.O_RDONLY);
    await handle.close();
  });

  test('creating and truncating are not opened at all', async () => {
    const planned = await write('a.txt');
    await expect(openResolved(planned, constants.O_WRONLY | constants.O_TRUNC)).rejects.toThrow(TypeError);
    await expect(openResolved(planned, constants.O_WRONLY | constants.O_CREAT)).rejects.toThrow(TypeError);
  });

  test.skipIf(process.platform !== 'linux')(
    'a process that swaps a folder and a link as fast as it can never gets the outside read',
    async () => {
      await mkdir(join(base, 'out/race'));
      await mkdir(join(ws.root, 'race'));
      await writeFile(join(base, 'out/race/f'), 'SECRET');
      await writeFile(join(ws.root, 'race/f'), 'inside');
      await symlink(join(base, 'out/race'), join(base, 'evil-link'));
      // Exchanges the folder and the link by renames until it is stopped.
      const racer = spawn(
        process.execPath,
        [
          '-e',
          `const fs=require('fs');const [d,l]=process.argv.slice(1);process.stdout.write('x');for(;;){fs.renameSync(d,d+'.t');fs.renameSync(l,d);fs.renameSync(d,l);fs.renameSync(d+'.t',d);}`,
          join(ws.root, 'race'),
          join(base, 'evil-link'),
        ],
        { stdio: ['ignore', 'pipe', 'ignore'] },
      );
      await new Promise((resolve) => racer.stdout.once('data', resolve));
      const seen: Record<string, number> = {};
      try {
        const end = Date.now() + 1500;
        while (Date.now() < end) {
          const outcome = await (async () => {
            const planned = await read('race/f');
            const handle = await openResolved(planned, constants.O_RDONLY);
            try {
              return await handle.readFile('utf8');
            } finally {
              await handle.close();
            }
          })().catch((error: unknown) => {
            if (error instanceof FastbandError) return error.code;
            throw error;
          });
          seen[outcome] = (seen[outcome] ?? 0) + 1;
        }
      } finally {
        racer.kill('SIGKILL');
      }
      expect(seen).not.toHaveProperty('SECRET');
      // The race was real: both what was allowed and what was refused happened.
      expect(seen.inside).toBeGreaterThan(0);
      expect(Object.keys(seen).length).toBeGreaterThan(1);
    },
  );
});
