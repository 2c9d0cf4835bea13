import { join, relative } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { runs } from '../core/property-testing.ts';
import { type Mount, parseMounts, placesOf } from './fs-mounts.ts';
import { holds } from './fs-names.ts';

/** Few names, so that mounts meet. */
const path = fc
  .array(fc.constantFrom('a', 'b', 'c', 'a b', 'ab'), { maxLength: 3 })
  .map((names) => `/${names.join('/')}`);
const mount: fc.Arbitrary<Mount> = fc.record({ device: fc.constantFrom('8:1', '8:2'), root: path, at: path });

/** What a path is of which disk: the last mount at the deepest place counts. */
function seen(mounts: readonly Mount[], at: string): { device: string; path: string } | undefined {
  const over = mounts.filter((one) => holds(one.at, at));
  const deepest = Math.max(...over.map((one) => one.at.length));
  const top = over.findLast((one) => one.at.length === deepest);
  return top && { device: top.device, path: join(top.root, relative(top.at, at)) };
}

test('whatever path leads into a folder by any mount lies in a place that is told of it [FS-3]', () => {
  fc.assert(
    fc.property(path, fc.array(mount, { minLength: 1, maxLength: 6 }), path, (folder, more, asked) => {
      const mounts = [{ device: '8:1', root: '/', at: '/' }, ...more];
      const [own, there] = [seen(mounts, folder), seen(mounts, asked)];
      if (own === undefined || there === undefined) return;
      const leadsIn = own.device === there.device && holds(own.path, there.path);
      const told = placesOf(folder, mounts).some((place) => holds(place, asked));
      if (leadsIn) expect([folder, asked, told]).toEqual([folder, asked, true]);
    }),
    runs(3000),
  );
});

test('names are read as Linux writes them, whatever is in them', () => {
  const octal = (text: string) =>
    text.replace(/[ \t\n\\]/g, (one) => `\\${one.charCodeAt(0).toString(8).padStart(3, '0')}`);
  const any = fc
    .string({ unit: fc.constantFrom('a', ' ', '\t', '\n', '\\', '0', '4') })
    .map((text) => `/${text}`);
  fc.assert(
    fc.property(any, any, (root, at) => {
      const line = `40 28 8:1 ${octal(root)} ${octal(at)} rw shared:2 - ext4 /dev/sda1 rw\n`;
      expect(parseMounts(line)).toEqual([{ device: '8:1', root, at }]);
    }),
    runs(300),
  );
});
