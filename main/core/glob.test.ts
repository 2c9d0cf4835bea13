import { describe, expect, it } from 'vitest';
import { compileGlob, compileWildcard, escapeGlob, escapeWildcard, isLiteral } from './glob.ts';

const glob = (pattern: string) => compileGlob(pattern, { foldCase: false });

describe('a path glob', () => {
  it.each([
    ['src/**', 'src/a.ts', true],
    ['src/**', 'src/deep/er/a.ts', true],
    ['src/**', 'src', true],
    ['src/**', 'src2/a.ts', false],
    ['src/**', 'lib/src/a.ts', false],
    ['**', '.', true],
    ['**', 'a/b', true],
    ['*', 'a', true],
    ['*', 'a/b', false],
    ['*', '.env', true],
    ['**/*.pem', 'key.pem', true],
    ['**/*.pem', 'a/b/key.pem', true],
    ['**/*.pem', 'a/b/key.pem.txt', false],
    ['a/**/z', 'a/z', true],
    ['a/**/z', 'a/b/c/z', true],
    ['a/**/z', 'a/b/c/y', false],
    ['a/**/b/**/c', 'a/b/x/b/c', true],
    ['file-?.ts', 'file-1.ts', true],
    ['file-?.ts', 'file-12.ts', false],
    ['\\[id\\].tsx', '[id].tsx', true],
    ['\\*', '*', true],
    ['\\*', 'x', false],
    ['notes..txt', 'notes..txt', true],
    ['.', '.', true],
    ['.', 'a', false],
  ])('%s on %s: %s', (pattern, path, expected) => {
    expect(glob(pattern).matches(path)).toBe(expected);
  });

  it.each([
    '/etc/**',
    '../x',
    'a/../b',
    'a//b',
    './a',
    '',
    'a/',
    '*.{ts,tsx}',
    '[ab]',
    '!secret',
    'a**',
    'x\\',
  ])('refuses %j, which has no clear meaning', (pattern) => {
    expect(() => glob(pattern)).toThrow(expect.objectContaining({ code: 'invalid_input' }));
  });

  it('matches a path with special characters by its own escape', () => {
    for (const path of ['a*b', 'a?b', 'a[b]c', 'a{b}', '!a', 'a\\b', 'plain']) {
      expect(glob(escapeGlob(path)).matches(path)).toBe(true);
      expect(glob(escapeGlob(path)).matches(`${path}x`)).toBe(false);
    }
  });

  it('covers a tree only when it covers everything in it', () => {
    expect(glob('src/**').coversTree('src')).toBe(true);
    expect(glob('src/**').coversTree('src/deep')).toBe(true);
    expect(glob('**/*.ts').coversTree('src')).toBe(false);
    expect(glob('src').coversTree('src')).toBe(false);
    expect(glob('src/**').coversTree('.')).toBe(false);
  });

  it('knows what it could reach below a folder', () => {
    expect(glob('src/secret/**').reachesBelow('src')).toBe(true);
    expect(glob('**/*.pem').reachesBelow('any/where')).toBe(true);
    expect(glob('lib/x').reachesBelow('src')).toBe(false);
    expect(glob('src').reachesBelow('src')).toBe(false);
  });

  it('folds case and composition where asked', () => {
    const folded = compileGlob('Caf\u00e9/**', { foldCase: true });
    expect(folded.matches('CAFE\u0301/x')).toBe(true);
    expect(glob('Src/**').matches('src/x')).toBe(false);
  });

  it('stays linear on a pattern made to backtrack', () => {
    const evil = glob(`${'*a'.repeat(500)}b`);
    const deep = glob(`${'**/a/'.repeat(200)}b`);
    const before = process.cpuUsage();
    expect(evil.matches('a'.repeat(4000))).toBe(false);
    expect(deep.matches(`${'a/'.repeat(1000)}c`)).toBe(false);
    expect(process.cpuUsage(before).user).toBeLessThan(2_000_000);
  });
});

describe('an argument pattern', () => {
  it.each([
    ['test', 'test', true],
    ['test', 'test2', false],
    ['--file=*', '--file=/etc/passwd', true],
    ['*', '', true],
    ['\\*', '*', true],
    ['\\*', 'a', false],
    ['a\\\\b', 'a\\b', true],
  ])('%s on %s: %s', (pattern, text, expected) => {
    expect(compileWildcard(pattern)(text)).toBe(expected);
  });

  it('tells literals from wildcards', () => {
    expect(isLiteral('plain')).toBe(true);
    expect(isLiteral('\\*')).toBe(true);
    expect(isLiteral('a*')).toBe(false);
    expect(isLiteral('\\\\*')).toBe(false);
  });

  it('escapes any text to a pattern for only itself', () => {
    for (const text of ['*', '\\', '...', 'a*b\\c', '\\*', '']) {
      const pattern = escapeWildcard(text);
      expect(compileWildcard(pattern)(text)).toBe(true);
      expect(isLiteral(pattern)).toBe(true);
      expect(compileWildcard(pattern)(`${text}x`)).toBe(false);
      expect(pattern).not.toBe('...');
    }
  });
});
