import { spawn } from 'node:child_process';
import {
  chmod,
  chown,
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  realpath,
  rename,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { FastbandError } from '../core/errors.ts';
import { writeAtomically } from './atomic-write.ts';
import { holdFolder } from './fs-folder.ts';
import { lstatOf } from './path.ts';

let base: string;
let folder: string;
let file: string;

beforeEach(async () => {
  base = await realpath(await mkdtemp(join(tmpdir(), 'fastband-write-')));
  folder = join(base, 'ws');
  file = join(folder, 'f');
  await mkdir(folder);
  await mkdir(join(base, 'out'));
  await writeFile(file, 'old');
});
afterEach(() => rm(base, { recursive: true, force: true }));

const put = async (content: string, before = lstatOf(file)) =>
  writeAtomically(file, content, { before: await before, requested: 'f' });

describe('a write [FS-7]', () => {
  test.each([0o644, 0o600, 0o755, 0o400, 0o666])('keeps mode %i', async (mode) => {
    await chmod(file, mode);
    await put('new');
    expect((await stat(file)).mode & 0o7777).toBe(mode);
    expect(await readFile(file, 'utf8')).toBe('new');
    expect(await readdir(folder)).toEqual(['f']);
  });

  test('takes set-user-id and set-group-id away, as any write does', async () => {
    await chmod(file, 0o6755);
    await put('new');
    expect((await stat(file)).mode & 0o7777).toBe(0o755);
  });

  test('keeps the owner where it may', async (context) => {
    if (process.getuid?.() !== 0) context.skip('only root may give files away');
    await chown(file, 1234, 4321);
    await put('new');
    expect(await stat(file)).toMatchObject({ uid: 1234, gid: 4321 });
  });

  test('never shows a reader less than a whole file', async () => {
    const [one, two] = ['1'.repeat(300_000), '2'.repeat(300_000)];
    await put(one);
    let writing = true;
    const seen = new Set<string>();
    const reader = (async () => {
      while (writing) seen.add(await readFile(file, 'utf8'));
    })();
    for (let i = 0; i < 20; i++) await put(i % 2 === 0 ? two : one);
    writing = false;
    await reader;
    expect([...seen].every((text) => text === one || text === two)).toBe(true);
  });
});

describe('nothing is written [FS-7]', () => {
  const refused = async (run: Promise<void>) => {
    const error = await run.catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(FastbandError);
    expect((error as FastbandError).code).toBe('changed_since_plan');
  };

  test('over a file that was not there when planned', async () => {
    await refused(put('new', Promise.resolve(null)));
    expect(await readFile(file, 'utf8')).toBe('old');
    expect(await readdir(folder)).toEqual(['f']);
  });

  test('through a link in the last place', async () => {
    const before = await lstatOf(file);
    await writeFile(join(base, 'out/target'), 'old');
    await rm(file);
    await symlink(join(base, 'out/target'), file);
    await refused(put('new', Promise.resolve(before)));
    await refused(put('new', Promise.resolve(null)));
    expect(await readFile(join(base, 'out/target'), 'utf8')).toBe('old');
    expect((await lstat(file)).isSymbolicLink()).toBe(true);
  });

  test('through a dangling link in the last place', async () => {
    await symlink(join(base, 'out/made'), join(folder, 'l'));
    await refused(writeAtomically(join(folder, 'l'), 'new', { before: null, requested: 'l' }));
    expect(await readdir(join(base, 'out'))).toEqual([]);
  });

  test('through a link in the folder’s place', async () => {
    const before = await lstatOf(file);
    await rename(folder, join(base, 'out/ws'));
    await symlink(join(base, 'out/ws'), folder);
    await refused(put('new', Promise.resolve(before)));
    expect(await readFile(join(base, 'out/ws/f'), 'utf8')).toBe('old');
    expect(await readdir(join(base, 'out/ws'))).toEqual(['f']);
  });

  test('when stopped', async () => {
    const before = await lstatOf(file);
    const signal = AbortSignal.abort(new FastbandError('cancelled', 'stopped'));
    await expect(writeAtomically(file, 'new', { before, requested: 'f', signal })).rejects.toThrow('stopped');
    expect(await readFile(file, 'utf8')).toBe('old');
    expect(await readdir(folder)).toEqual(['f']);
  });
});

test.skipIf(process.platform !== 'linux')(
  'a held folder stays the same one when a link takes its place',
  async () => {
    const held = await holdFolder(folder, 'ws');
    try {
      await rename(folder, join(base, 'moved'));
      await symlink(join(base, 'out'), folder);
      await writeFile(held.at('new'), 'x');
      expect(await readdir(join(base, 'out'))).toEqual([]);
      expect((await readdir(join(base, 'moved'))).sort()).toEqual(['f', 'new']);
      await expect(held.check()).rejects.toMatchObject({ code: 'changed_since_plan' });
    } finally {
      await held.close();
    }
  },
);

test.skipIf(process.platform !== 'linux')(
  'a process that swaps the folder and a link as fast as it can gets nothing written outside',
  async () => {
    await symlink(join(base, 'out'), join(base, 'link'));
    await writeFile(join(base, 'out/f'), 'outside');
    const racer = spawn(
      process.execPath,
      [
        '-e',
        `const fs=require('fs');const [d,l]=process.argv.slice(1);process.stdout.write('x');for(;;){fs.renameSync(d,d+'.t');fs.renameSync(l,d);fs.renameSync(d,l);fs.renameSync(d+'.t',d);}`,
        folder,
        join(base, 'link'),
      ],
      { stdio: ['ignore', 'pipe', 'ignore'] },
    );
    await new Promise((resolve) => racer.stdout.once('data', resolve));
    const outcomes = { written: 0, refused: 0 };
    try {
      const end = Date.now() + 1500;
      for (let i = 0; Date.now() < end; i++) {
        try {
          await writeAtomically(join(folder, `n${i}`), 'mine', { before: null, requested: 'n' });
          outcomes.written++;
        } catch (error) {
          // Only refusals: also where the system's own calls lose the race.
          if (!(error instanceof FastbandError)) throw error;
          outcomes.refused++;
        }
      }
    } finally {
      racer.kill('SIGKILL');
    }
    expect(await readdir(join(base, 'out'))).toEqual(['f']);
    expect(await readFile(join(base, 'out/f'), 'utf8')).toBe('outside');
    // The race was real.
    expect(outcomes.written).toBeGreaterThan(0);
    expect(outcomes.refused).toBeGreaterThan(0);
  },
);
