import fc from 'fast-check';

/**
 * How often a property is tried. `FASTBAND_PROPERTY_RUNS=20` tries twenty times as often, for a longer look; the number is
 * fixed otherwise, so that a run takes as long as the one before. What fails is told with its seed.
 *
 * @param usual - so many that the whole file stays below about two seconds
 */
export function runs(usual: number): { readonly numRuns: number } {
  const times = Number(process.env.FASTBAND_PROPERTY_RUNS ?? '1');
  if (!Number.isFinite(times) || times <= 0)
    throw new RangeError('FASTBAND_PROPERTY_RUNS is a number above 0: how many times as often to try');
  return { numRuns: Math.ceil(usual * times) };
}

/** Texts as they come from anywhere: all of Unicode, lone surrogates and invisible characters among them. */
export const anyText = (maxLength = 40): fc.Arbitrary<string> =>
  fc.oneof(
    fc.string({ maxLength }),
    fc.string({ unit: 'binary', maxLength }),
    fc
      .array(
        fc.oneof(
          fc.constantFrom(...'\u202e\u200b\u00ad\ufeff\u2066\n\r\t\0\u001b⟦⟧\'"\\`$*?[]{}!/.-:@%&<>|;#~= '),
          fc.constantFrom(
            '\ud800',
            '\udc00',
            '\u{e0041}',
            '\u{1d173}',
            '\u{1bca0}',
            'é',
            'e\u0301',
            'ß',
            'İ',
            'ﬀ',
            '￥',
          ),
          fc.string({ maxLength: 3 }),
        ),
        { maxLength: maxLength / 2 },
      )
      .map((parts) => parts.join('').slice(0, maxLength)),
  );

/** Values as JSON carries them, with keys and texts that code trips over. */
export const anyJson = (maxDepth = 4): fc.Arbitrary<unknown> =>
  fc.letrec<{ value: unknown }>((tie) => ({
    value: fc.oneof(
      { maxDepth, depthSize: 'medium', withCrossShrink: true },
      fc.oneof(
        fc.constant(null),
        fc.boolean(),
        fc.double({ noNaN: true, noDefaultInfinity: true }),
        fc.integer(),
        fc.string({ unit: 'grapheme', maxLength: 12 }),
        fc.constantFrom('__proto__', 'constructor', '', '\u0000', '\u2028', '"', '\\'),
      ),
      fc.array(tie('value'), { maxLength: 4 }),
      fc.dictionary(
        fc.oneof(
          fc.string({ unit: 'grapheme', maxLength: 6 }),
          fc.constantFrom('constructor', 'toString', 'hasOwnProperty', '', 'a', 'A', 'é', 'e\u0301'),
        ),
        tie('value'),
        { maxKeys: 4 },
      ),
    ),
  })).value;
