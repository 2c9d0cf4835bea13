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
  /** Past this many processes at once the program and all of them are ended. On Linux. */
  readonly maxProcesses?: number;
  readonly onOutput?: (stream: 'stdout' | 'stderr', text: string) => void;
}

export interface RunResult {
  readonly exitCode: number | null;
  readonly signal: string | null;
  readonly timedOut: boolean;
  /** Ended because it wrote too much. */
  readonly flooded: boolean;
  /** Ended because it started too many processes. */
  readonly crowded: boolean;
  readonly stdout: string;
  readonly stderr: string;
  /** Bytes left out of the middle. */
  readonly omitted: number;
  readonly durationMs: number;
}

/** In the environment of everything that a run starts, so that it is found again wherever it goes. */
export const RUN_MARK = 'FASTBAND_RUN';

const TERM_GRACE_MS = 1000;
/** Longest that what does not end is killed again: hundreds are not looked through in a second on a busy machine. */
const KILL_MS = 10_000;
const DRAIN_MS = 500;
/** Processes are counted this often. */
const COUNT_MS = 200;
/** Processes that are looked at together. */
const LOOKS = 8;
/** Where others on this machine have so many, not as often. */
const RECOUNT_MS = 5000;

/**
 * Runs a program by its absolute path, without a shell, in a process group of its own. When time is up, the call is
 * cancelled, or the program ends, the whole group is ended: first asked, then killed; on Linux also what left the group
 * (setsid, a daemon), unless it took off its environment as well. What a child left behind with the output still open
 * does not hold up the answer.
 *
 * @throws FastbandError `tool_failed` when the system does not start it; the signal's reason when it was aborted
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
  let written = 0;
  const stop = () => void endAll(child.pid, mark, clock);
  const crowd = watchCrowd(child.pid, mark, options.maxProcesses, clock);
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
  try {
    const closed = once(child, 'close').catch(() => {});
    const [exitCode, exitSignal] = (await once(child, 'exit').catch((error: unknown) => {
      throw notStarted(argv[0] ?? '', error);
    })) as [number | null, string | null];
    await endAll(child.pid, mark, clock, crowd.isOver() ? 0 : TERM_GRACE_MS);
    await Promise.race([closed, new Promise<void>((resolve) => clock.after(DRAIN_MS, resolve))]);
    child.stdout?.destroy();
    child.stderr?.destroy();
    signal.throwIfAborted();
    return {
      exitCode,
      signal: exitSignal,
      timedOut,
      flooded,
      crowded: crowd.isOver(),
      stdout: stdout.text(),
      stderr: stderr.text(),
      omitted: stdout.omitted + stderr.omitted,
      durationMs: clock.monotonic() - started,
    };
  } finally {
    crowd.end();
    stopTimer();
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

/** Looks now and then whether a run has more processes than it may, and ends them all when it has. */
function watchCrowd(
  leader: number | undefined,
  mark: string,
  most: number | undefined,
  clock: Clock,
): { isOver(): boolean; end(): void } {
  let over = false;
  let forget = () => {};
  if (leader === undefined || most === undefined || process.platform !== 'linux')
    return { isOver: () => false, end: () => {} };
  const look = async () => {
    // Of the whole system, threads too: one read tells that nothing need be counted.
    const [, , , tasks = ''] = (await readFile('/proc/loadavg', 'latin1')).split(' ');
    let pause = COUNT_MS;
    if (Number(tasks.split('/')[1]) > most && (await youngerThan(leader)).length > most) {
      // Held meanwhile, as thousands that fork would leave no time to count them.
      signalGroup(leader, 'SIGSTOP');
      const members = await membersOf(leader, mark);
      over = members.size > most;
      signalGroup(leader, over ? 'SIGKILL' : 'SIGCONT');
      if (over) {
        for (const pid of members.keys()) send(pid, 'SIGKILL');
        return endAll(leader, mark, clock, 0);
      }
      pause = RECOUNT_MS;
    }
    later(pause);
  };
  const ended = () => {};
  const later = (ms: number) => {
    if (forget !== ended) forget = clock.after(ms, () => void look().catch(missed));
  };
  /** What could not be counted, for want of a file to open, goes on and is counted the next time. */
  const missed = () => {
    if (over) return;
    signalGroup(leader, 'SIGCONT');
    later(COUNT_MS);
  };
  later(COUNT_MS);
  return {
    isOver: () => over,
    end() {
      forget();
      forget = ended;
    },
  };
}

/**
 * Ends every process of a group, and what left it: TERM, a moment, KILL. Resolves when none is left.
 *
 * @param graceMs - with 0 they are not asked: each would use the moment to start more
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

/** What a run started that is in another group by now. */
async function strays(leader: number, mark: string): Promise<number[]> {
  return [...(await membersOf(leader, mark))].flatMap(([pid, group]) => (group === leader ? [] : [pid]));
}

/** What may have been started since a process was. */
async function youngerThan(leader: number): Promise<number[]> {
  const last = Number((await readFile('/proc/loadavg', 'latin1')).split(' ').at(-1));
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
  // Numbers go up, and begin anew at the end: what is younger than the leader has a higher one, or they have begun anew.
  return pids.filter((pid) => pid > leader || last < leader);
}

/** Every process of a run with its group: by the mark in its environment, or by its parents. */
async function membersOf(leader: number, mark: string): Promise<ReadonlyMap<number, number>> {
  const known = new Map<number, number>([[leader, leader]]);
  if (process.platform !== 'linux') return known;
  const younger = await youngerThan(leader);
  const rest = new Map<number, { parent: number; group: number }>();
  const look = async (pid: number) => {
    const stat = await readFile(`/proc/${pid}/stat`, 'latin1').catch(() => '');
    const [state, parent, group] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (state === undefined || state === '' || state === 'Z' || state === 'X') return;
    const marked = async () =>
      (await readFile(`/proc/${pid}/environ`, 'latin1').catch(() => '')).includes(`${RUN_MARK}=${mark}`);
    if (Number(group) === leader || (await marked())) known.set(pid, Number(group));
    else rest.set(pid, { parent: Number(parent), group: Number(group) });
  };
  // A few at once: each holds a file open, and a host may have few.
  for (let at = 0; at < younger.length; at += LOOKS)
    await Promise.all(younger.slice(at, at + LOOKS).map(look));
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
