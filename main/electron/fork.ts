import { fileURLToPath } from 'node:url';
import { utilityProcess } from 'electron';
import type { Child } from '../ports.ts';

/** A Node process of Electron's: the packaged app's fuses let nothing else run as Node. */
export function forkUtility(module: URL): Child {
  const child = utilityProcess.fork(fileURLToPath(module), [], {
    execArgv: [],
    env: {},
    stdio: 'ignore',
    serviceName: 'Fastband helper',
  });
  // Messages before the start would be lost to a process that has no identifier yet.
  let killed = false;
  child.once('spawn', () => {
    if (killed) endAtOnce(child.pid);
  });
  return {
    send: (message) => child.postMessage(message),
    onMessage: (listener) => void child.on('message', listener),
    onExit: (listener) => void child.once('exit', listener),
    kill: () => {
      killed = true;
      // `kill()` asks first, and what is in the middle of a long computation does not answer.
      if (!endAtOnce(child.pid)) child.kill();
    },
  };
}

function endAtOnce(pid: number | undefined): boolean {
  if (pid === undefined) return false;
  try {
    return process.kill(pid, 'SIGKILL');
  } catch {
    return false;
  }
}
