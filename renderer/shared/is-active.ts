import type { Client } from '../../contract/entities.ts';

/** HTTP keeps no line open: whoever called within this time is called active. */
const ACTIVE_MS = 2 * 60_000;

/** Whether a client is at work. @param now - the host's time, in milliseconds since the epoch */
export function isActive(client: Client, now: number): boolean {
  return client.lastSeenAt !== undefined && now - client.lastSeenAt < ACTIVE_MS;
}
