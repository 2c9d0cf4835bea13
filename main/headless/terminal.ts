import { styleText } from 'node:util';
import { CommanderError } from 'commander';
import { showHidden, showLine } from '../../contract/display.ts';
import type { WireError } from '../../contract/errors.ts';
import { FastbandError, toWireError } from '../core/errors.ts';

/** Prints an answer. Text that a client or a file made must come through `showLine` or `table`: it could hold controls. */
export function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** The whole answer as one line of JSON, for scripts. */
export function printJson(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value)}\n`);
}

/** For people, while a command works: never part of its answer. */
export function note(text: string): void {
  process.stderr.write(`${text}\n`);
}

type Style = 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'cyan';

/** Colour on a terminal alone, and never with NO_COLOR. */
export function paint(style: Style, text: string): string {
  return styleText(style, text, { stream: process.stdout });
}

export interface Column<T> {
  readonly title: string;
  readonly of: (row: T) => string;
  readonly style?: (row: T) => Style | undefined;
}

/** Aligned rows with a quiet head. Hidden characters in a cell are made visible. */
export function table<T>(rows: readonly T[], columns: readonly Column<T>[]): string {
  const cells = rows.map((row) => columns.map((column) => showLine(column.of(row))));
  const widths = columns.map((column, i) =>
    Math.max(column.title.length, ...cells.map((line) => (line[i] ?? '').length)),
  );
  const last = columns.length - 1;
  const pad = (text: string, i: number) => (i === last ? text : text.padEnd(widths[i] ?? 0));
  const head = columns.map((column, i) => paint('dim', pad(column.title, i))).join('  ');
  const body = rows.map((row, r) =>
    columns
      .map((column, i) => {
        const text = pad(cells[r]?.[i] ?? '', i);
        const style = column.style?.(row);
        return style === undefined ? text : paint(style, text);
      })
      .join('  ')
      .trimEnd(),
  );
  return [head.trimEnd(), ...body].join('\n');
}

/** Milliseconds since the epoch as local time, to the second. */
export function time(at: number): string {
  const date = new Date(at);
  const two = (n: number) => String(n).padStart(2, '0');
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  return `${day} ${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}

/** A mistake in how a command was called, as opposed to one that failed: exit code 2. */
export class UsageError extends FastbandError {
  constructor(message: string) {
    super('invalid_input', message);
    this.name = 'UsageError';
  }
}

/**
 * Says what went wrong, on stderr, and answers the exit code: 0 for help and version, 2 for usage, else 1.
 * One or two sentences, or with `--json` the error as JSON; the stack with FASTBAND_DEBUG alone.
 */
export function report(error: unknown, json: boolean): number {
  if (error instanceof CommanderError) {
    if (error.exitCode === 0) return 0;
    // Help was shown in place of a command that was not named; the text is on stderr already.
    if (error.code === 'commander.help') return 2;
    say({ code: 'invalid_input', message: error.message.replace(/^error: /, '') }, json);
    return 2;
  }
  if (process.env.FASTBAND_DEBUG && error instanceof Error) note(showHidden(error.stack ?? error.message));
  const wire = error instanceof FastbandError ? toWireError(error) : unexpected(error);
  say(wire, json);
  return wire.code === 'invalid_input' ? 2 : 1;
}

function unexpected(error: unknown): WireError {
  const code = error instanceof Error && 'code' in error ? ` (${String(error.code)})` : '';
  return {
    code: 'internal',
    message: `Something unexpected went wrong${code}. Set FASTBAND_DEBUG=1 and run it again to see where, and "fastband doctor" to check the installation.`,
  };
}

function say(error: WireError, json: boolean): void {
  note(json ? JSON.stringify({ error }) : `fastband: ${showHidden(error.message)}`);
}
