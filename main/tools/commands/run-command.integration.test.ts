import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { utimes, writeFile } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { exactMatch } from '../../core/match.ts';
import { covers } from '../../core/policy.ts';
import { realClock } from '../../core/testing.ts';
import type { RunContext } from '../../core/tool.ts';
import { ToolBench } from '../testing.ts';
import { runCommand } from './run-command.ts';

let bench: ToolBench;

beforeEach(async () => {
  bench = await ToolBench.create({ 'a.txt': 'hello\n', 'sub/': '' });
});
afterEach(() => bench.remove());

/** Plans and runs with the clock of the wall: real processes take real time. */
async function run(input: object, change: () => Promise<void> = async () => {}) {
  const context: RunContext = bench.runContext();
  const ports = { ...context.ports, clock: realClock, env: process.env };
  const real = { ...context, ports };
  const plan = await runCommand.plan(runCommand.input.parse(input), real);
  await change();
  return { plan, result: await runCommand.run(plan, real) };
}

const processes = (mark: string) =>
  readdirSync('/proc').filter((name) => {
    if (!/^\d+$/.test(name)) return false;
    try {
      return (
        readFileSync(`/proc/${name}/cmdline`, 'utf8').includes(mark) &&
        !/^State:\s+Z/m.test(readFileSync(`/proc/${name}/status`, 'utf8'))
      );
    } catch {
      return false;
    }
  });

