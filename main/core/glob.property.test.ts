import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compileGlob, compileWildcard, escapeGlob, escapeWildcard, isLiteral } from './glob.ts';
import { runs } from './property-testing.ts';

/** Few letters, so that patterns and paths meet often. */
const letter = fc.constantFrom('a', 'b', 'A', '.', '*', '?', '-', 'é');
const name = fc
  .array(letter, { minLength: 1, maxLength: 4 })
  .map((letters) => letters.join(''))
  .filter((one) => one !== '.' && one !== '..');
const path = fc.oneof(
  { weight: 9, arbitrary: fc.array(name, { minLength: 1, maxLength: 4 }).map((names) => names.join('/')) },
  { weight: 1, arbitrary: fc.constant('.') },
);
const piece = fc.oneof(letter.map(escapeGlob), fc.constantFrom('*', '?'));
const part = fc.oneof(
  { weight: 1, arbitrary: fc.constant('**') },
  {
    weight: 3,
    arbitrary: fc
      .array(piece, { minLength: 1, maxLength: 4 })
      .map((pieces) => pieces.filter((one, at) => one !== '*' || pieces[at - 1] !== '*').join(''))
      .filter((one) => one !== '.' && one !== '..'),
  },
);
const pattern = fc.array(part, { minLength: 1, maxLength: 4 }).map((parts) => parts.join('/'));

/** The same meaning, written as slowly and plainly as it can be. */
function matchesSlowly(globParts: readonly string[], names: readonly string[]): boolean {
  const [first, ...rest] = globParts;
  if (first === undefined) return names.length === 0;
  if (first === '**')
    return matchesSlowly(rest, names) || (names.length > 0 && matchesSlowly(globParts, names.slice(1)));
  const [head, ...tail] = names;
  return head !== undefined && nameMatchesSlowly(first, head) && matchesSlowly(rest, tail);
}

function nameMatchesSlowly(glob: string, text: string): boolean {
  if (glob === '') return text === '';
  if (glob.startsWith('\\'))
    return text.startsWith(glob.charAt(1)) && nameMatchesSlowly(glob.slice(2), text.slice(1));
  if (glob.startsWith('*'))
    return nameMatchesSlowly(glob.slice(1), text) || (text !== '' && nameMatchesSlowly(glob, text.slice(1)));
  if (text === '') return false;
  return (
    (glob.startsWith('?') || glob.charAt(0) === text.charAt(0)) &&
    nameMatchesSlowly(glob.slice(1), text.slice(1))
  );
}

const split = (text: string) => (text === '.' ? [] : text.split('/'));
const exact = { foldCase: false };

describe('a path glob, whatever it is made of', () => {
  test('means the same as a matcher that is written as plainly as can be', () => {
    fc.assert(
      fc.property(pattern, path, (glob, text) => {
        expect(compileGlob(glob, exact).matches(text)).toBe(matchesSlowly(split(glob), split(text)));
      }),
      runs(4000),
    );
  });

  test('an escaped path matches itself and nothing else', () => {
    fc.assert(
      fc.property(path, path, (one, other) => {
        const glob = compileGlob(escapeGlob(one), exact);
        expect(glob.matches(one)).toBe(true);
        expect(glob.matches(other)).toBe(one === other);
      }),
      runs(1500),
    );
  });

  test('what covers a folder matches everything below it, and the folder', () => {
    fc.assert(
      fc.property(pattern, path, path, (glob, folder, below) => {
        const compiled = compileGlob(glob, exact);
        fc.pre(compiled.coversTree(folder));
        expect(compiled.matches(folder)).toBe(true);
        expect(compiled.matches(folder === '.' ? below : below === '.' ? folder : `${folder}/${below}`)).toBe(
          true,
        );
      }),
      runs(300),
    );
  });

  test('what matches below a folder is said to reach below it: a denial in it is never overlooked', () => {
    fc.assert(
      fc.property(pattern, path, path, (glob, folder, below) => {
        fc.pre(below !== '.');
        const compiled = compileGlob(glob, exact);
        const inside = folder === '.' ? below : `${folder}/${below}`;
        fc.pre(compiled.matches(inside));
        expect(compiled.reachesBelow(folder)).toBe(true);
      }),
      runs(300),
    );
  });

  test('without case it matches all that it matches with case, in any case', () => {
    fc.assert(
      fc.property(pattern, path, (glob, text) => {
        fc.pre(compileGlob(glob, exact).matches(text));
        const loose = compileGlob(glob, { foldCase: true });
        expect([text, text.toUpperCase(), text.toLowerCase()].map((one) => loose.matches(one))).toEqual([
          true,
          true,
          true,
        ]);
      }),
      runs(300),
    );
  });

  test('any text is either understood or refused in words, and never stalls', () => {
    const hostile = fc
      .tuple(fc.constantFrom('*a', '**/', '?*', 'a*', '\\*', '**/*a/'), fc.integer({ min: 1, max: 400 }))
      .map(([unit, times]) => unit.repeat(times));
    fc.assert(
      fc.property(fc.oneof(hostile, fc.string({ unit: 'binary', maxLength: 60 })), (glob) => {
        const began = performance.now();
        try {
          const compiled = compileGlob(glob.replace(/\/$/, ''), { foldCase: true });
          const long = `${'a/'.repeat(400)}${'a'.repeat(400)}b`;
          compiled.matches(long);
          compiled.reachesBelow(long);
          compiled.coversTree(long);
        } catch (error) {
          expect(error).toMatchObject({ code: 'invalid_input' });
        }
        expect(performance.now() - began).toBeLessThan(500);
      }),
      runs(200),
    );
  });
});

describe('a pattern for one argument', () => {
  const text = fc
    .array(fc.constantFrom('a', 'b', '*', '\\', '/', ' '), { maxLength: 6 })
    .map((all) => all.join(''));

  test('that is escaped matches itself and nothing else, and is known to be without wildcards', () => {
    fc.assert(
      fc.property(text, text, (one, other) => {
        const escaped = escapeWildcard(one);
        expect(compileWildcard(escaped)(one)).toBe(true);
        expect(compileWildcard(escaped)(other)).toBe(one === other);
        expect(isLiteral(escaped)).toBe(true);
      }),
      runs(2000),
    );
  });

  test('that is known to be without wildcards matches one text at most', () => {
    fc.assert(
      fc.property(text, text, text, (wild, one, other) => {
        fc.pre(isLiteral(wild) && one !== other);
        const matches = compileWildcard(wild);
        expect(matches(one) && matches(other)).toBe(false);
      }),
      runs(1500),
    );
  });
});
