import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { FUSES } from '../scripts/package-facts.ts';
import { wrongFuses } from './fuses.ts';

const SENTINEL = 'dL7pKGdnNz796PbbjQWNKmHXBZaB9tsX';
const RIGHT = FUSES.map(([, state]) => state);
const program = (states: readonly number[], version = 1, before = 100) =>
  Buffer.concat([
    Buffer.alloc(before, 'x'),
    Buffer.from(SENTINEL),
    Buffer.from([version, states.length, ...states]),
    Buffer.alloc(10, 'y'),
  ]);

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'fastband-fuses-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const MIB = 1 << 20;
test.each<[string, Buffer, string[] | undefined]>([
  ['as they must be', program(RIGHT), []],
  ['across two pieces', program(RIGHT, 1, MIB - 10), []],
  ['right behind a piece', program(RIGHT, 1, MIB), []],
  ['their states across two pieces', program(RIGHT, 1, MIB - SENTINEL.length - 3), []],
  ['run as Node', program([0x31, ...RIGHT.slice(1)]), ['RunAsNode']],
  ['removed', program([0x72, ...RIGHT.slice(1)]), ['RunAsNode']],
  ['of a later version', program(RIGHT, 2), undefined],
  ['fewer than there should be', program(RIGHT.slice(1)), undefined],
  ['cut off', program(RIGHT).subarray(0, 136), undefined],
  ['none', Buffer.from('a program of another kind'), undefined],
])('fuses %s are read from the program [APP-8]', async (_name, bytes, wrong) => {
  const file = join(folder, 'electron');
  writeFileSync(file, bytes);
  expect(await wrongFuses(file)).toEqual(wrong);
});

test('of a program that is not there nothing is known', async () => {
  expect(await wrongFuses(join(folder, 'none'))).toBeUndefined();
});

test('every fuse that packaging sets is looked at', async () => {
  const all = RIGHT.map((state) => (state === 0x30 ? 0x31 : 0x30));
  writeFileSync(join(folder, 'electron'), program(all));
  expect(await wrongFuses(join(folder, 'electron'))).toHaveLength(FUSES.length);
});
