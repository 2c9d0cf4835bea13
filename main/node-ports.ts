import { randomBytes } from 'node:crypto';
import type { HostEvent } from '../contract/events.ts';
import type { Clock, Log, Ports, SecretSource } from './ports.ts';

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

/** What the core needs, from plain Node. */
export function nodePorts(options: {
  readonly home: string;
  readonly log: Log;
  readonly secrets?: SecretSource;
  readonly notify?: (event: HostEvent) => void;
}): Ports {
  return {
    clock: systemClock,
    random: (bytes) => randomBytes(bytes),
    log: options.log,
    notify: options.notify ?? (() => {}),
    secrets: options.secrets ?? secretSource(() => []),
    home: options.home,
    env: process.env,
  };
}
