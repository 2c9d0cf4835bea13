import { constants } from 'node:fs';
import { lstat, open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { RunContext, Tool } from '../../core/tool.ts';
import { callerPath, NO_FOLLOW, NON_BLOCK } from '../../guard/path.ts';
import type { Keys } from '../../vault/keys.ts';
import { childPath, resolveFor } from '../paths.ts';
import { defineTool } from '../tool.ts';
import { serverOf } from './source.ts';

const MAX_ENTRIES = 50_000;
const MAX_FOUND = 200;
const NAMES = /\.(?:db|db3|sqlite|sqlite3|s3db|sl3)$/i;
const MAGIC = 'SQLite format 3\0';
/** Where databases lie that are no part of the project. */
const PASSED_BY = new Set(['.git', 'node_modules']);

export function listDatabases(keys: Keys): Tool {
  return defineTool({
    name: 'list_databases',
    title: 'Databases',
    description: 'SQLite files in the workspaces, and PostgreSQL servers that a secret names.',
    group: 'databases',
    risk: 'read',
    input: z.strictObject({}),
    output: z.object({
      databases: z.array(z.object({ database: z.string(), bytes: z.int() })),
      /** `pg:NAME` for each secret that may go to one host and port, and nowhere else. */
      servers: z.array(z.string()),
      /** Not everything was looked at. */
      more: z.boolean(),
    }),
    plan: (_input, { workspaces }) => ({
      effects: workspaces.map(({ name }) => ({ kind: 'read', workspace: name, path: '.', tree: true })),
      data: { workspaces: workspaces.map(({ name, root }) => ({ name, root })) },
    }),
    async run({ data }, context) {
      const found: { database: string; bytes: number }[] = [];
      const walk = { left: MAX_ENTRIES };
      for (const { name, root } of data.workspaces) {
        for await (const { path, absolute, bytes } of databasesIn(context, name, root, walk)) {
          if (found.length >= MAX_FOUND) break;
          if (await isDatabase(absolute))
            found.push({ database: callerPath(context.workspaces, name, path), bytes });
        }
      }
      const more = walk.left <= 0 || found.length >= MAX_FOUND;
      // Known by where they may go: what a secret holds is not looked at. Servers listen on ports of all kinds.
      const servers = (await keys.list()).flatMap(({ id, hosts }) =>
        id.startsWith('secret:') && serverOf(hosts) !== undefined ? [`pg:${id.slice(7)}`] : [],
      );
      const count = found.length + servers.length;
      return { output: { databases: found, servers, more }, summary: `Found ${count} databases.` };
    },
  }) as Tool;
}

/** Files that are called like databases, links passed by, and what the rules hide. */
async function* databasesIn(
  context: RunContext,
  workspace: string,
  root: string,
  walk: { left: number },
): AsyncGenerator<{ path: string; absolute: string; bytes: number }> {
  const folders = ['.'];
  for (let folder = folders.shift(); folder !== undefined; folder = folders.shift()) {
    context.signal.throwIfAborted();
    // Through the guard each time: a folder may have become a link since its parent was read.
    const at = await resolveFor(context, join(root, folder), 'read').catch(() => undefined);
    if (at?.type !== 'directory' || at.viaLink) continue;
    const entries = await readdir(at.absolute, { withFileTypes: true }).catch(() => []);
    for (const entry of entries) {
      if (walk.left-- <= 0) return;
      const path = childPath(folder, entry.name);
      if (PASSED_BY.has(entry.name) || !context.visible(workspace, path)) continue;
      if (entry.isDirectory()) folders.push(path);
      else if (entry.isFile() && NAMES.test(entry.name)) {
        const absolute = join(at.absolute, entry.name);
        const info = await lstat(absolute).catch(() => undefined);
        if (info?.isFile() === true) yield { path, absolute, bytes: info.size };
      }
    }
  }
}

async function isDatabase(absolute: string): Promise<boolean> {
  const file = await open(absolute, constants.O_RDONLY | NO_FOLLOW | NON_BLOCK).catch(() => undefined);
  if (file === undefined) return false;
  try {
    const head = Buffer.alloc(16);
    const { bytesRead } = await file.read(head, 0, 16, 0);
    return bytesRead === 0 || head.toString('latin1') === MAGIC;
  } finally {
    await file.close();
  }
}
