import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { readdir, readFile } from 'node:fs/promises';
import { FastbandError } from '../core/errors.ts';
import type { Clock } from '../ports.ts';
import { errorCode } from './fs-errors.ts';

export interface RunOptions {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  readonly stdin?: string | undefined;
  readonly signal: AbortSignal;
  readonly clock: Clock;
  readonly timeoutMs: number;
  /** Bytes kept of both streams together: half of each one's head, half of its tail. */
  readonly outputBytes: number;
  /** Past this many bytes of output the program is ended: it would go on writing for as long as it is read. */
  readonly floodBytes: number;
  readonly onOutput?: (stream: 'stdout' | 'stderr', text: string) => void;
}

export interface RunResult {
  readonly exitCode: number | null;
  readonly signal: string | null;
  readonly timedOut: boolean;
  /** Ended because it wrote too much. */
  readonly flooded: boolean;
  readonly stdout: string;
  readonly stderr: string;
  /** Bytes left out of the middle. */
  readonly omitted: number;
  readonly durationMs: number;
}

/** In the environment of everything that a run starts, so that it is found again wherever it goes. */
export const RUN_MARK = 'FASTBAND_RUN';

const TERM_GRACE_MS = 1000;
/** A crowd of hundreds is not looked through in one second on a busy machine. */
const KILL_MS = 10_000;
const DRAIN_MS = 500;
/** A parallel build on a large machine stays below; what forks without end passes it in a moment. */
const MAX_PROCESSES = 512;
const COUNT_EVERY_MS = 100;

/**
 * Runs a program by its absolute path, without a shell, in a process group of its own. When time is up, the call is
 * cancelled, or the program ends, the whole group is ended: first asked, then killed; on Linux also what left the group
 * (setsid, a daemon), unless it took off its environment as well. What a child left behind with the output still open
 * does not hold up the answer.
 *
 * @throws FastbandError `tool_failed` when the system does not start it; `limit_reached` when it had too many processes
 *   at once (on Linux, where they are counted); the signal's reason when it was aborted
 */
