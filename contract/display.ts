/**
 * Characters that a person does not see, or that change how others are seen: C0 and C1 controls (line feed and tab
 * aside), zero-width and joiner characters, bidi controls, line and paragraph separators, soft hyphens, fillers,
 * variation selectors' supplement, tag characters, interlinear annotations, the object replacement character, controls
 * of shorthand and musical notation, and lone surrogates. The replacement character (U+FFFD) is drawn, and stays.
 * Source: Unicode Bidirectional Algorithm (UAX #9), Unicode Security Considerations (UTR #36), CVE-2021-42574.
 */
const HIDDEN =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: naming them is what this is for
  // biome-ignore lint/suspicious/noMisleadingCharacterClass: they are looked for one by one
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffc\ufffe\uffff]|[\u{1bca0}-\u{1bca3}\u{1d173}-\u{1d17a}\u{e0000}-\u{e0fff}]|\p{Cs}/gu;

const NAMES: Readonly<Record<number, string>> = {
  0x00: 'NUL',
  0x07: 'BEL',
  0x08: 'BS',
  0x0d: 'CR',
  0x1b: 'ESC',
  0x7f: 'DEL',
  0xad: 'SHY',
  0x200b: 'ZWSP',
  0x200c: 'ZWNJ',
  0x200d: 'ZWJ',
  0x200e: 'LRM',
  0x200f: 'RLM',
  0x202a: 'LRE',
  0x202b: 'RLE',
  0x202c: 'PDF',
  0x202d: 'LRO',
  0x202e: 'RLO',
  0x2066: 'LRI',
  0x2067: 'RLI',
  0x2068: 'FSI',
  0x2069: 'PDI',
  0xfeff: 'BOM',
};

/** The text with each hidden character replaced by a visible name such as `⟦RLO⟧` or `⟦U+E0041⟧`. */
export function showHidden(text: string): string {
  return text.replace(HIDDEN, named);
}

function named(character: string): string {
  const point = character.codePointAt(0) ?? 0;
  return `⟦${NAMES[point] ?? `U+${point.toString(16).toUpperCase().padStart(4, '0')}`}⟧`;
}

/** The text without its hidden characters: what a person would have seen of it. */
export function withoutHidden(text: string): string {
  return text.replace(HIDDEN, '');
}

/**
 * One line: hidden characters made visible; line ends and tabs too, and private characters, which each font draws as it
 * likes. For titles, paths and arguments.
 */
export function showLine(text: string): string {
  return showHidden(text)
    .replaceAll('\n', '⟦LF⟧')
    .replaceAll('\t', '⟦TAB⟧')
    .replace(/\p{Co}/gu, named);
}

/** Whether anything in the text would be hidden from a person. A carriage return before a line feed does not count. */
export function hasHidden(text: string): boolean {
  HIDDEN.lastIndex = 0;
  return HIDDEN.test(text.replaceAll('\r\n', '\n'));
}

/** An argument quoted so that its borders, blanks and quotes show, as a POSIX shell would take it. */
export function quoteArgument(argument: string): string {
  const shown = showLine(argument);
  if (/^[A-Za-z0-9_@%+=:,./-]+$/.test(shown)) return shown;
  return `'${shown.replaceAll("'", "'\\''")}'`;
}

/** Arguments on one line, each quoted so that its borders show. */
export function commandLine(argv: readonly string[]): string {
  return argv.map(quoteArgument).join(' ');
}

/**
 * Text of at most `max` characters that keeps both ends and says how much of the middle it left out.
 *
 * @param leftOut - says so many characters, in at most 18 of them
 */
export function middleCut(text: string, max: number, leftOut = (n: number) => `${n} characters`): string {
  if (text.length <= max) return text;
  const half = Math.max(1, Math.floor((max - 24) / 2));
  return `${text.slice(0, half)} … ${leftOut(text.length - 2 * half)} … ${text.slice(-half)}`;
}
