import { readFile, writeFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { showLine } from '../../../contract/display.ts';
import { FastbandError } from '../../core/errors.ts';
import { note } from '../terminal.ts';

/** A file's text, or stdin's for `-`. @throws FastbandError `not_found` */
export async function readText(file: string): Promise<string> {
  if (file === '-') return text(process.stdin);
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
    throw new FastbandError('not_found', `${showLine(file)} cannot be read (${code}).`, { cause: error });
  }
}

/** To a new file that only its owner reads, or to stdout. @throws FastbandError `conflict` when the file exists */
export async function writeText(file: string | undefined, content: string): Promise<void> {
  if (file === undefined) {
    process.stdout.write(content);
    return;
  }
  try {
    await writeFile(file, content, { flag: 'wx', mode: 0o600 });
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
    const why =
      code === 'EEXIST'
        ? 'exists already. Choose another name, or move it away'
        : `cannot be written (${code})`;
    throw new FastbandError('conflict', `${showLine(file)} ${why}.`, { cause: error });
  }
  note(`Wrote ${showLine(file)}.`);
}
