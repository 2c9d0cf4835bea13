/** Controls, formats (bidi, zero-width, tags), separators, lone surrogates, and letters that are drawn as nothing. */
const HIDDEN =
  /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}\u115f\u1160\u3164\uffa0]|\u034f|\u17b4|\u17b5|[\u180b-\u180f]|[\ufe00-\ufe0f]|[\u{e0100}-\u{e01ef}]/gu;

/**
 * One line in which nothing is hidden: paths, arguments and names come from clients and files, and a character that
 * turns the reading direction could make one thing look like another (CVE-2021-42574).
 */
export function visible(text: string): string {
  return text.replace(
    HIDDEN,
    (character) => `⟦U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}⟧`,
  );
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
