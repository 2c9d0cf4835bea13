import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { anyText, runs } from '../core/property-testing.ts';
import { holds, isGitName, isPolicyFolderName, isSamePath, MAX_PATH_BYTES, pathProblem } from './fs-names.ts';

const anyPath = fc.oneof(
  anyText(60),
  fc
    .array(
      fc.oneof(
        fc.constantFrom('..', '.', '', 'a', 'CON', 'nul.txt', 'a:b', 'x.', 'C:', '%2e%2e', '.git', 'é'),
        anyText(6),
      ),
      { maxLength: 6 },
    )
    .chain((parts) => fc.constantFrom('/', '\\').map((separator) => parts.join(separator))),
);

/** A name as some file system would still take it for the same: HFS+, NTFS, and whatever folds case. */
const disguised = (name: string) =>
  fc
    .record({
      cases: fc.array(fc.boolean(), { minLength: name.length, maxLength: name.length }),
      ignored: fc.array(fc.constantFrom('', '', '\u200c', '\u200d', '\u200e', '\u202a', '\u206f', '\ufeff'), {
        minLength: name.length,
        maxLength: name.length,
      }),
      wide: fc.boolean(),
      end: fc.constantFrom('', '.', ' ', '. .', '...'),
    })
    .map(({ cases, ignored, wide, end }) => {
      const letters = [...name].map((one, at) => {
        const cased = cases[at] === true ? one.toUpperCase() : one;
        const shape =
          wide && /[a-z]/i.test(cased) ? String.fromCodePoint(cased.charCodeAt(0) + 0xfee0) : cased;
        return `${ignored[at] ?? ''}${shape}`;
      });
      return letters.join('') + end;
    });

describe('a path that passes', () => {
  test('holds nothing that a file system call would stumble over, on any platform', () => {
    fc.assert(
      fc.property(anyPath, fc.constantFrom<NodeJS.Platform>('linux', 'darwin', 'win32'), (path, platform) => {
        const problem = pathProblem(path, platform);
        if (problem !== undefined) {
          expect(problem).toMatch(/[.]$/);
          return;
        }
        expect(path).not.toBe('');
        expect(path).not.toContain('\0');
        expect(path.isWellFormed()).toBe(true);
        expect(Buffer.byteLength(path)).toBeLessThanOrEqual(MAX_PATH_BYTES);
        if (platform === 'win32')
          for (const name of path
            .replace(/^[A-Za-z]:[\\/]/, '')
            .split(/[\\/]/)
            .filter((one) => one !== '.' && one !== '..')) {
            expect(name).not.toMatch(/[:*?"<>|]|[. ]$/);
            expect(name.split('.')[0]?.trim()).not.toMatch(/^(?:con|prn|aux|nul|com[0-9]|lpt[0-9])$/i);
          }
      }),
      runs(3000),
    );
  });
});

describe('a repository and a policy folder', () => {
  test('are known under every name that some file system takes for theirs', () => {
    fc.assert(
      fc.property(disguised('.git'), disguised('git~1'), disguised('.fastband'), (git, short, policy) => {
        expect(isGitName(git)).toBe(true);
        expect(isGitName(`${git}::$INDEX_ALLOCATION`)).toBe(true);
        expect(isGitName(short)).toBe(true);
        expect(isPolicyFolderName(policy)).toBe(true);
      }),
      runs(1000),
    );
  });

  test('and no name is taken for them that has other letters', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'abcgitfsnd.-_'), maxLength: 12 }), (name) => {
        const bare = name.replace(/[.]+$/, '');
        expect(isGitName(name)).toBe(bare === '.git');
        expect(isPolicyFolderName(name)).toBe(bare === '.fastband');
      }),
      runs(1500),
    );
  });
});

describe('what lies in a folder', () => {
  const name = fc.string({ unit: fc.constantFrom(...'abAé.-'), minLength: 1, maxLength: 4 });
  const path = fc.array(name, { minLength: 1, maxLength: 4 }).map((names) => `/${names.join('/')}`);

  test('is told by whole names: a twin of a longer name does not lie in it', () => {
    fc.assert(
      fc.property(path, path, name, (outer, inner, more) => {
        expect(holds(outer, `${outer}/${more}`)).toBe(true);
        expect(holds(outer, `${outer}${more}`)).toBe(false);
        expect(holds(outer, outer)).toBe(true);
        expect(holds('/', inner)).toBe(true);
        const parts = (text: string) => text.split('/');
        const begins = parts(outer).every((one, at) => isSamePath(parts(inner)[at] ?? '', one));
        expect(holds(outer, inner)).toBe(begins);
      }),
      runs(1500),
    );
  });
});
