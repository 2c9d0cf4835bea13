import { pino } from 'pino';
import { showLine } from '../core/display.ts';
import { createRedactor } from '../core/redact.ts';
import type { Log } from '../ports.ts';
import { note } from './terminal.ts';

const LEVELS = ['debug', 'info', 'warn', 'error', 'silent'];

/**
 * The running host's log, to stderr: one JSON object a line, or plain lines where a person looks at a terminal.
 * Everything passes the redactor first, errors with their stacks too. FASTBAND_LOG sets the level.
 */
export function hostLog(secrets: () => readonly string[], options: { readonly plain: boolean }): Log {
  const level = LEVELS.includes(process.env.FASTBAND_LOG ?? '') ? process.env.FASTBAND_LOG : 'info';
  const stream = options.plain ? { write: (line: string) => note(plainLine(line)) } : process.stderr;
  const logger = pino({ level: level ?? 'info', base: null }, stream);
  const { json, text } = createRedactor(secrets);
  const entry =
    (name: 'debug' | 'info' | 'warn' | 'error') => (fields: Record<string, unknown>, message: string) => {
      if (logger.isLevelEnabled(name)) logger[name](json(plainFields(fields)), text(message));
    };
  return { debug: entry('debug'), info: entry('info'), warn: entry('warn'), error: entry('error') };
}

/** A command's log: what the person should know, as a sentence. */
export const commandLog: Log = {
  debug() {},
  info() {},
  warn: (_fields, message) => note(`fastband: ${showLine(message)}`),
  error: (_fields, message) => note(`fastband: ${showLine(message)}`),
};

/** Errors as data, so that the redactor sees what they say. */
function plainFields(fields: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [
      name,
      value instanceof Error ? errorFields(value) : value,
    ]),
  );
}

function errorFields(error: Error): Record<string, unknown> {
  const { name, message, stack, cause } = error;
  return {
    type: name,
    message,
    ...('code' in error ? { code: String(error.code) } : {}),
    ...(stack === undefined ? {} : { stack }),
    ...(cause instanceof Error ? { cause: errorFields(cause) } : {}),
  };
}

const NAMES: Readonly<Record<number, string>> = { 20: 'debug', 30: 'info', 40: 'warn', 50: 'error' };

function plainLine(line: string): string {
  const { level, time, msg, err, ...rest } = JSON.parse(line) as Record<string, unknown>;
  const at = new Date(Number(time)).toTimeString().slice(0, 8);
  const why = typeof err === 'object' && err !== null && 'message' in err ? `: ${String(err.message)}` : '';
  const fields = Object.keys(rest).length === 0 ? '' : ` ${JSON.stringify(rest)}`;
  return showLine(`${at} ${NAMES[Number(level)] ?? 'info'}  ${String(msg)}${why}${fields}`);
}
