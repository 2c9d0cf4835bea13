import {
  existsSync,
  mkdirSync,
  readdirSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import type { Settings } from '../../contract/settings.ts';
import { JournalWorld } from './journal-testing.ts';

let world: JournalWorld;

beforeEach(() => {
  world = new JournalWorld();
});

const at = (path: string) => world.at(path);
const content = (path: string) => world.content(path);
const change: JournalWorld['change'] = (...change) => world.change(...change);
const tree = (name: string) => world.tree(name);

describe('what is kept', () => {
  const blobs = () =>
    existsSync(join(world.home, 'journal'))
      ? readdirSync(join(world.home, 'journal'), { recursive: true, withFileTypes: true }).filter((one) =>
          one.isFile(),
        )
      : [];

  test('is on disk before the change, for this user alone, and once for the same content', async () => {
    for (const name of ['a', 'b']) writeFileSync(at(name), 'same');
    await change('c1', 'modify', 'a', () => expect(blobs()).toHaveLength(1));
    await change('c2', 'modify', 'b', () => {});
    expect(blobs()).toHaveLength(1);
    const [blob] = blobs();
    expect(statSync(join(blob?.parentPath ?? '', blob?.name ?? '')).mode & 0o777).toBe(0o600);
    expect(statSync(join(world.home, 'journal')).mode & 0o777).toBe(0o700);
    expect(statSync(blob?.parentPath ?? '').mode & 0o777).toBe(0o700);
  });

  test.each<[string, Partial<Settings['journal']>, boolean]>([
    ['exactly as large as may be', { maxFileBytes: 10 }, true],
    ['one byte larger', { maxFileBytes: 9 }, false],
    ['larger than all may be together', { maxTotalBytes: 9 }, false],
  ])('a file %s', async (_, some, undoable) => {
    world.limits = some;
    writeFileSync(at('a'), '0123456789');
    await change('c', 'modify', 'a', () => writeFile(at('a'), 'new'));
    expect(world.journal.list({ limit: 1 })).toMatchObject([{ undoable, bytes: undoable ? 10 : 0 }]);
    if (!undoable) {
      expect(blobs()).toEqual([]);
      await expect(world.journal.undo('c', 'u')).rejects.toMatchObject({ code: 'conflict' });
    }
    expect(content('a')).toBe('new');
  });

  test('a folder of which one file is too large cannot be undone, and none of it is half put back', async () => {
    world.limits = { maxFileBytes: 3 };
    tree('x');
    await change('c', 'delete', 'x', () => rm(at('x'), { recursive: true }));
    expect(world.journal.list({ limit: 1 })).toMatchObject([{ undoable: false, op: 'delete' }]);
    await expect(world.journal.undo('c', 'u')).rejects.toMatchObject({ code: 'conflict' });
    expect(readdirSync(world.root)).toEqual([]);
  });

  test('never comes from outside through a link that took the place of a folder', async () => {
    writeFileSync(join(world.outside, 'secret'), 'secret');
    symlinkSync(world.outside, at('d'));
    const before = world.journal
      .forCall('c', { clientName: 'Cursor', tool: 't' })
      .before({ workspace: 'ws', path: 'd/secret', absolute: at('d/secret'), op: 'modify' });
    await expect(before).rejects.toMatchObject({ code: 'changed_since_plan' });
    expect(world.journal.list({ limit: 9 })).toEqual([]);
    expect(existsSync(join(world.home, 'journal'))).toBe(false);
  });

  test('goes after its days, the entry a while later, and what an entry still needs stays', async () => {
    const day = 86_400_000;
    world.limits = { retentionDays: 10 };
    for (const name of ['a', 'b']) writeFileSync(at(name), `${name} only`);
    await change('old', 'modify', 'a', () => writeFile(at('a'), 'shared'));
    world.now += 6 * day;
    await change('new', 'modify', 'a', () => writeFile(at('a'), 'end'));
    await change('new', 'modify', 'b', () => writeFile(at('b'), 'end'));
    world.now += 6 * day;
    await world.journal.sweep();
    expect(blobs()).toHaveLength(2);
    expect(world.journal.list({ callId: 'old', limit: 1 })).toMatchObject([{ undoable: false, bytes: 0 }]);
    await expect(world.journal.undo('old', 'u')).rejects.toMatchObject({ code: 'conflict' });
    await world.journal.undo('new', 'u');
    expect([content('a'), content('b')]).toEqual(['shared', 'b only']);
    world.now += 9 * day;
    await world.journal.sweep();
    expect(world.journal.list({ callId: 'old', limit: 1 })).toEqual([]);
    expect(world.journal.list({ callId: 'new', limit: 1 })).toHaveLength(1);
  });

  test('goes oldest first when all together are too much', async () => {
    for (const name of ['a', 'b', 'c']) {
      writeFileSync(at(name), name.repeat(100));
      await change(name, 'modify', name, () => writeFile(at(name), 'end'));
    }
    world.limits = { maxTotalBytes: 250 };
    world.now += 2 * 60 * 60 * 1000;
    await world.journal.sweep();
    expect(world.journal.list({ limit: 9 }).map((one) => [one.path, one.undoable])).toEqual([
      ['c', true],
      ['b', true],
      ['a', false],
    ]);
    expect(blobs()).toHaveLength(2);
  });

  test('and what a kill left behind is swept, but not what may be on its way into an entry', async () => {
    const folder = join(world.home, 'journal', 'ab');
    mkdirSync(folder, { recursive: true });
    for (const name of [join(folder, `ab${'0'.repeat(62)}`), join(dirname(folder), 'tmp_left')]) {
      writeFileSync(name, 'x');
      utimesSync(name, world.now / 1000 - 7200, world.now / 1000 - 7200);
    }
    writeFileSync(join(folder, `ab${'1'.repeat(62)}`), 'young');
    await world.journal.sweep();
    expect(blobs().map((one) => one.name)).toEqual([`ab${'1'.repeat(62)}`]);
  });
});
