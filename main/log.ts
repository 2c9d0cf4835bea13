import { type DestinationStream, pino } from 'pino';
import { createRedactor } from './core/redact.ts';
import type { Log } from './ports.ts';

/**
 * A log of one JSON object a line. Everything passes the redactor first, errors with their stacks too.
 *
 * @param secrets - values that must never be written
 */
export function redactedLog(
  stream: DestinationStream,
  secrets: () => readonly string[],
  level = 'info',
): Log {
  const logger = pino({ level, base: null }, stream);
  const { json, text } = createRedactor(secrets);
  const entry =
    (name: 'debug' | 'info' | 'warn' | 'error') => (fields: Record<string, unknown>, message: string) => {
      if (logger.isLevelEnabled(name)) logger[name](json(plainFields(fields)), text(message));
    };
  return { debug: entry('debug'), info: entry('info'), warn: entry('warn'), error: entry('error') };
}

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
