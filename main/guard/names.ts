const RESERVED = /^(?:con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]|conin\$|conout\$)(?:\..*)?$/i;

/**
 * Why Windows would take this name for something else than a plain file: a device (`NUL`, `com1.txt`), an alternate
 * stream (`a.txt:hidden`), or a name that it silently trims (`a.txt.`, `a `). Undefined for a plain name.
 * Source: Microsoft, Naming Files, Paths, and Namespaces.
 */
export function refusedName(name: string): string | undefined {
  if (RESERVED.test(name)) return 'a name that Windows reserves for a device';
  if (name.includes(':')) return 'an alternate data stream';
  if (/[. ]$/.test(name) && name !== '.' && name !== '..') return 'a name that ends in a dot or space';
  return undefined;
}
