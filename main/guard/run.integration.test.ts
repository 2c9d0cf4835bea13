import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';

const FILES = 64;
const HELD_MS = 1500;

/** Runs what starts too many processes, while this process can open no file to count them. */
const SCRIPT = `
import { closeSync, openSync } from 'node:fs';
const [run, testing] = process.argv.slice(1);
const { runProgram } = await import(run);
const { realClock } = await import(testing);
const ended = runProgram('/bin/sh', ['sh', '-c', 'for i in $(seq 100); do sleep 30 & done; wait'], {
  cwd: '/',
  env: { PATH: '/usr/bin:/bin' },
  signal: new AbortController().signal,
  clock: realClock,
  timeoutMs: 20_000,
  outputBytes: 1000,
  floodBytes: 1_000_000,
  maxProcesses: 60,
});
const held = [];
try {
  for (;;) held.push(openSync('/dev/null'));
} catch (error) {
  if (error.code !== 'EMFILE') throw error;
}
setTimeout(() => held.forEach((file) => closeSync(file)), ${HELD_MS});
const { crowded, timedOut, durationMs } = await ended;
console.log(JSON.stringify({ crowded, timedOut, counted: durationMs >= ${HELD_MS} }));
`;

describe.skipIf(process.platform !== 'linux')('a command that starts processes without end', () => {
  it('is stopped also where its processes could not be counted for a while [CMD-7]', async () => {
    const { stdout } = await promisify(execFile)('sh', [
      '-c',
      `ulimit -n ${FILES} && exec "$@"`,
      'sh',
      process.execPath,
      '--input-type=module',
      '--eval',
      SCRIPT,
      join(import.meta.dirname, 'run.ts'),
      join(import.meta.dirname, '../core/testing.ts'),
    ]);
    expect(JSON.parse(stdout)).toEqual({ crowded: true, timedOut: false, counted: true });
  });
});
