import { expect, test } from 'vitest';
import { mayShip } from './licence-terms.ts';

test.each([
  ['MIT', true],
  ['(MIT OR CC0-1.0)', true],
  ['GPL-3.0-only OR MIT', true],
  ['(BSD-2-Clause OR MIT OR Apache-2.0)', true],
  ['MIT AND (GPL-3.0-only OR ISC)', true],
  ['MIT OR GPL-2.0-only AND GPL-3.0-only', true],
  ['GPL-3.0-only', false],
  ['AGPL-3.0-or-later', false],
  ['SSPL-1.0', false],
  ['MIT AND GPL-3.0-only', false],
  ['GPL-3.0-only AND MIT OR GPL-2.0-only', false],
  ['(MIT OR ISC) AND GPL-3.0-only', false],
  ['MIT WITH Something-exception', false],
  ['SEE LICENSE IN LICENSE.txt', false],
  ['UNLICENSED', false],
  ['unknown', false],
  ['Proprietary', false],
  ['', false],
  ['mit', false],
  ['(MIT', false],
  ['MIT)', false],
  ['MIT OR', false],
  ['MIT GPL-3.0-only', false],
  ['OR MIT', false],
  ['MIT OR (ISC', false],
])('a package under %j may be shipped: %s [DEP-4]', (expression, expected) => {
  expect(mayShip(expression)).toBe(expected);
});
