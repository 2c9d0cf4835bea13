import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { anyText, runs } from '../main/core/property-testing.ts';
import { hasHidden, middleCut, quoteArgument, showHidden, showLine, withoutHidden } from './display.ts';

/**
 * What Unicode itself says is not seen, or is no character at all: told by its own properties, not by our list. Format
 * characters that are drawn (Arabic number signs and their like) are left out; those of interlinear annotations, and
 * what stands for an object, have no property of their own and many fonts draw nothing for them.
 */
const UNSEEN =
  /[\p{Default_Ignorable_Code_Point}\p{Cc}\p{Cs}\p{Zl}\p{Zp}\p{Bidi_Control}\ufff9-\ufffc\ufffe\uffff]/u;
const unseenIn = (text: string) =>
  [...text].filter((one) => one !== '\n' && one !== '\t' && UNSEEN.test(one));

/** What a POSIX shell makes of a word that is quoted with single quotes and backslashes. */
function unquoted(word: string): string {
  return word.replaceAll(
    /'([^']*)'|\\(.)/g,
    (_, quoted?: string, escaped?: string) => quoted ?? escaped ?? '',
  );
}

describe('text that is shown to a person [UI-1]', () => {
  test('holds nothing that is not seen, and changes nothing else: every character of Unicode, one by one', () => {
    const hidden: string[] = [];
    const changed: string[] = [];
    for (let point = 0; point <= 0x10ffff; point++) {
      const text = `a${String.fromCodePoint(point)}b`;
      const shown = showHidden(text);
      if (unseenIn(shown).length > 0) hidden.push(point.toString(16));
      if (shown !== text && unseenIn(text).length === 0) changed.push(point.toString(16));
    }
    expect({ hidden, changed }).toEqual({ hidden: [], changed: [] });
  });

  test('holds nothing that is not seen, and is unchanged where there was nothing', () => {
    fc.assert(
      fc.property(anyText(80), (text) => {
        const shown = showHidden(text);
        expect(unseenIn(shown)).toEqual([]);
        expect(showHidden(shown)).toBe(shown);
        expect(unseenIn(withoutHidden(text))).toEqual([]);
        if (unseenIn(text).length === 0) expect(shown).toBe(text);
        expect(hasHidden(text)).toBe(
          showHidden(text.replaceAll('\r\n', '\n')) !== text.replaceAll('\r\n', '\n'),
        );
      }),
      runs(1500),
    );
  });

  test('of one line has no private characters, which each font draws as it likes', () => {
    expect(showLine('a\ue0b0b\u{f0000}')).toBe('a⟦U+E0B0⟧b⟦U+F0000⟧');
  });

  test('is one line where one line is meant', () => {
    fc.assert(
      fc.property(anyText(80), (text) => {
        expect(showLine(text)).not.toMatch(/[\n\r\t\v\f\u0085\u2028\u2029]/);
      }),
      runs(800),
    );
  });

  test('as an argument keeps its borders: a shell reads back what is shown, as one word', () => {
    fc.assert(
      fc.property(anyText(40), anyText(40), (one, other) => {
        expect(unquoted(quoteArgument(one))).toBe(showLine(one));
        // Nothing outside of the quotes could end a word or begin another command.
        expect(quoteArgument(one).replaceAll(/'[^']*'|\\'/g, '')).toMatch(/^[A-Za-z0-9_@%+=:,./-]*$/);
        if (showLine(one) !== showLine(other)) expect(quoteArgument(one)).not.toBe(quoteArgument(other));
      }),
      runs(1500),
    );
  });

  test('that is cut keeps both of its ends, says what it left out, and is short enough', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 400 }), fc.integer({ min: 40, max: 300 }), (text, max) => {
        const cut = middleCut(text, max);
        expect(cut.length).toBeLessThanOrEqual(max);
        if (text.length <= max) expect(cut).toBe(text);
        else {
          const [, head = '', left = '', tail = ''] =
            /^([\s\S]*) … (\d+) characters … ([\s\S]*)$/.exec(cut) ?? [];
          expect(text.startsWith(head) && text.endsWith(tail)).toBe(true);
          expect(head.length + Number(left) + tail.length).toBe(text.length);
        }
      }),
      runs(1000),
    );
  });
});
