/** Controls, formats (bidi, zero-width, tags), separators, lone surrogates, and what is drawn as nothing. */
const HIDDEN =
  /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}\u115f\u1160\u2065\u3164\uffa0\ufff0-\ufffc\ufffe\uffff]|\u034f|\u17b4|\u17b5|[\u180b-\u180f]|[\ufe00-\ufe0f]|[\u{e0000}-\u{e0fff}]/gu;

/** The names that the host gives them too: the same character reads the same wherever it is shown. */
const NAMES: Readonly<Record<number, string>> = {
  0x00: 'NUL',
  0x07: 'BEL',
  0x08: 'BS',
  0x09: 'TAB',
  0x0a: 'LF',
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

/**
 * One line in which nothing is hidden: paths, arguments and names come from clients and files, and a character that
 * turns the reading direction could make one thing look like another (CVE-2021-42574).
 */
export function visible(text: string): string {
  return text.replace(HIDDEN, (character) => {
    const point = character.codePointAt(0) ?? 0;
    return `⟦${NAMES[point] ?? `U+${point.toString(16).toUpperCase().padStart(4, '0')}`}⟧`;
  });
}

/** A value as JSON over several lines, in which nothing is hidden. */
export function visibleJson(value: unknown): string {
  // Line feeds within a text are written as escapes there: what is split here are JSON's own lines.
  return (JSON.stringify(value, null, 2) ?? '').split('\n').map(visible).join('\n');
}

/** Arguments on one line, quoted where their borders would not show. */
export function commandLine(argv: readonly string[]): string {
  return argv
    .map(visible)
    .map((argument) =>
      /^[\w@%+=:,./-]+$/.test(argument) ? argument : `'${argument.replaceAll("'", "'\\''")}'`,
    )
    .join(' ');
}
