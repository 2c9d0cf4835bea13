import { expect, test } from 'vitest';
import { z } from 'zod';
import type { Tool } from '../../core/tool.ts';
import { createDirectory } from './create-directory.ts';
import { deletePath } from './delete-path.ts';
import { editFile } from './edit-file.ts';
import { fileInfo } from './file-info.ts';
import { findFiles } from './find-files.ts';
import { listDirectory } from './list-directory.ts';
import { movePath } from './move-path.ts';
import { readFile } from './read-file.ts';
import { readManyFiles } from './read-many-files.ts';
import { searchFiles } from './search-files.ts';
import { writeFile } from './write-file.ts';

const tools: readonly Tool[] = [
  readFile,
  readManyFiles,
  writeFile,
  editFile,
  listDirectory,
  findFiles,
  searchFiles,
  fileInfo,
  movePath,
  deletePath,
  createDirectory,
] as readonly Tool[];

test('what a model reads of these tools is at most 600 bytes on average', () => {
  const sizes = tools.map((tool) => {
    const { $schema: _, ...schema } = z.toJSONSchema(tool.input, { io: 'input' });
    return Buffer.byteLength(tool.name + tool.description + JSON.stringify(schema));
  });
  expect(sizes.reduce((sum, size) => sum + size, 0) / tools.length).toBeLessThanOrEqual(600);
});

test('each takes only the arguments that it names [CALL-1]', () => {
  for (const tool of tools) expect(tool.input.safeParse({ path: 'a', unexpected: 1 }).success).toBe(false);
});
