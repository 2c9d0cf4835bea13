import { UsageError } from './terminal.ts';

const UNITS: Readonly<Record<string, number>> = {
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};

/** "30m" as milliseconds; undefined when the text is no duration. */
function duration(text: string): number | undefined {
  const [, count, unit] = /^(\d{1,6})([smhdw])$/.exec(text) ?? [];
  const size = UNITS[unit ?? ''];
  return count === undefined || size === undefined ? undefined : Number(count) * size;
}

/** A moment to come: "1h" from now, or a date such as 2026-12-31 or 2026-12-31T18:00. Milliseconds since the epoch. */
export function parseExpiry(text: string, now: number): number {
  const span = duration(text);
  const at = span === undefined ? Date.parse(text) : now + span;
  if (Number.isNaN(at))
    throw new UsageError(`"${text}" is no time. Use 30m, 1h, 7d, or a date like 2026-12-31.`);
  if (at <= now) throw new UsageError(`"${text}" has passed already.`);
  return at;
}

/** A moment past: "1h" ago, or a date. Milliseconds since the epoch. */
export function parseSince(text: string, now: number): number {
  const span = duration(text);
  const at = span === undefined ? Date.parse(text) : now - span;
  if (Number.isNaN(at))
    throw new UsageError(`"${text}" is no time. Use 30m, 1h, 7d, or a date like 2026-12-31.`);
  return at;
}
