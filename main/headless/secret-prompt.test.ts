import { expect, test } from 'vitest';
import { withoutEscapes } from './secret-prompt.ts';

test.each<[string, string[], string]>([
  ['arrows', ['ab\x1b[A\x1b[Dcd'], 'abcd'],
  ['Delete and Home', ['\x1b[3~a\x1bOHb'], 'ab'],
  ['keys with modifiers', ['a\x1b[1;5Cb'], 'ab'],
  ['the marks of a paste', ['\x1b[200~sk-key[A]\x1b[201~'], 'sk-key[A]'],
  ['a sequence in two parts', ['a\x1b[', '3', '~b'], 'ab'],
  ['an SS3 sequence in two parts', ['a\x1bO', 'Ab'], 'ab'],
  ['Escape alone', ['\x1b', 'Ab'], 'Ab'],
  ['a letter with Alt', ['a\x1bxb'], 'ab'],
  ['Escape before Enter', ['a\x1b\r'], 'a\r'],
  ['nothing but the value', ['sk-[A~O[3~'], 'sk-[A~O[3~'],
])('a hidden value is typed with %s', (_, chunks, value) => {
  let text = '';
  let cut = '';
  for (const chunk of chunks) {
    const typed = withoutEscapes(cut + chunk);
    text += typed.text;
    cut = typed.cut;
  }
  expect(text + cut).toBe(value);
});
