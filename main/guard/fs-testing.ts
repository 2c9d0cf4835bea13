import { mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Workspace } from '../../contract/entities.ts';
import { FastbandError } from '../core/errors.ts';
import { type ResolvedPath, type ResolveOptions, resolvePath } from './path.ts';

type More = Partial<Omit<ResolveOptions, 'intent'>>;

/** A workspace with its surroundings: a twin, a folder outside and Fastband's own, each with a secret in it. */
export interface PathGround {
  readonly base: string;
  readonly ws: Workspace;
  readonly home: string;
  read(path: string, more?: More): Promise<ResolvedPath>;
  write(path: string, more?: More): Promise<ResolvedPath>;
  remove(): Promise<void>;
}

export async function makeGround(): Promise<PathGround> {
  const base = await realpath(await mkdtemp(join(tmpdir(), 'fastband-path-')));
  const home = join(base, 'home');
  const ws = { name: 'ws', root: join(base, 'ws'), readOnly: false, createdAt: 0 };
  await Promise.all([
    mkdir(home),
    mkdir(join(base, 'out')),
    mkdir(join(base, 'ws-evil')),
    mkdir(join(ws.root, 'dir/deep'), { recursive: true }),
  ]);
  await writeFile(join(ws.root, 'a.txt'), 'inside');
  await writeFile(join(ws.root, 'dir/b.txt'), 'deeper');
  await writeFile(join(base, 'out/secret'), 'SECRET');
  await writeFile(join(base, 'ws-evil/secret'), 'SECRET');
  await writeFile(join(home, 'fastband.db'), 'SECRET');
  return {
    base,
    ws,
    home,
    read: (path, more) => resolvePath(path, { workspaces: [ws], home, intent: 'read', ...more }),
    write: (path, more) => resolvePath(path, { workspaces: [ws], home, intent: 'write', ...more }),
    remove: () => rm(base, { recursive: true, force: true }),
  };
}

/** The code of the refusal, or `allowed`. A defect is thrown on; so is a message that tells a secret. */
export async function outcome(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
    return 'allowed';
  } catch (error) {
    if (!(error instanceof FastbandError)) throw error;
    if (error.message.includes('SECRET')) throw new Error('the message tells a secret', { cause: error });
    return error.code;
  }
}