export async function runProgram(
  binary: string,
  argv: readonly string[],
  options: RunOptions,
): Promise<RunResult> {
  const { clock, signal } = options;
  signal.throwIfAborted();
  const started = clock.monotonic();
  const mark = randomUUID();
  const child = spawned(binary, argv, {
    argv0: argv[0],
    cwd: options.cwd,
    env: { ...options.env, [RUN_MARK]: mark },
    detached: process.platform !== 'win32',
    windowsHide: true,
    stdio: [options.stdin === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
  });
  let timedOut = false;
  let flooded = false;
  let crowded = false;
  let written = 0;
  const stop = () => void endAll(child.pid, mark, clock);
  const stdout = new HeadAndTail(options.outputBytes / 2);
  const stderr = new HeadAndTail(options.outputBytes / 2);
  const feed = (stream: 'stdout' | 'stderr', into: HeadAndTail) => (chunk: Buffer) => {
    into.add(chunk);
    written += chunk.length;
    if (written > options.floodBytes && !flooded) {
      flooded = true;
      stop();
    }
    options.onOutput?.(stream, chunk.toString('utf8'));
  };
  child.stdout?.on('data', feed('stdout', stdout));
  child.stderr?.on('data', feed('stderr', stderr));
  // A program that does not read its input closes it; that is its right.
  child.stdin?.on('error', () => {});
  child.stdin?.end(options.stdin);

  const stopTimer = clock.after(options.timeoutMs, () => {
    timedOut = true;
    stop();
  });
  signal.addEventListener('abort', stop, { once: true });
  const stopCounting = watchCrowd(child.pid, mark, clock, () => {
    crowded = true;
    // What forks for ever is not asked first: it would use the time to fork, as it would while it is looked through.
    if (child.pid !== undefined) signalGroup(child.pid, 'SIGSTOP');
    return endAll(child.pid, mark, clock, 0);
  });
  try {
    const closed = once(child, 'close').catch(() => {});
    const [exitCode, exitSignal] = (await once(child, 'exit').catch((error: unknown) => {
      throw notStarted(argv[0] ?? '', error);
    })) as [number | null, string | null];
    stopCounting();
    await endAll(child.pid, mark, clock, crowded ? 0 : TERM_GRACE_MS);
    await Promise.race([closed, new Promise<void>((resolve) => clock.after(DRAIN_MS, resolve))]);
    child.stdout?.destroy();
    child.stderr?.destroy();
    signal.throwIfAborted();
    if (crowded)
      throw new FastbandError(
        'limit_reached',
        `${(argv[0] ?? '').slice(0, 200)} had more than ${MAX_PROCESSES} processes at once, and was ended with all of them.`,
      );
    return {
      exitCode,
      signal: exitSignal,
      timedOut,
      flooded,
      stdout: stdout.text(),
      stderr: stderr.text(),
      omitted: stdout.omitted + stderr.omitted,
      durationMs: clock.monotonic() - started,
    };
  } finally {
    stopTimer();
    stopCounting();
    signal.removeEventListener('abort', stop);
  }
}

/** Some failures to start come as an event, others are thrown at once (too long an argument list, for one). */
function spawned(binary: string, argv: readonly string[], options: SpawnOptions): ChildProcess {
  try {
    return spawn(binary, argv.slice(1), options);
  } catch (error) {
    throw notStarted(argv[0] ?? '', error);
  }
}

function notStarted(name: string, error: unknown): FastbandError {
  const why: Readonly<Record<string, string>> = {
    ENOENT: 'the program, the folder, or the interpreter that its first line names is not there',
    EACCES: 'its file may not be run',
    E2BIG: 'its arguments are too long for this system',
  };
  const code = errorCode(error) ?? 'unknown error';
  return new FastbandError(
    'tool_failed',
    `${name.slice(0, 200)} could not be started: ${why[code] ?? code}.`,
    {
      cause: error,
    },
  );
}

/** Calls back once when a run has more processes than it may. Returns what ends the watch. */
function watchCrowd(
  leader: number | undefined,
  mark: string,
  clock: Clock,
  tooMany: () => Promise<void>,
): () => void {
  if (leader === undefined || process.platform !== 'linux') return () => {};
  let over = false;
  const look = async () => {
    // Told by one listing in most cases: where the whole system has no more than that, a run has not either.
    const crowded =
      (await processIds()).length > MAX_PROCESSES && (await family(leader, mark)).size > MAX_PROCESSES;
    if (over) return;
    if (!crowded) return again();
    over = true;
    await tooMany();
  };
  // What cannot be counted just now (no file free for it) is counted the next time.
  const again = () => {
    clock.after(COUNT_EVERY_MS, () => {
      if (!over) look().catch(again);
    });
  };
  again();
  return () => {
    over = true;
  };
}

/**
 * Ends every process of a group, and what left it: TERM, a moment, KILL. Resolves when none is left.
 *
 * @param graceMs - the moment; 0 kills at once
 */
async function endAll(
  leader: number | undefined,
  mark: string,
  clock: Clock,
  graceMs = TERM_GRACE_MS,
): Promise<void> {
  if (leader === undefined) return;
  const lives = async () => (await strays(leader, mark)).length > 0 || (await groupLives(leader));
  const signalAll = async (signal: NodeJS.Signals) => {
    // Looked for before their parents are gone, who lead to them.
    for (const pid of await strays(leader, mark)) send(pid, signal);
    signalGroup(leader, signal);
  };
  if (!(await lives())) return;
  if (graceMs > 0) await signalAll('SIGTERM');
  const until = clock.monotonic() + graceMs;
  while (clock.monotonic() < until) {
    await new Promise<void>((resolve) => clock.after(10, resolve));
    if (!(await lives())) return;
  }
  // Again and again: one may have come to be while the others were ended.
  while (clock.monotonic() < until + KILL_MS && (await lives())) {
    await signalAll('SIGKILL');
    await new Promise<void>((resolve) => clock.after(10, resolve));
  }
}

/** What a run started that is in another group by now: by the mark in its environment, or by its parents. */
async function strays(leader: number, mark: string): Promise<number[]> {
  if (process.platform !== 'linux') return [];
  return [...(await family(leader, mark))].flatMap(([pid, group]) => (group === leader ? [] : [pid]));
}

async function processIds(): Promise<number[]> {
  return (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
}

/** Every process of a run, with its group: of the leader's group, with the mark in its environment, or a child of one. */
async function family(leader: number, mark: string): Promise<ReadonlyMap<number, number>> {
  const last = Number((await readFile('/proc/loadavg', 'latin1')).split(' ').at(-1));
  const pids = await processIds();
  // Numbers go up, and begin anew at the end: what is younger than the leader has a higher one, or they have begun anew.
  const younger = pids.filter((pid) => pid > leader || last < leader);
  const known = new Map<number, number>([[leader, leader]]);
  const rest = new Map<number, { parent: number; group: number }>();
  await Promise.all(
    younger.map(async (pid) => {
      const stat = await readFile(`/proc/${pid}/stat`, 'latin1').catch(() => '');
      const [state, parent, group] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      if (state === undefined || state === '' || state === 'Z' || state === 'X') return;
      const marked = async () =>
        (await readFile(`/proc/${pid}/environ`, 'latin1').catch(() => '')).includes(`${RUN_MARK}=${mark}`);
      if (Number(group) === leader || (await marked())) known.set(pid, Number(group));
      else rest.set(pid, { parent: Number(parent), group: Number(group) });
    }),
  );
  for (let found = true; found; ) {
    found = false;
    for (const [pid, { parent, group }] of rest) {
      if (!known.has(parent)) continue;
      known.set(pid, group);
      rest.delete(pid);
      found = true;
    }
  }
  return known;
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It is gone already.
  }
}

/** False when there is no such group any more. */
function signalGroup(leader: number, signal: NodeJS.Signals | 0): boolean {
  try {
    process.kill(process.platform === 'win32' ? leader : -leader, signal);
    return true;
  } catch {
    return false;
  }
}

/** A group of zombies that wait for another parent counts as gone. */
async function groupLives(leader: number): Promise<boolean> {
  if (!signalGroup(leader, 0)) return false;
  if (process.platform !== 'linux') return true;
  for (const name of await readdir('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const stat = await readFile(`/proc/${name}/stat`, 'latin1').catch(() => '');
    const [state, , group] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (Number(group) === leader && state !== 'Z' && state !== 'X') return true;
  }
  return false;
}

/** Keeps the beginning and the end of a stream, and counts what is between. */
class HeadAndTail {
  readonly #half: number;
  readonly #head: Buffer[] = [];
  #headBytes = 0;
  #tail: Buffer[] = [];
  #tailBytes = 0;
  omitted = 0;

  constructor(max: number) {
    this.#half = Math.floor(max / 2);
  }

  add(chunk: Buffer): void {
    const room = this.#half - this.#headBytes;
    if (room > 0) {
      this.#head.push(chunk.subarray(0, room));
      this.#headBytes += Math.min(room, chunk.length);
    }
    const rest = chunk.subarray(Math.max(0, room));
    if (rest.length === 0) return;
    this.#tail.push(rest);
    this.#tailBytes += rest.length;
    if (this.#tailBytes <= 2 * this.#half) return;
    const joined = Buffer.concat(this.#tail);
    this.omitted += joined.length - this.#half;
    this.#tail = [Buffer.from(joined.subarray(-this.#half))];
    this.#tailBytes = this.#half;
  }

  text(): string {
    const head = Buffer.concat(this.#head).toString('utf8');
    let tail = Buffer.concat(this.#tail);
    if (tail.length > this.#half) {
      this.omitted += tail.length - this.#half;
      tail = tail.subarray(-this.#half);
    }
    return this.omitted === 0
      ? head + tail.toString('utf8')
      : `${head}\n[… ${this.omitted} bytes left out …]\n${tail.toString('utf8')}`;
  }
}
