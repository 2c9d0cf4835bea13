import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { FastbandError } from '../core/errors.ts';

const HostInfo = z.strictObject({
  pid: z.int().positive(),
  // Only ever this machine: whoever reads it sends a client's token there.
  mcp: z.string().regex(/^http:\/\/127\.0\.0\.1:\d{1,5}\/mcp$/),
  panel: z.string().regex(/^http:\/\/127\.0\.0\.1:\d{1,5}\/$/),
  startedAt: z.int(),
});
/** Where a running host can be reached. No token is in it. */
export type HostInfo = z.infer<typeof HostInfo>;

const fileIn = (home: string) => join(home, 'host.json');

/** Says where this host is; whole or not at all, for whoever reads it just now. */
export async function writeHostFile(home: string, info: HostInfo): Promise<void> {
  const draft = `${fileIn(home)}.${info.pid}`;
  await writeFile(draft, `${JSON.stringify(info)}\n`, { mode: 0o600 });
  await rename(draft, fileIn(home));
}

/** Takes back what this process wrote, and nothing that another host has written since. */
export async function removeHostFile(home: string, pid: number): Promise<void> {
  const info = await readHostFile(home).catch(() => undefined);
  if (info?.pid === pid) await rm(fileIn(home), { force: true });
}

/** The host that runs with this home; undefined when there is none. */
export async function findHost(home: string): Promise<HostInfo | undefined> {
  const info = await readHostFile(home);
  // A host that was killed leaves its file behind.
  return info !== undefined && isAlive(info.pid) ? info : undefined;
}

async function readHostFile(home: string): Promise<HostInfo | undefined> {
  let text: string;
  try {
    text = await readFile(fileIn(home), 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
  try {
    return HostInfo.parse(JSON.parse(text));
  } catch (error) {
    throw new FastbandError(
      'internal',
      `${fileIn(home)} is damaged. Stop Fastband, delete that file, and start it again.`,
      {
        cause: error,
      },
    );
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // It exists, but belongs to somebody else.
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
