import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { writeWhole } from './export-file.ts';

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'fastband-export-'));
  path = join(folder, 'activity.csv');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

async function* rows(until = 3): AsyncGenerator<string> {
  for (let row = 0; row < 3; row++) {
    if (row === until) throw new Error('cancelled');
    yield `row ${row}\n`;
  }
}

it('an export takes the place of a file of its name, and only the person may read it', async () => {
  writeFileSync(path, 'older');
  await writeWhole(path, rows());
  expect(readFileSync(path, 'utf8')).toBe('row 0\nrow 1\nrow 2\n');
  if (process.platform !== 'win32') expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(readdirSync(folder)).toEqual(['activity.csv']);
});

it('an export that ends in the middle leaves the older file as it was, and no part', async () => {
  writeFileSync(path, 'older');
  await expect(writeWhole(path, rows(2))).rejects.toThrow('cancelled');
  expect(readFileSync(path, 'utf8')).toBe('older');
  expect(readdirSync(folder)).toEqual(['activity.csv']);
});

it('an export that cannot have its name leaves no part', async () => {
  mkdirSync(path);
  await expect(writeWhole(path, rows())).rejects.toThrow();
  expect(readdirSync(folder)).toEqual(['activity.csv']);
});
