import { spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { torture } from './torture.ts';
import { childrenOf, lives, TELLS } from './usage.ts';

it('a few rounds of kill -9 at random moments lose nothing that was answered and loosen nothing [LOG-4 FLT-1]', async () => {
  const seed = randomInt(2 ** 31);
  const report = await torture({ rounds: 5, seed });
  expect(report).toMatchObject({ rounds: 5, lost: 0 });
  expect(report.rows).toBeGreaterThanOrEqual(report.acknowledged);
  // By chance all five may have been killed while they started.
  if (report.killedStarting < 5) expect(report.acknowledged).toBeGreaterThan(0);
});

it.skipIf(!TELLS).each([
  ['SIGINT', 130],
  ['SIGTERM', 143],
  ['SIGHUP', 129],
] as const)('stopped by %s, the script leaves no host running and no folder behind', async (signal, code) => {
  const temporary = mkdtempSync(join(tmpdir(), 'fastband-torture-'));
  const script = join(import.meta.dirname, '..', 'scripts', 'torture.ts');
  const child = spawn(process.execPath, [script, '--rounds', '1000', '--seed', '1'], {
    stdio: 'ignore',
    env: { ...process.env, TMPDIR: temporary },
  });
  const ended = once(child, 'exit');
  const hosts = () => childrenOf(child.pid ?? 0).filter(({ line }) => line.includes(' serve '));
  try {
    await expect.poll(() => hosts().length, { timeout: 20_000, interval: 5 }).toBeGreaterThan(0);
    const running = hosts().map(({ pid }) => pid);
    child.kill(signal);
    expect(await ended).toEqual([code, null]);
    await expect.poll(() => running.filter(lives), { timeout: 5000 }).toEqual([]);
    expect(readdirSync(temporary)).toEqual([]);
  } finally {
    child.kill('SIGKILL');
  }
  rmdirSync(temporary);
});