describe('a command', () => {
  it('gets its arguments to the letter: no shell, no globs, no substitution [CMD-1]', async () => {
    const { plan, result } = await run({ command: ['printf', '%s\n', '$(id)', '*', 'a;b', 'x\ny', '`z`'] });
    expect(result.output).toMatchObject({
      exitCode: 0,
      stdout: '$(id)\n*\na;b\nx\ny\n`z`\n',
      stderr: '',
      timedOut: false,
    });
    expect(plan.effects).toMatchObject([
      {
        kind: 'exec',
        workspace: 'ws',
        cwd: '.',
        argv: ['printf', '%s\n', '$(id)', '*', 'a;b', 'x\ny', '`z`'],
      },
    ]);
  });

  it('runs where it is told, reads its input, and answers how it ended', async () => {
    expect((await run({ command: ['pwd'], cwd: 'sub' })).result.output.stdout.trim()).toBe(bench.path('sub'));
    expect((await run({ command: ['cat'], stdin: 'in' })).result.output.stdout).toBe('in');
    expect((await run({ command: ['cat'] })).result.output.stdout).toBe('');
    expect(
      (await run({ command: ['sh', '-c', 'echo out; echo err >&2; exit 3'] })).result.output,
    ).toMatchObject({ exitCode: 3, stdout: 'out\n', stderr: 'err\n' });
    expect((await run({ command: ['sh', '-c', 'kill -9 $$'] })).result.output).toMatchObject({
      exitCode: null,
      signal: 'SIGKILL',
    });
  });

  it('tells what a shell is given to read, so that leave for one input is none for another [POL-5]', async () => {
    const effectOf = async (input: object) => (await run({ command: ['sh'], ...input })).plan.effects[0];
    const [none, one, other] = [
      await effectOf({}),
      await effectOf({ stdin: 'true' }),
      await effectOf({ stdin: 'echo hi' }),
    ];
    if (none === undefined || one === undefined || other === undefined)
      throw new Error('a plan has no effect');
    for (const asked of [none, one, other])
      for (const allowed of [none, one, other])
        expect(covers([exactMatch(allowed)], [asked])).toBe(allowed === asked);
  });

  it('cannot start outside the workspaces, in a file, or in a read-only workspace [FS-5]', async () => {
    await expect(run({ command: ['pwd'], cwd: '/' })).rejects.toMatchObject({ code: 'outside_workspace' });
    await expect(run({ command: ['pwd'], cwd: 'a.txt' })).rejects.toMatchObject({ code: 'not_found' });
    bench.workspaces.splice(0, 1, { name: 'ws', root: bench.root, readOnly: true, createdAt: 0 });
    await expect(run({ command: ['pwd'] })).rejects.toMatchObject({ code: 'read_only' });
  });

  it('keeps head and tail of a flood and says what is between [CMD-6]', async () => {
    bench.set({ commands: { outputBytes: 4096 } });
    const { result } = await run({ command: ['seq', '1', '200000'] });
    expect(result.output.stdout.length).toBeLessThan(5000);
    expect(result.output.stdout).toMatch(/^1\n2\n/);
    expect(result.output.stdout).toMatch(/200000\n$/);
    expect(result.output.omittedBytes).toBeGreaterThan(1_000_000);
  });

  it('is stopped with all its children when its time is up [CMD-4]', async () => {
    const mark = `7${Date.now()}`;
    const { result } = await run({
      command: ['sh', '-c', `sleep ${mark} & trap "" TERM; sleep ${mark}; sleep ${mark}`],
      timeout_seconds: 1,
    });
    expect(result.output.timedOut).toBe(true);
    expect(result.output.seconds).toBeLessThan(8);
    expect(processes(`sleep\0${mark}`)).toEqual([]);
  });

  it('is stopped with all its children when it is cancelled [CMD-4]', async () => {
    const mark = `8${Date.now()}`;
    const call = run({ command: ['sh', '-c', `sleep ${mark} & wait`] });
    await expect.poll(() => processes(`sleep\0${mark}`).length).toBe(1);
    bench.controller.abort(new Error('cancelled'));
    await expect(call).rejects.toThrow();
    await expect.poll(() => processes(`sleep\0${mark}`)).toEqual([]);
  });

  it.runIf(process.platform === 'linux').each([
    ['a session of its own', (mark: string) => `setsid sleep ${mark} & wait`],
    ['a session of its own, its parent gone', (mark: string) => `(setsid sleep ${mark} &); sleep ${mark}`],
    [
      'a daemon that ignores TERM',
      (mark: string) => `setsid sh -c 'trap "" TERM; sleep ${mark}' & sleep ${mark}`,
    ],
    [
      'no environment, while its parent is there',
      (mark: string) => `env -i setsid sleep ${mark} & sleep ${mark}`,
    ],
    [
      'a child that leaves and starts others',
      (mark: string) => `setsid sh -c '(setsid sleep ${mark} &)' & sleep ${mark}`,
    ],
  ])('does not leave %s, neither when its time is up nor when it is cancelled [CMD-4]', async (_, text) => {
    for (const how of ['time', 'cancel'] as const) {
      const mark = `6${Date.now()}`;
      const call = run({ command: ['sh', '-c', text(mark)], timeout_seconds: how === 'time' ? 1 : 60 });
      await expect.poll(() => processes(`sleep\0${mark}`).length, { timeout: 5000 }).toBeGreaterThan(0);
      if (how === 'cancel') {
        bench.controller.abort(new Error('cancelled'));
        await expect(call).rejects.toThrow();
      } else expect((await call).result.output.timedOut).toBe(true);
      await expect.poll(() => processes(`sleep\0${mark}`)).toEqual([]);
    }
  });

  it.runIf(process.platform === 'linux')(
    'that ends by itself leaves nothing that left its group [CMD-4]',
    async () => {
      const mark = `5${Date.now()}`;
      const { result } = await run({
        command: ['sh', '-c', `setsid sleep ${mark} >&- 2>&- & sleep 0.2; echo done`],
      });
      expect(result.output.stdout).toBe('done\n');
      expect(processes(`sleep\0${mark}`)).toEqual([]);
    },
  );

  it('does not hang on a child that it leaves behind, nor leave that child [CMD-4]', async () => {
    const mark = `9${Date.now()}`;
    const began = performance.now();
    const { result } = await run({ command: ['sh', '-c', `sleep ${mark} & echo done`] });
    expect(result.output.stdout).toBe('done\n');
    expect(performance.now() - began).toBeLessThan(5000);
    expect(processes(`sleep\0${mark}`)).toEqual([]);
  });

  // Each ends by itself, should nobody end it: some 250 processes.
  it.runIf(process.platform === 'linux').each([
    ['doubles', 'f() { if [ "$1" -gt 0 ]; then f $(($1 - 1)) & f $(($1 - 1)) & fi; sleep "$0"; }; f 7'],
    [
      'does not end when it is asked to',
      'trap "" TERM; for i in $(seq 250); do sleep "$0" & done; wait; sleep 1',
    ],
    [
      'leaves its group at each step',
      'echo \'[ "$1" -gt 0 ] && for i in 1 2; do setsid sh b.sh $(($1 - 1)) "$2" & done; sleep "$2"\' > b.sh; sh b.sh 7 "$0"',
    ],
  ])('that starts processes without end and %s is stopped with all of them [CMD-7]', async (_, text) => {
    bench.set({ commands: { maxProcesses: 60 } });
    const mark = `20.${Date.now()}`;
    const { result } = await run({ command: ['sh', '-c', text, mark] });
    expect(result.summary).toContain('stopped because it had more than 60 processes at once');
    expect(result.output).toMatchObject({ signal: 'SIGKILL', timedOut: false });
    expect(processes(mark)).toEqual([]);
  });

  it('may have many processes, fewer than too many, also in sessions of their own [CMD-7]', async () => {
    bench.set({ commands: { maxProcesses: 60 } });
    const many = 'for i in $(seq 20); do setsid sleep 0.6 & sleep 0.6 & done; wait';
    const { result } = await run({ command: ['sh', '-c', many] });
    expect(result.output).toMatchObject({ exitCode: 0 });
  });

  it('is stopped when it floods, long before its time is up [CMD-6]', async () => {
    const began = performance.now();
    const { result } = await run({ command: ['yes'], timeout_seconds: 60 });
    expect(performance.now() - began).toBeLessThan(20_000);
    expect(result.output).toMatchObject({ timedOut: false, signal: 'SIGTERM' });
    expect(result.summary).toContain('wrote more than 128 MiB');
  });

  it('whose interpreter is missing is a clear error', async () => {
    await writeFile(bench.path('x.bin'), '#!/nowhere/sh\n', { mode: 0o755 });
    await expect(run({ command: ['./x.bin'] })).rejects.toMatchObject({
      code: 'tool_failed',
      message: expect.stringContaining('could not be started'),
    });
  });

  it('with arguments past the system’s limit is a clear error', async () => {
    await expect(run({ command: ['true', 'x'.repeat(130_000)] })).resolves.toBeDefined();
    await expect(run({ command: ['true', 'x'.repeat(132_000)] })).rejects.toMatchObject({
      code: 'command_refused',
    });
  });

  it('is not run when a program of the workspace changed behind the same size and time', async () => {
    await writeFile(bench.path('x.sh'), '#!/bin/sh\necho one\n', { mode: 0o755 });
    const when = new Date(1_700_000_000_000);
    await utimes(bench.path('x.sh'), when, when);
    await expect(
      run({ command: ['./x.sh'] }, async () => {
        await writeFile(bench.path('x.sh'), '#!/bin/sh\necho two\n');
        await utimes(bench.path('x.sh'), when, when);
      }),
    ).rejects.toMatchObject({ code: 'changed_since_plan' });
  });

  it('gets none of what loads code, nor keys, from the environment [CMD-2]', async () => {
    process.env.LD_FASTBAND_TEST = 'x';
    process.env.NODE_OPTIONS_TEST = 'x';
    try {
      const { result } = await run({ command: ['env'] });
      const names = result.output.stdout.split('\n').map((line) => line.split('=')[0]);
      expect(names).not.toContain('LD_FASTBAND_TEST');
      expect(names).not.toContain('NODE_OPTIONS_TEST');
      expect(result.output.stdout).toContain('TERM=dumb');
    } finally {
      delete process.env.LD_FASTBAND_TEST;
      delete process.env.NODE_OPTIONS_TEST;
    }
  });

  it('is not run when the program changed after it was shown [CALL-2]', async () => {
    await writeFile(bench.path('x.sh'), '#!/bin/sh\necho one\n', { mode: 0o755 });
    await expect(
      run({ command: ['./x.sh'] }, () => writeFile(bench.path('x.sh'), '#!/bin/sh\ntouch marker\n')),
    ).rejects.toMatchObject({ code: 'changed_since_plan' });
    expect(existsSync(bench.path('marker'))).toBe(false);
  });

  it('shows itself as it will run, and warns when it can run anything', async () => {
    const context = { ...bench.planContext(), ports: { ...bench.planContext().ports, env: process.env } };
    const plan = await runCommand.plan(
      runCommand.input.parse({ command: ['sh', '-c', 'echo "a b"'] }),
      context,
    );
    const preview = await plan.preview?.();
    expect(preview?.previews).toMatchObject([
      { kind: 'command', argv: ['sh', '-c', '\'echo "a b"\''], cwd: 'ws' },
    ]);
    expect(preview?.warnings).toContainEqual({ code: 'shell', about: [expect.any(String)] });
  });
});
