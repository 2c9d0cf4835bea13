import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

/** npm -> shell -> our script -> what it runs: the shell of some systems ends without passing a signal on. */
describe.skipIf(process.platform === 'win32')('what npm runs, when npm is stopped', () => {
  const helpers = pathToFileURL(join(import.meta.dirname, 'node.mjs')).href;
  let folder;
  let pids;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'fastband-stop-'));
    pids = [];
    const host = `process.on('SIGTERM', () => process.exit(0)); setInterval(() => {}, 1000);`;
    writeFileSync(
      join(folder, 'script.mjs'),
      `import { spawn } from 'node:child_process';
       import { writeFileSync } from 'node:fs';
       import { ended } from '${helpers}';
       const host = spawn(process.execPath, ['-e', ${JSON.stringify(host)}], { stdio: 'ignore' });
       host.once('spawn', () => writeFileSync(${JSON.stringify(join(folder, 'pids'))}, \`\${process.pid} \${host.pid}\`));
       process.exit(await ended(host));`,
    );
  });
  afterEach(() => {
    for (const pid of pids) if (isAlive(pid)) process.kill(pid, 'SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  });

  test.each([
    ['as npm runs it, ends with it', { npm_lifecycle_event: 'start' }, false],
    ['started by hand, may be left behind', {}, true],
  ])('%s', async (_name, env, stays) => {
    const { npm_lifecycle_event: _mine, ...rest } = process.env;
    const shell = spawn('sh', ['-c', `"${process.execPath}" script.mjs & wait`], {
      cwd: folder,
      stdio: 'ignore',
      env: { ...rest, ...env },
    });
    pids = await until(() => readFileSync(join(folder, 'pids'), 'utf8').split(' ').map(Number));
    expect(pids.every(isAlive)).toBe(true);
    shell.kill('SIGKILL');
    if (stays) {
      await new Promise((resolve) => setTimeout(resolve, 1000));
      expect(pids.map(isAlive)).toEqual([true, true]);
      return;
    }
    await until(() => {
      if (pids.some(isAlive)) throw new Error('still there');
    });
  });

  function isAlive(pid) {
    try {
      process.kill(pid, 0);
    } catch {
      return false;
    }
    // One that has ended and waits to be collected still has its number.
    return process.platform !== 'linux' || !/^\d+ \(.*\) Z/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  }

  async function until(look) {
    for (let i = 0; ; i++) {
      try {
        return look();
      } catch (error) {
        if (i === 100) throw error;
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    }
  }
});
