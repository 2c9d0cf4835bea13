import type { Log } from '../ports.ts';
import type { Redactor } from './redact.ts';

const LINES = 200;
const LINE_CHARS = 2000;

/** A log that also remembers its last 200 lines, redacted, for a person who reports a problem. */
export interface RecentLog extends Log {
  /** Oldest first: `2026-11-23T11:00:00.000Z warn text {"field":1}`. */
  lines(): readonly string[];
}

/** @param now - milliseconds since the epoch */
export function recentLog(log: Log, redactor: Redactor, now: () => number): RecentLog {
  const lines: string[] = [];
  const keep = (level: string, fields: Record<string, unknown>, message: string) => {
    const known = Object.entries(fields).map(([name, value]) => [name, plain(value)]);
    const rest = known.length === 0 ? '' : ` ${JSON.stringify(redactor.json(Object.fromEntries(known)))}`;
    const line = `${new Date(now()).toISOString()} ${level} ${redactor.text(message)}${rest}`;
    lines.push(line.slice(0, LINE_CHARS));
    if (lines.length > LINES) lines.shift();
  };
  const level =
    (name: 'info' | 'warn' | 'error') =>
    (fields: Record<string, unknown>, message: string): void => {
      keep(name, fields, message);
      log[name](fields, message);
    };
  return {
    debug: (fields, message) => log.debug(fields, message),
    info: level('info'),
    warn: level('warn'),
    error: level('error'),
    lines: () => [...lines],
  };
}

/** An error as what it says: its stack is in the host's own log. */
function plain(value: unknown): unknown {
  if (!(value instanceof Error)) return value;
  const code = 'code' in value ? ` (${String(value.code)})` : '';
  return `${value.name}: ${value.message}${code}`;
}
