import { UsageError } from './terminal.ts';

/** More than any key; a file that was piped in by mistake ends here. */
const MAX_CHARS = 16_384;
const ESC = String.fromCharCode(27);
/** With parameters and a last letter, with one letter after O, or with one key (Alt); else Escape itself. */
const SEQUENCE = new RegExp(`${ESC}(?:\\[[0-?]*[ -/]*[@-~]|O[ -~]|[^\\p{Cc}])?`, 'gu');
/** Escape alone is a key of its own: what is typed after it counts. */
const CUT_SEQUENCE = new RegExp(`${ESC}(?:\\[[0-?]*[ -/]*|O)$`);

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

/**
 * What was typed, without the sequences that arrows, Delete and other keys send (ECMA-48 5.4, xterm's SS3): nobody would
 * see them in a hidden value.
 *
 * @returns `cut`: the beginning of a sequence whose rest is still to come
 */
export function withoutEscapes(chunk: string): { readonly text: string; readonly cut: string } {
  const cut = CUT_SEQUENCE.exec(chunk)?.[0] ?? '';
  return { text: chunk.slice(0, chunk.length - cut.length).replace(SEQUENCE, ''), cut };
}

function ask(prompt: string): Promise<string> {
  const { stdin, stderr } = process;
  stderr.write(`${prompt}: `);
  stdin.setRawMode(true);
  stdin.setEncoding('utf8');
  stdin.resume();
  return new Promise((resolve, reject) => {
    let text = '';
    let cut = '';
    const end = (finish: () => void) => {
      stdin.setRawMode(false);
      stdin.pause();
      stdin.off('data', onData);
      stderr.write('\n');
      finish();
    };
    const onData = (chunk: string) => {
      const typed = withoutEscapes(cut + chunk);
      cut = typed.cut;
      for (const char of typed.text) {
        if (char === '\r' || char === '\n' || char === '\u0004') return end(() => resolve(text));
        if (char === '\u0003') return end(() => reject(new UsageError('Stopped. Nothing was changed.')));
        if (char === '\u007f' || char === '\b') text = text.slice(0, -1);
        else if (char >= ' ' && text.length < MAX_CHARS) text += char;
      }
    };
    stdin.on('data', onData);
  });
}
