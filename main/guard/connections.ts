import { readFile } from 'node:fs/promises';
import type { Server } from 'node:http';
import type { Socket } from 'node:net';

/**
 * Keeps a server to so many connections. Beyond that, each new one takes the place of the one that has been idle
 * longest: whoever opens many and says nothing must neither use up the host's files nor lock anybody out. One that
 * holds a request is left alone; when all do, the new one is closed.
 */
export function boundConnections(server: Server, max: number): void {
  /** Each with its requests under way; the longest idle first. */
  const open = new Map<Socket, number>();
  server.on('connection', (socket: Socket) => {
    open.set(socket, 0);
    socket.once('close', () => open.delete(socket));
    if (open.size <= max) return;
    for (const [one, busy] of open) {
      if (busy > 0) continue;
      open.delete(one);
      one.destroy();
      return;
    }
  });
  server.on('request', ({ socket }, res) => {
    const busy = open.get(socket);
    if (busy === undefined) return;
    open.set(socket, busy + 1);
    res.once('close', () => {
      const left = (open.get(socket) ?? 1) - 1;
      // To the end of the line: it was of use just now.
      if (open.delete(socket)) open.set(socket, left);
    });
  });
}

const PLENTY = 65_536;

/** How many files this process may have open, connections included. */
export async function openFilesLimit(): Promise<number> {
  const limits = await readFile('/proc/self/limits', 'utf8').catch(() => '');
  const soft = /^Max open files\s+(\d+)/m.exec(limits)?.[1];
  return soft === undefined ? PLENTY : Number(soft);
}

/** @param most - where there is plenty of files @param share - of the files that there are, one in so many */
export function connectionsFor(files: number, most: number, share: number): number {
  return Math.max(8, Math.min(most, Math.floor(files / share)));
}
