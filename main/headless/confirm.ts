import { createInterface } from 'node:readline/promises';
import { UsageError } from './terminal.ts';

/** Whether somebody is there to be asked. */
export function isTerminal(): boolean {
  return process.stdin.isTTY && process.stderr.isTTY;
}

/** Asks a person yes or no, on stderr: it is no part of the answer. All but a yes means no, the end of the input too. */
export async function confirm(
  question: string,
  input: NodeJS.ReadableStream = process.stdin,
  output: NodeJS.WritableStream = process.stderr,
): Promise<boolean> {
  const lines = createInterface({ input, output });
  const ended = new Promise<string>((resolve, reject) => {
    lines.once('SIGINT', () => reject(new UsageError('Stopped. Nothing was changed.')));
    lines.once('close', () => resolve(''));
  });
  try {
    const said = await Promise.race([lines.question(`${question} [y/N] `), ended]);
    return /^y(?:es)?$/i.test(said.trim());
  } finally {
    lines.close();
  }
}
