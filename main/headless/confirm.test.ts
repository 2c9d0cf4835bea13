import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { confirm } from './confirm.ts';

test.each([
  ['y\n', true],
  ['YES\n', true],
  ['\n', false],
  ['n\n', false],
  ['yesterday\n', false],
  ['', false],
])('%j is answered with %s', async (typed, answer) => {
  const input = new PassThrough();
  input.end(typed);
  expect(await confirm('Take their lines out?', input, new PassThrough())).toBe(answer);
});
