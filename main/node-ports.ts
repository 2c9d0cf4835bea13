import { fork } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import type { HostEvent } from '../contract/events.ts';
import type { Child, Clock, Log, Ports, SecretSource } from './ports.ts';

/** Time as it is. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after(ms, run) {
    const timer = setTimeout(run, ms);
    timer.unref();
    return () => clearTimeout(timer);
  },
};

/** Values to mask, to which more can be added. */
export function secretSource(first: () => readonly string[]): SecretSource {
  const sources = [first];
  const all = () => sources.flatMap((source) => source());
  return Object.assign(all, {
    also: (more: () => readonly string[]) => {
      sources.push(more);
    },
  });
}

/** A process of plain Node. It does not keep this one alive. */
export function forkNode(module: URL): Child {
  const { SystemRoot } = process.env;
  const child = fork(fileURLToPath(module), [], {
    execArgv: [],
    // Windows starts nothing without it.
    env: SystemRoot === undefined ? {} : { SystemRoot },
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  });
  child.unref();
  child.channel?.unref();
  let ended = false;
  const listeners: (() => void)[] = [];
  const end = () => {
    if (ended) return;
    ended = true;
    for (const listener of listeners) listener();
  };
  child.once('exit', end).once('error', end);
  return {
    send: (message) => void child.send(message as object, () => {}),
    onMessage: (listener) => void child.on('message', listener),
    onExit: (listener) => void listeners.push(listener),
    kill: () => void child.kill('SIGKILL'),
  };
}

/** What the core needs, from plain Node. */
export function nodePorts(options: {
  readonly home: string;
  readonly log: Log;
  readonly secrets?: SecretSource;
  readonly notify?: (event: HostEvent) => void;
  /** Default: plain Node's. */
  readonly fork?: Ports['fork'];
}): Ports {
  return {
    clock: systemClock,
    random: (bytes) => randomBytes(bytes),
    log: options.log,
    notify: options.notify ?? (() => {}),
    secrets: options.secrets ?? secretSource(() => []),
    home: options.home,
    env: process.env,
    fork: options.fork ?? forkNode,
  };
}
