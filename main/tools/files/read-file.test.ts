import { chmod, rm, symlink, writeFile } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { refusal, ToolBench } from '../testing.ts';
import { fileInfo } from './file-info.ts';
import { readFile } from './read-file.ts';
import { readManyFiles } from './read-many-files.ts';

const PNG = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
);
let bench: ToolBench;

beforeEach(async () => {
  bench = await ToolBench.create({
    'ten.txt': Array.from({ length: 10 }, (_, i) => `line ${i + 1}\n`).join(''),
    'no-end.txt': 'one\ntwo',
    'empty.txt': '',
    'crlf.txt': 'a\r\nb\r\n',
    'bom.txt': '\ufefffirst\n',
    'pixel.png': PNG,
    'fake.png': 'not an image',
    'nul.bin': Buffer.from([65, 0, 66]),
    'latin1.txt': Buffer.from([0x63, 0x61, 0x66, 0xe9]),
    'dir/': '',
  });
});
afterEach(() => bench.remove());

describe('read_file', () => {
  test('answers the text itself, and its lines', async () => {
    const { output, content, plan } = await bench.call(readFile, { path: 'no-end.txt' });
    expect(output).toEqual({
      path: 'no-end.txt',
      kind: 'text',
      bytes: 7,
      text: 'one\ntwo',
      startLine: 1,
      endLine: 2,
      totalLines: 2,
      more: false,
    });
    expect(content).toEqual([{ type: 'text', text: 'one\ntwo' }]);
    expect(plan.effects).toEqual([{ kind: 'read', workspace: 'ws', path: 'no-end.txt' }]);
  });

  test.each([
    [{ offset: 3, limit: 2 }, 'line 3\nline 4\n', 3, 4, true],
    [{ offset: 9 }, 'line 9\nline 10\n', 9, 10, false],
    [{ limit: 1 }, 'line 1\n', 1, 1, true],
    [{ offset: 10, limit: 99 }, 'line 10\n', 10, 10, false],
  ])('a window %j', async (window, text, startLine, endLine, more) => {
    const { output, content } = await bench.call(readFile, { path: 'ten.txt', ...window });
    expect(output).toMatchObject({ text, startLine, endLine, totalLines: 10, more });
    expect(content?.[0]).toEqual({ type: 'text', text });
    expect(content?.length).toBe(more ? 2 : 1);
  });

  test('a window past the end says how many lines there are', async () => {
    expect((await refusal(bench.call(readFile, { path: 'ten.txt', offset: 11 }))).message).toContain(
      '10 lines',
    );
  });

  test.each([
    ['empty.txt', '', 0],
    ['crlf.txt', 'a\r\nb\r\n', 2],
    ['bom.txt', 'first\n', 1],
    ['fake.png', 'not an image', 1],
  ])('%s', async (path, text, totalLines) => {
    expect((await bench.call(readFile, { path })).output).toMatchObject({ kind: 'text', text, totalLines });
  });

  test('an image comes as an image, by its content and not its name', async () => {
    await bench.put('picture.dat', PNG);
    for (const path of ['pixel.png', 'picture.dat']) {
      const { content, output } = await bench.call(readFile, { path });
      expect(content).toEqual([{ type: 'image', mimeType: 'image/png', data: PNG.toString('base64') }]);
      expect(output).toMatchObject({ kind: 'image', bytes: PNG.length });
    }
  });

  test.each(['nul.bin', 'latin1.txt'])('%s is named binary and not dumped', async (path) => {
    const { output, text } = await bench.call(readFile, { path });
    expect(output).toMatchObject({ kind: 'binary' });
    expect(output).not.toHaveProperty('text');
    expect(text).toContain('binary');
  });

  test('a very long text is cut at a line and says where to go on', async () => {
    await bench.put('long.txt', 'x'.repeat(99).concat('\n').repeat(20_000));
    const { output, content } = await bench.call(readFile, { path: 'long.txt' });
    expect(output.text?.length).toBeLessThanOrEqual(1024 * 1024);
    expect(output).toMatchObject({ more: true, totalLines: 20_000 });
    expect(content?.[1]).toMatchObject({
      text: expect.stringContaining(`offset ${(output.endLine ?? 0) + 1}`),
    });
    const next = await bench.call(readFile, { path: 'long.txt', offset: (output.endLine ?? 0) + 1 });
    expect((output.text ?? '') + next.output.text).toBe('x'.repeat(99).concat('\n').repeat(20_000));
  });

  test.each([
    ['one byte', 'x', 0],
    ['two bytes', 'é', 0],
    ['three bytes', '€', 0],
    ['four bytes', '👋', 0],
    ['three bytes, begun after others', '€', 1],
  ])('one line of characters of %s is cut where the room ends', async (_, character, before) => {
    const room = 1024 * 1024;
    const units = room - (room % character.length);
    const line = 'a'.repeat(before) + character.repeat(Math.floor((units - before) / character.length));
    const read = async (text: string) => {
      await bench.put('line.txt', text);
      return (await bench.call(readFile, { path: 'line.txt' })).output;
    };
    expect(await read(line)).toMatchObject({ text: line, more: false, totalLines: 1 });
    const longer = await read(line + character.repeat(1000));
    expect(longer).toMatchObject({ more: true, endLine: 1, totalLines: 1 });
    expect(longer.text === (line + character.repeat(2)).slice(0, room)).toBe(true);
    const twoLines = await read(`${line.slice(0, -character.length)}\n${character}`);
    expect(twoLines).toMatchObject({ more: true, endLine: 1, totalLines: 2 });
  });

  test.each([
    ['a missing file', 'nope.txt', 'not_found'],
    ['a folder', 'dir', 'invalid_input'],
    ['a path outside', '../home/x', 'outside_workspace'],
  ])('%s', async (_, path, code) => {
    expect((await refusal(bench.plan(readFile, { path }))).code).toBe(code);
  });

  test('unknown arguments are errors', () => {
    expect(readFile.input.safeParse({ path: 'a', encoding: 'latin1' }).success).toBe(false);
    expect(readFile.input.safeParse({ path: 'a', offset: 0 }).success).toBe(false);
  });

  test('planning reads no content: it works on a file that cannot be opened', async (context) => {
    if (process.getuid?.() === 0) context.skip('root may open anything');
    await chmod(bench.path('ten.txt'), 0);
    expect((await bench.plan(readFile, { path: 'ten.txt' })).effects).toHaveLength(1);
  });

  test('a link put in the file’s place after planning is not followed [FS-2]', async () => {
    await writeFile(`${bench.home}/secret`, 'SECRET');
    const plan = await bench.plan(readFile, { path: 'ten.txt' });
    await rm(bench.path('ten.txt'));
    await symlink(`${bench.home}/secret`, bench.path('ten.txt'));
    expect((await refusal(bench.run(readFile, plan))).code).toBe('changed_since_plan');
  });
});

