import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { rgPath } from '@vscode/ripgrep';
import { ClientTurns } from '../../core/client-turns.ts';
import { FastbandError } from '../../core/errors.ts';
import type { RunContext } from '../../core/tool.ts';
import type { Clock } from '../../ports.ts';

/** A longer piece of output (a match in a file of one enormous line) is passed over, so that memory stays bounded. */
const MAX_PIECE = 4 * 1024 * 1024;

/** Past so much output the program is ended: one line without end can match, and none of it would be shown. */
const FLOOD_CHARACTERS = 256 * 1024 * 1024;
/** Searches of one client at once. Each takes all processors, and memory for the longest line that it meets. */
const turns = new ClientTurns(4);

/** Most memory of one search, in kilobytes: ripgrep notes every place in a line that matches, before it writes one. */
const MAX_MEMORY_KB = 512 * 1024;
const LOOK_MS = 100;

const PROGRAM = outsideArchive(rgPath);

/**
 * Where a file really is that Electron shows within its archive. Electron reads from there by itself, but a system
 * starts programs from real files only; packaging puts them beside the archive.
 */
export function outsideArchive(path: string): string {
  return path.replace(/([\\/]app\.asar)(?=[\\/])/, '$1.unpacked');
}

/** Waits until its client may search, and does so. @throws the signal's reason, and what the work throws */
export async function inSearchTurn<T>(
  { client, signal }: Pick<RunContext, 'client' | 'signal'>,
  work: () => Promise<T>,
): Promise<T> {
  const done = await turns.take(client.id, signal);
  try {
    return await work();
  } finally {
    done();
  }
}

/**
 * Runs ripgrep in a folder and hands over its output piece by piece, until `take` says stop.
 * No configuration file, no shell, no inherited environment.
 *
 * @param cwd - where it runs: the held folder's own path, so that a link put above it leads nowhere else
 * @param separator - what ends a piece: `\n` or `\0`
 * @throws FastbandError `invalid_input` with ripgrep's own complaint (a bad pattern), `output_too_large`,
 *   `limit_reached`, `tool_failed` when it ended before its work did; or the signal's reason
 */
export function ripgrep(
  args: readonly string[],
  cwd: string,
  separator: '\n' | '\0',
  { signal, ports }: Pick<RunContext, 'signal'> & { readonly ports: { readonly clock: Clock } },
  take: (piece: string) => 'more' | 'stop',
): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(PROGRAM, ['--no-config', '--no-messages', ...args], {
      cwd,
      env: process.platform === 'win32' ? { SystemRoot: process.env.SystemRoot } : {},
      stdio: ['ignore', 'pipe', 'pipe'],
      signal,
      killSignal: 'SIGKILL',
      windowsHide: true,
    });
    let rest = '';
    let complaint = '';
    let stopped = false;
    let skipping = false;
    let seen = 0;
    let failure: unknown;
    const stop = () => {
      stopped = true;
      child.kill('SIGKILL');
    };
    const stopLooking = watchMemory(child.pid, ports.clock, () => {
      failure = new FastbandError(
        'limit_reached',
        'The search needed more than 512 MB of memory: a file has a very long line. Leave that file out (glob).',
      );
      stop();
    });
    child.stdout.setEncoding('utf8');
    child.stderr.setEncoding('utf8');
    child.stdout.on('data', (chunk: string) => {
      if (stopped) return;
      seen += chunk.length;
      if (seen > FLOOD_CHARACTERS) {
        failure = new FastbandError(
          'output_too_large',
          'The search finds more than can be read, or a line without end. Leave that file out (glob), or search less.',
        );
        stop();
        return;
      }
      const pieces = (rest + chunk).split(separator);
      rest = pieces.pop() ?? '';
      if (skipping && pieces.length > 0) {
        pieces.shift();
        skipping = false;
      }
      if (skipping || rest.length > MAX_PIECE) {
        skipping = true;
        rest = '';
      }
      try {
        if (pieces.some((piece) => piece !== '' && take(piece) === 'stop')) stop();
      } catch (error) {
        failure = error;
        stop();
      }
    });
    child.stderr.on('data', (chunk: string) => {
      if (complaint.length < 2000) complaint += chunk;
    });
    child.on('error', (error) => reject(signal.aborted ? signal.reason : error));
    child.on('close', (code, killedBy) => {
      stopLooking();
      if (signal.aborted) reject(signal.reason);
      else if (failure !== undefined) reject(failure);
      else if (!stopped && killedBy !== null)
        // A file that is cut while it is read, or no memory: what was found till then is not all.
        reject(
          new FastbandError('tool_failed', `The search ended before its time (${killedBy}). Try it again.`),
        );
      else if (!stopped && code === 2 && complaint !== '') reject(badPattern(complaint));
      else resolve();
    });
  });
}

/** Where the system tells, that is on Linux. @returns what ends it */
function watchMemory(pid: number | undefined, clock: Clock, onTooMuch: () => void): () => void {
  let ended = false;
  const look = async () => {
    const status = await readFile(`/proc/${pid}/status`, 'latin1').catch(() => undefined);
    if (ended || status === undefined) return;
    if (Number(/^RssAnon:\s+(\d+)/m.exec(status)?.[1] ?? 0) > MAX_MEMORY_KB) onTooMuch();
    else stopTimer = clock.after(LOOK_MS, look);
  };
  let stopTimer = clock.after(LOOK_MS, look);
  return () => {
    ended = true;
    stopTimer();
  };
}

function badPattern(complaint: string): FastbandError {
  const why = complaint.trim().split('\n').slice(0, 6).join(' ').slice(0, 500);
  return new FastbandError('invalid_input', `The search could not be made: ${why}`);
}

/** Switches for what both searches leave out. */
export function scopeArgs(options: { readonly hidden: boolean }): string[] {
  return [
    // What .gitignore names is left out also where there is no repository; a repository's own data always is.
    '--no-require-git',
    '--no-follow',
    ...(options.hidden ? ['--hidden', '--glob=!.git'] : []),
  ];
}

/** Whether a path has a part that begins with a dot, as ripgrep takes it; a type on its command line brings them back. */
export function isHidden(path: string): boolean {
  return path.startsWith('.') || path.includes('/.');
}
