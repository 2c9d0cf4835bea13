import { FastbandError } from './errors.ts';

/** One position of a compiled pattern: a literal character, any one character, or any run of characters. */
type Token =
  | { readonly kind: 'char'; readonly char: string }
  | { readonly kind: 'one' }
  | { readonly kind: 'run' };
type Component = readonly Token[] | '**';

export interface Glob {
  /** Whether the whole path matches. */
  matches(path: string): boolean;
  /** Whether something below the folder `path` could match. */
  reachesBelow(path: string): boolean;
  /** Whether everything below the folder `path`, and the folder itself, matches. */
  coversTree(path: string): boolean;
  /** Whether a component of the pattern is exactly this name. */
  names(component: string): boolean;
}

/**
 * Compiles a path glob: `*`, `?`, `**` as a whole component, `\` to escape. Matching never backtracks more than
 * path length times pattern length, so no pattern (a project's policy file may be hostile) can stall the host.
 *
 * @throws FastbandError `invalid_input` for braces, brackets, `..`, absolute or otherwise unclear patterns: a deny
 *   that silently matches nothing would be worse than an error.
 * @param options - `toTheLetter` tells names apart that differ only in how Unicode writes the same characters, as file
 *   systems on Linux do
 */
export function compileGlob(
  pattern: string,
  options: { readonly foldCase: boolean; readonly toTheLetter?: boolean },
): Glob {
  const fold = (text: string) => {
    const form = options.toTheLetter === true ? text : text.normalize('NFC');
    return options.foldCase ? form.toLowerCase() : form;
  };
  const components = splitComponents(pattern).map((part) => compileComponent(pattern, fold(part)));
  const split = (path: string) => (path === '.' ? [] : fold(path).split('/'));
  const last = components.at(-1);
  return {
    matches: (path) => matchPath(components, split(path)),
    reachesBelow: (path) => matchPrefix(components, split(path)),
    coversTree: (path) => last === '**' && matchPath(components, split(path)),
    names: (component) =>
      components.some(
        (part) =>
          part !== '**' &&
          part.every((token) => token.kind === 'char') &&
          part.map((token) => (token.kind === 'char' ? token.char : '')).join('') === fold(component),
      ),
  };
}

/** A text as a pattern that matches only itself. */
export function escapeGlob(text: string): string {
  return text.replace(/[\\*?[\]{}!]/g, '\\$&');
}

/** Compiles a pattern for one argument or name: `*` is any run of characters, also `/`; `\` escapes. */
export function compileWildcard(pattern: string): (text: string) => boolean {
  const tokens: Token[] = [];
  for (let i = 0; i < pattern.length; i++) {
    const char = pattern.charAt(i);
    if (char === '*') tokens.push({ kind: 'run' });
    else if (char === '\\' && i + 1 < pattern.length)
      tokens.push({ kind: 'char', char: pattern.charAt(++i) });
    else tokens.push({ kind: 'char', char });
  }
  return (text) => matchTokens(tokens, text);
}

/** Whether the pattern holds no wildcard. */
export function isLiteral(pattern: string): boolean {
  return !/(?<!\\)(?:\\\\)*\*/.test(pattern);
}

/** A text as an argument pattern that matches only itself. */
export function escapeWildcard(text: string): string {
  return text === '...' ? '\\...' : text.replace(/[\\*]/g, '\\$&');
}

function splitComponents(pattern: string): string[] {
  if (pattern === '.') return [];
  const parts = pattern.split('/');
  const bad = parts.some((part) => part === '' || part === '.' || part === '..');
  if (bad) {
    throw new FastbandError(
      'invalid_input',
      `The path pattern "${pattern}" must be relative to the workspace, without empty parts, "." or "..".`,
    );
  }
  return parts;
}

function compileComponent(pattern: string, part: string): Component {
  if (part === '**') return '**';
  const tokens: Token[] = [];
  for (let i = 0; i < part.length; i++) {
    const char = part.charAt(i);
    if (char === '\\') {
      if (i + 1 >= part.length) {
        throw new FastbandError(
          'invalid_input',
          `The path pattern "${pattern}" ends a name with a lone backslash.`,
        );
      }
      tokens.push({ kind: 'char', char: part.charAt(++i) });
    } else if (char === '*') {
      if (part.charAt(i + 1) === '*') {
        throw new FastbandError(
          'invalid_input',
          `In the path pattern "${pattern}", "**" must stand alone between slashes.`,
        );
      }
      tokens.push({ kind: 'run' });
    } else if (char === '?') tokens.push({ kind: 'one' });
    else if ('[]{}!'.includes(char)) {
      throw new FastbandError(
        'invalid_input',
        `The path pattern "${pattern}" holds "${char}". Sets, braces and negation are not part of a pattern: list several patterns, or write "\\${char}" for the character.`,
      );
    } else tokens.push({ kind: 'char', char });
  }
  return tokens;
}

function matchTokens(tokens: readonly Token[], text: string): boolean {
  let t = 0;
  let p = 0;
  let retryToken = -1;
  let retryText = 0;
  while (t < text.length) {
    const token = tokens[p];
    if (token?.kind === 'run') {
      retryToken = ++p;
      retryText = t;
    } else if (
      token !== undefined &&
      (token.kind === 'one' || (token.kind === 'char' && token.char === text.charAt(t)))
    ) {
      p++;
      t++;
    } else if (retryToken >= 0) {
      p = retryToken;
      t = ++retryText;
    } else return false;
  }
  while (tokens[p]?.kind === 'run') p++;
  return p === tokens.length;
}

function componentMatches(component: Component | undefined, name: string): boolean {
  return component !== undefined && component !== '**' && matchTokens(component, name);
}

function matchPath(components: readonly Component[], names: readonly string[]): boolean {
  let n = 0;
  let c = 0;
  let retryComponent = -1;
  let retryName = 0;
  while (n < names.length) {
    if (components[c] === '**') {
      retryComponent = ++c;
      retryName = n;
    } else if (componentMatches(components[c], names[n] ?? '')) {
      c++;
      n++;
    } else if (retryComponent >= 0) {
      c = retryComponent;
      n = ++retryName;
    } else return false;
  }
  while (components[c] === '**') c++;
  return c === components.length;
}

function matchPrefix(components: readonly Component[], names: readonly string[]): boolean {
  for (let i = 0; i < names.length; i++) {
    const component = components[i];
    if (component === '**') return true;
    if (!componentMatches(component, names[i] ?? '')) return false;
  }
  return components.length > names.length;
}
