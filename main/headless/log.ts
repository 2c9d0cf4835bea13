import { showLine } from '../../contract/display.ts';
import { redactedLog } from '../log.ts';
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
  return redactedLog(stream, secrets, level ?? 'info');
}

/** A command's log: what the person should know, as a sentence. */
export const commandLog: Log = {
  debug() {},
  info() {},
  warn: (_fields, message) => note(`fastband: ${showLine(message)}`),
  error: (_fields, message) => note(`fastband: ${showLine(message)}`),
};

const NAMES: Readonly<Record<number, string>> = { 20: 'debug', 30: 'info', 40: 'warn', 50: 'error' };

function plainLine(line: string): string {
  const { level, time, msg, err, ...rest } = JSON.parse(line) as Record<string, unknown>;
  const at = new Date(Number(time)).toTimeString().slice(0, 8);
  const why = typeof err === 'object' && err !== null && 'message' in err ? `: ${String(err.message)}` : '';
  const fields = Object.keys(rest).length === 0 ? '' : ` ${JSON.stringify(rest)}`;
  return showLine(`${at} ${NAMES[Number(level)] ?? 'info'}  ${String(msg)}${why}${fields}`);
}
