import { expect, test } from 'vitest';
import { languageOf, tokenLines } from './highlight.ts';

test.each([
  ['src/cart.ts', 'typescript'],
  ['a/b.PY', 'python'],
  ['Makefile', undefined],
  ['x.constructor', undefined],
  ['index.html', 'xml'],
])('%s is %s', (path, language) => {
  expect(languageOf(path)).toBe(language);
});

test.each([
  ['typescript', ['/* a', ' b */ const x = `one', 'two `;', '', "'⟦RLO⟧'"]],
  ['python', ['def f():', '  """doc', '  more"""', '  return 1']],
  ['json', ['{ "a": [1, null] }']],
])('every character of %s comes out again, line by line', (language, lines) => {
  const tokens = tokenLines(language, lines);
  expect(tokens.map((line) => line.map(({ text }) => text).join(''))).toEqual(lines);
});

test('words of the language are told apart, also over several lines', () => {
  const [first, second] = tokenLines('typescript', ['/* a', 'b */ const x = 1;']);
  expect(first).toEqual([{ text: '/* a', kind: 'comment' }]);
  expect(second).toContainEqual({ text: 'const', kind: 'keyword' });
});
