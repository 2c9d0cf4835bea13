import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { findHost, removeHostFile, writeHostFile } from './host-file.ts';

let home: string;
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'fastband-host-file-'));
});
afterEach(() => rm(home, { recursive: true }));

const info = {
  pid: process.pid,
  mcp: 'http://127.0.0.1:7850/mcp',
  panel: 'http://127.0.0.1:7851/',
  startedAt: 1,
};

test('a running host is found by a file that only its owner reads', async () => {
  await writeHostFile(home, info);
  expect(await findHost(home)).toEqual(info);
  expect((await stat(join(home, 'host.json'))).mode & 0o777).toBe(0o600);
});

test('no file, no host', async () => {
  expect(await findHost(home)).toBeUndefined();
});

test('a host that was killed is no host', async () => {
  await writeHostFile(home, { ...info, pid: 2 ** 22 + 1 });
  expect(await findHost(home)).toBeUndefined();
});

test('another host’s file is left alone', async () => {
  await writeHostFile(home, info);
  await removeHostFile(home, process.pid + 1);
  expect(JSON.parse(await readFile(join(home, 'host.json'), 'utf8'))).toEqual(info);
  await removeHostFile(home, process.pid);
  expect(await findHost(home)).toBeUndefined();
});

test.each([
  [
    'another machine, to which a client’s token would be sent',
    { ...info, mcp: 'http://evil.example:7850/mcp' },
  ],
  ['a name that only begins like this machine', { ...info, mcp: 'http://127.0.0.1.evil.example:80/mcp' }],
  ['credentials before the real host', { ...info, mcp: 'http://127.0.0.1:1@evil.example/mcp' }],
  ['more than is known', { ...info, panelToken: 'x' }],
])('a file that names %s is refused', async (_name, content) => {
  await writeFile(join(home, 'host.json'), JSON.stringify(content));
  await expect(findHost(home)).rejects.toThrow('is damaged');
});
