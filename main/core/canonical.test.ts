import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalJson, deepFreeze } from './canonical.ts';

describe('canonical JSON', () => {
  it('sorts keys by code unit and leaves out undefined', () => {
    expect(canonicalJson({ b: 1, a: [true, null, { d: 'x', c: undefined }], '\u20ac': 1, 1: 0 })).toBe(
      '{"1":0,"a":[true,null,{"d":"x"}],"b":1,"\u20ac":1}',
    );
  });

  it('is the same for the same value and reads back as it', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = canonicalJson(value);
        expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)));
        expect(canonicalJson(JSON.parse(text))).toBe(text);
      }),
    );
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY, 1n, () => 1, new Map(), new Date(0), '\ud800', [undefined]])(
    'refuses what JSON would lose: %o',
    (value) => {
      expect(() => canonicalJson(value)).toThrow(TypeError);
    },
  );

  it('freezes all the way down', () => {
    const value = deepFreeze({ a: [{ b: 1 }] });
    expect(() => Object.assign(value.a[0] ?? {}, { b: 2 })).toThrow(TypeError);
  });
});
