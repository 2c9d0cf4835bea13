import { expect, test } from 'vitest';
import { fittingStep, readNumber } from './units.ts';

test.each([
  ['seconds', 300, 'min'],
  ['seconds', 90, 's'],
  ['seconds', 7200, 'h'],
  ['seconds', 0, 's'],
  ['bytes', 64 * 1024 * 1024, 'MiB'],
  ['bytes', 2 * 1024 ** 3, 'GiB'],
  ['bytes', 1000, 'B'],
  ['days', 365, 'd'],
] as const)('shows %s %i in %s', (unit, value, step) => {
  expect(fittingStep(unit, value)).toBe(step);
});

test.each([
  ['1.5', 'seconds', 'min', 90],
  ['1,5', 'seconds', 'h', 5400],
  [' 7850 ', 'plain', '', 7850],
  ['1.5', 'plain', '', undefined],
  ['0.0001', 'bytes', 'KiB', undefined],
  ['1e3', 'seconds', 's', undefined],
  ['-1', 'seconds', 's', undefined],
  ['', 'days', 'd', undefined],
  ['9'.repeat(30), 'days', 'd', undefined],
] as const)('reads %j as %s in %s: %s', (text, unit, step, value) => {
  expect(readNumber(text, unit, step)).toBe(value);
});
