import { randomBytes } from 'node:crypto';
import type { HostEvent } from '../contract/events.ts';
import type { Clock, Log, Ports } from './ports.ts';

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

/** What the core needs, from plain Node. */
export function nodePorts(options: {
  readonly home: string;
  readonly log: Log;
  readonly secrets?: () => readonly string[];
  readonly notify?: (event: HostEvent) => void;
}): Ports {
  return {
    clock: systemClock,
    random: (bytes) => randomBytes(bytes),
    log: options.log,
    notify: options.notify ?? (() => {}),
    secrets: options.secrets ?? (() => []),
    home: options.home,
    env: process.env,
  };
}
