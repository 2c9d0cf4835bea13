import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { _electron } from 'playwright-core';
import type { Order } from '../electron-double/control.ts';
import { type Driver, type Start, stderrOf } from './driver.ts';

let recorder: Promise<string> | undefined;

/** The recorder as a script that Electron loads before the app. */
function buildRecorder(): Promise<string> {
  recorder ??= (async () => {
    const outfile = join(mkdtempSync(join(tmpdir(), 'fastband-recorder-')), 'recorder.cjs');
    await build({
      entryPoints: [join(import.meta.dirname, 'recorder.ts')],
      outfile,
      bundle: true,
      format: 'cjs',
      platform: 'node',
      external: ['electron'],
    });
    return outfile;
  })();
  return recorder;
}

/** An app on real Electron, driven by Playwright; orders go to the recorder within it. */
export async function startOnElectron(program: string, { root, args, env }: Start): Promise<Driver> {
  const set = Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined);
  const app = await _electron.launch({
    executablePath: program,
    args: ['-r', await buildRecorder(), root, ...args],
    env: Object.fromEntries(set),
  });
  const child = app.process();
  return {
    process: child,
    stderr: stderrOf(child),
    order: (order: Order) =>
      app.evaluate(
        (_, what) =>
          (globalThis as unknown as { fastbandObey: (order: unknown) => Promise<unknown> }).fastbandObey(
            what,
          ),
        order,
      ),
    pages: async () => app.windows(),
    release: async () => {
      child.kill('SIGTERM');
    },
  };
}

/** Without Playwright, which would wait for an app that is to end at once. */
export function spawnOnElectron(program: string, { root, args, env }: Start): ChildProcess {
  return spawn(program, [root, ...args], { env, stdio: ['ignore', 'ignore', 'pipe'] });
}
