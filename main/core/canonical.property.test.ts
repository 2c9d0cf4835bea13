import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { canonicalJson, deepFreeze, sha256Hex } from './canonical.ts';
import { anyJson, runs } from './property-testing.ts';

/** The same value with the keys of each object in another order. */
function reordered(value: unknown, seed: number): unknown {
  if (Array.isArray(value)) return value.map((one) => reordered(one, seed + 1));
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([key, field]) => [key, reordered(field, seed + 1)] as const);
  const turned = [
    ...entries.slice(seed % (entries.length || 1)),
    ...entries.slice(0, seed % (entries.length || 1)),
  ];
  return Object.fromEntries(seed % 2 === 0 ? turned.toReversed() : turned);
}

const plain = (value: unknown) => JSON.parse(JSON.stringify(value)) as unknown;

describe('canonical JSON', () => {
  test('says the whole value, and the same for any order of keys', () => {
    fc.assert(
      fc.property(anyJson(), fc.nat(20), (value, seed) => {
        const text = canonicalJson(value);
        expect(JSON.parse(text)).toEqual(plain(value));
        expect(canonicalJson(reordered(value, seed))).toBe(text);
        expect(canonicalJson(JSON.parse(text))).toBe(text);
      }),
      runs(1500),
    );
  });

  test('tells any two values apart that JSON tells apart', () => {
    fc.assert(
      fc.property(anyJson(2), anyJson(2), (one, other) => {
        expect(canonicalJson(one) === canonicalJson(other)).toBe(isDeepStrictEqual(plain(one), plain(other)));
      }),
      runs(1500),
    );
  });

  test('of one change anywhere is another text, and another hash', () => {
    fc.assert(
      fc.property(anyJson(), anyJson(1), fc.nat(1000), (value, put, at) => {
        const leaves: { set: (next: unknown) => void; get: () => unknown }[] = [];
        const copy = { root: plain(value) };
        const visit = (holder: Record<string, unknown>) => {
          for (const key of Object.keys(holder)) {
            leaves.push({
              get: () => holder[key],
              set: (next) =>
                Object.defineProperty(holder, key, {
                  value: next,
                  enumerable: true,
                  configurable: true,
                  writable: true,
                }),
            });
            const inner = holder[key];
            if (typeof inner === 'object' && inner !== null) visit(inner as Record<string, unknown>);
          }
        };
        visit(copy);
        const leaf = leaves[at % leaves.length];
        if (leaf === undefined) return;
        const before = canonicalJson(copy.root);
        fc.pre(canonicalJson(plain(put)) !== canonicalJson(leaf.get()));
        leaf.set(plain(put));
        expect(canonicalJson(copy.root)).not.toBe(before);
        expect(sha256Hex(canonicalJson(copy.root))).not.toBe(sha256Hex(before));
      }),
      runs(800),
    );
  });

  test('refuses what JSON would lose', () => {
    const lost = fc.oneof(
      fc.constantFrom<unknown>(
        Number.NaN,
        Infinity,
        -Infinity,
        1n,
        () => 1,
        Symbol('s'),
        '\ud800',
        new Map([[1, 2]]),
        new Date(0),
        new Set([1]),
        /x/,
      ),
      fc.uint8Array(),
    );
    const around = fc.constantFrom<(inner: unknown) => unknown>(
      (inner) => inner,
      (inner) => [inner],
      (inner) => ({ a: { b: [1, inner] } }),
    );
    fc.assert(
      fc.property(lost, around, (inner, wrap) => {
        expect(() => canonicalJson(wrap(inner))).toThrow(TypeError);
      }),
      runs(300),
    );
  });

  test('what is frozen cannot be changed at any depth', () => {
    fc.assert(
      fc.property(anyJson(), (value) => {
        const frozen = deepFreeze(plain(value));
        const before = canonicalJson(frozen);
        const visit = (inner: unknown) => {
          if (typeof inner !== 'object' || inner === null) return;
          expect(Object.isFrozen(inner)).toBe(true);
          for (const field of Object.values(inner)) visit(field);
        };
        visit(frozen);
        expect(canonicalJson(frozen)).toBe(before);
      }),
      runs(300),
    );
  });
});
