import { readFile } from 'node:fs/promises';
import type { Server } from 'node:http';
import type { Socket } from 'node:net';

interface Connection {
  /** Requests under way. */
  busy: number;
  /** Something was asked over it and not refused. */
  good: boolean;
}

/**
 * Keeps a server to so many connections. Beyond that, each new one takes the place of another: of the oldest over
 * which nothing good came, else of the one that has been idle longest. Whoever opens many and says nothing must neither
 * use up the host's files nor lock anybody out. One that holds a request is left alone; when all do, the new one is
 * closed.
 */
export function boundConnections(server: Server, max: number): void {
  /** The longest idle first. */
  const open = new Map<Socket, Connection>();
  server.on('connection', (socket: Socket) => {
    if (open.size >= max) {
      const idle = [...open].filter(([, { busy }]) => busy === 0);
      const [out] = idle.find(([, { good }]) => !good) ?? idle[0] ?? [socket];
      open.delete(out);
      out.destroy();
      if (out === socket) return;
    }
    open.set(socket, { busy: 0, good: false });
    socket.once('close', () => open.delete(socket));
  });
  server.on('request', ({ socket }, res) => {
    const connection = open.get(socket);
    if (connection === undefined) return;
    connection.busy++;
    res.once('close', () => {
      connection.busy--;
      connection.good ||= res.statusCode < 400;
      // To the end of the line: it was of use just now.
      if (open.delete(socket)) open.set(socket, connection);
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