describe('read_many_files', () => {
  test('reads what it can and names what it cannot', async () => {
    const { output, content, plan } = await bench.call(readManyFiles, {
      paths: ['no-end.txt', 'nope.txt', 'dir', 'nul.bin', 'no-end.txt'],
    });
    expect(output.files.map((one) => [one.path, one.kind])).toEqual([
      ['no-end.txt', 'text'],
      ['nul.bin', 'binary'],
    ]);
    expect(output.errors.map((one) => one.path)).toEqual(['nope.txt', 'dir']);
    expect(content?.map((one) => (one.type === 'text' ? one.text : one.type))).toContain('one\ntwo');
    expect(plan.effects.map((one) => one.kind === 'read' && one.path)).toEqual(['no-end.txt', 'nul.bin']);
  });

  test('one path outside refuses the whole call', async () => {
    expect((await refusal(bench.plan(readManyFiles, { paths: ['no-end.txt', '/etc/passwd'] }))).code).toBe(
      'outside_workspace',
    );
  });

  test('all together stay within bounds', async () => {
    for (let i = 0; i < 4; i++) await bench.put(`big${i}`, 'y'.repeat(900_000));
    const { output } = await bench.call(readManyFiles, { paths: ['big0', 'big1', 'big2', 'big3'] });
    const size = output.files.reduce((sum, one) => sum + (one.text?.length ?? 0), 0);
    expect(size).toBeLessThanOrEqual(2 * 1024 * 1024);
    expect(output.errors.map((one) => one.path)).toEqual(['big3']);
    expect(output.files[2]?.more).toBe(true);
  });
});

test('file_info tells what a path is', async () => {
  await symlink('ten.txt', bench.path('l'));
  expect((await bench.call(fileInfo, { path: 'l' })).output).toMatchObject({
    path: 'ten.txt',
    workspace: 'ws',
    type: 'file',
    size: 71,
    viaLink: true,
    mode: '0644',
  });
  expect((await bench.call(fileInfo, { path: '.' })).output).toMatchObject({ path: '.', type: 'directory' });
  expect((await refusal(bench.plan(fileInfo, { path: 'nope' }))).code).toBe('not_found');
});

test('with several workspaces, paths come as they can be sent again', async () => {
  bench.workspaces.push({
    name: 'other',
    root: bench.home.replace(/home$/, 'other'),
    readOnly: true,
    createdAt: 0,
  });
  const { output } = await bench.call(readFile, { path: 'ws/no-end.txt' });
  expect(output.path).toBe('ws/no-end.txt');
  expect((await bench.call(fileInfo, { path: output.path })).output.path).toBe('ws/no-end.txt');
});
