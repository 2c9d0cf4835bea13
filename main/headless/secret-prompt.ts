import { UsageError } from './terminal.ts';

/** More than any key; a file that was piped in by mistake ends here. */
const MAX_CHARS = 16_384;

/**
 * Reads a secret: from a prompt that does not show it, or from stdin where that is no terminal. Never from the
 * arguments, which every process of this machine can read and the shell remembers.
 *
 * @throws UsageError when nothing was given
 */
export async function readSecret(prompt: string): Promise<string> {
  const { stdin } = process;
  const text = stdin.isTTY ? await ask(prompt) : await readAll(stdin);
  const value = text.replace(/\r?\n$/, '').trim();
  if (value === '')
    throw new UsageError('No value was given. Type it at the prompt, or pipe it into this command.');
  return value;
}

async function readAll(stdin: NodeJS.ReadStream): Promise<string> {
  let text = '';
  stdin.setEncoding('utf8');
  for await (const chunk of stdin) {
    text += String(chunk);
    if (text.length > MAX_CHARS) throw new UsageError('This is too long for a key.');
  }
  return text;
}

function ask(prompt: string): Promise<string> {
  const { stdin, stderr } = process;
  stderr.write(`${prompt}: `);
  stdin.setRawMode(true);
  stdin.setEncoding('utf8');
  stdin.resume();
  return new Promise((resolve, reject) => {
    let text = '';
    const end = (finish: () => void) => {
      stdin.setRawMode(false);
      stdin.pause();
      stdin.off('data', onData);
      stderr.write('\n');
      finish();
    };
    const onData = (chunk: string) => {
      for (const char of chunk) {
        if (char === '\r' || char === '\n' || char === '\u0004') return end(() => resolve(text));
        if (char === '\u0003') return end(() => reject(new UsageError('Stopped. Nothing was changed.')));
        if (char === '\u007f' || char === '\b') text = text.slice(0, -1);
        else if (char >= ' ' && text.length < MAX_CHARS) text += char;
      }
    };
    stdin.on('data', onData);
  });
}
