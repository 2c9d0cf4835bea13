import {
  chmod,
  mkdtemp,
  readdir,
  readFile,
  realpath,
  rename,
  rm,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runs } from '../core/property-testing.ts';
import { writeAtomically } from './atomic-write.ts';
import { lstatOf } from './path.ts';

let base: string;
beforeAll(async () => {
  base = await realpath(await mkdtemp(join(tmpdir(), 'fastband-atomic-')));
});
afterAll(() => rm(base, { recursive: true, force: true }));

const content = fc.uint8Array({ maxLength: 3000 }).map((bytes) => Buffer.from(bytes));

/** What somebody else does to the file between the look and the write. */
const meddling = fc.constantFrom('nothing', 'another in its place', 'gone', 'a link', 'longer', 'stopped');

test('a write is whole or is none, and never overwrites what came in between [FS-7 FS-2]', async () => {
  let count = 0;
  await fc.assert(
    fc.asyncProperty(fc.option(content), content, meddling, async (old, wanted, what) => {
      const folder = await mkdtemp(join(base, `${count++}-`));
      const [file, outside] = [join(folder, 'f'), join(base, `outside-${count}`)];
      await writeFile(outside, 'outside');
      if (old !== null) await writeFile(file, old);
      const before = await lstatOf(file);
      const controller = new AbortController();
      if (what === 'another in its place') {
        await writeFile(`${file}.new`, 'another');
        await rename(`${file}.new`, file);
      } else if (what === 'gone') await rm(file, { force: true });
      else if (what === 'a link') {
        await rm(file, { force: true });
        await symlink(outside, file);
      } else if (what === 'longer')
        await writeFile(file, Buffer.concat([old ?? Buffer.alloc(0), Buffer.from('more')]));
      else if (what === 'stopped') controller.abort(new Error('stopped'));
      const there = await readFile(file).catch(() => undefined);
      const same = what === 'nothing' || (what === 'gone' && old === null);

      const write = writeAtomically(file, wanted, { before, requested: 'f', signal: controller.signal });
      const done = await write.then(
        () => true,
        () => false,
      );
      expect([what, old !== null, done]).toEqual([what, old !== null, same]);
      const after = await readFile(file).catch(() => undefined);
      expect(after).toEqual(done ? wanted : there);
      expect(await readFile(outside, 'utf8')).toBe('outside');
      expect(await readdir(folder)).toEqual(after === undefined ? [] : ['f']);
    }),
    runs(120),
  );
}, 60_000);

test('keeps the bits of whatever mode, but those that lend rights [FS-7]', async () => {
  const file = join(base, 'mode');
  await fc.assert(
    fc.asyncProperty(fc.nat(0o7777), async (mode) => {
      await rm(file, { force: true });
      await writeFile(file, 'old');
      await chmod(file, mode);
      await writeAtomically(file, 'new', { before: await lstatOf(file), requested: 'mode' });
      expect(((await lstatOf(file))?.mode ?? 0) & 0o7777).toBe(mode & 0o777);
    }),
    runs(40),
  );
}, 60_000);
