import { maskValues } from '../../core/redact.ts';

/** Shorter values would turn ordinary text to holes; the same as in the redactor. */
const MIN_LENGTH = 6;
/** Escapes within escapes are undone this often. */
const MAX_PASSES = 6;

/** A text with its escapes undone, and where in the text each character of it began; one more for the end. */
interface Plain {
  readonly text: string;
  readonly starts: Uint32Array;
}

/**
 * Masks values wherever an answer repeats them, however they are written there: as they are, in base64, and escaped for
 * JSON, URLs or HTML, also one within another. Escapes are undone in both and the results compared, so that its time
 * grows with the text alone.
 */
export function masker(values: readonly string[]): (text: string) => string {
  const wanted = new Set(
    values
      .flatMap((value) => [value, JSON.stringify(value)])
      .map((form) => plain(form).text.replace(/^"|"$/g, ''))
      .filter((form) => form.length >= MIN_LENGTH),
  );
  return (text) => {
    if (values.length === 0) return text;
    const masked = maskValues(text, values);
    const { text: undone, starts } = plain(masked);
    const found: [number, number][] = [];
    for (const form of wanted)
      for (let at = undone.indexOf(form); at !== -1; at = undone.indexOf(form, at + form.length))
        found.push([starts[at] ?? 0, starts[at + form.length] ?? masked.length]);
    let result = '';
    let done = 0;
    for (const [from, to] of found.sort(([a], [b]) => a - b)) {
      if (from >= done) result += `${masked.slice(done, from)}[secret]`;
      done = Math.max(done, to);
    }
    return result + masked.slice(done);
  };
}

const ESCAPE =
  /\\+(?:u[0-9a-f]{4})?|(?:%[0-9a-f]{2})+|&#(?:x0{0,6}[0-9a-f]{1,6}|0{0,6}[0-9]{1,7});?|&(?:amp|lt|gt|quot|apos);|\+/gi;
const ENTITIES: Readonly<Record<string, string>> = {
  '&amp;': '&',
  '&lt;': '<',
  '&gt;': '>',
  '&quot;': '"',
  '&apos;': "'",
};

function plain(text: string): Plain {
  let current: Plain = { text, starts: Uint32Array.from({ length: text.length + 1 }, (_, i) => i) };
  for (let pass = 0; pass < MAX_PASSES; pass++) {
    const next = undo(current);
    if (next.text === current.text) break;
    current = next;
  }
  return current;
}

function undo({ text, starts }: Plain): Plain {
  const parts: string[] = [];
  const next = new Uint32Array(text.length + 1);
  let length = 0;
  let done = 0;
  const copy = (to: number) => {
    parts.push(text.slice(done, to));
    next.set(starts.subarray(done, to), length);
    length += to - done;
  };
  for (const { 0: written, index } of text.matchAll(ESCAPE)) {
    copy(index);
    done = index + written.length;
    const meant = meaning(written);
    parts.push(meant);
    for (let i = 0; i < meant.length; i++) next[length++] = starts[index] ?? 0;
  }
  copy(text.length);
  next[length] = starts[text.length] ?? 0;
  return { text: parts.join(''), starts: next.subarray(0, length + 1) };
}

/** A backslash by itself means nothing, and a plus a blank, on both sides of the comparison. */
function meaning(written: string): string {
  if (written === '+') return ' ';
  if (written.startsWith('\\'))
    return written.length > 5 && /u[0-9a-f]{4}$/i.test(written)
      ? String.fromCharCode(Number.parseInt(written.slice(-4), 16))
      : '';
  if (written.startsWith('%')) {
    const bytes = Buffer.from(written.replaceAll('%', ''), 'hex');
    return bytes.toString('utf8');
  }
  const named = ENTITIES[written.toLowerCase()];
  if (named !== undefined) return named;
  const digits = written.slice(2).replace(';', '');
  const point = /^x/i.test(digits) ? Number.parseInt(digits.slice(1), 16) : Number(digits);
  return point > 0x10ffff ? '' : String.fromCodePoint(point);
}
