import { expect, test } from 'vitest';
import { masker } from './mask.ts';

const SECRET = 'tök\n/en+"q" <1>\\7&\'8';
const twice = (text: string) => JSON.stringify(JSON.stringify(text));
test.each([
  ['as it is', SECRET],
  ['in JSON', JSON.stringify(SECRET)],
  ['in JSON within JSON', twice(JSON.stringify(SECRET))],
  ['in JSON with escaped slashes', JSON.stringify(SECRET).replaceAll('/', '\\/')],
  ['in JSON in ASCII', JSON.stringify(SECRET).replace('ö', '\\u00F6').replaceAll('<', '\\u003c')],
  ['in a URL', encodeURIComponent(SECRET)],
  ['in a URL, in small letters', encodeURIComponent(SECRET).replace(/%../g, (hex) => hex.toLowerCase())],
  ['in a form', new URLSearchParams({ a: SECRET }).toString()],
  ['in a URL within a URL', encodeURIComponent(encodeURIComponent(SECRET))],
  [
    'in JSON in HTML',
    JSON.stringify(SECRET)
      .replaceAll('"', '&quot;')
      .replace(/^&quot;|&quot;$/g, ''),
  ],
  ['in base64', Buffer.from(SECRET).toString('base64')],
  [
    'in HTML',
    SECRET.replaceAll('&', '&amp;')
      .replaceAll('"', '&quot;')
      .replaceAll('<', '&lt;')
      .replaceAll("'", '&#39;'),
  ],
  ['in HTML, in hexadecimal', [...SECRET].map((one) => `&#x${one.codePointAt(0)?.toString(16)};`).join('')],
])('a secret is masked %s', (_, text) => {
  const masked = masker([SECRET])(`before ${text} after`);
  expect(masked).toMatch(/^before ["\\]*(?:a=)?\[secret\]["\\]* after$/);
});

test('text beside it stays as it is, to the letter', () => {
  const text = 'a+b%20c\\n&amp;😀%ff%F0 \\u0041';
  expect(masker([SECRET])(`${text}${SECRET}${text}`)).toBe(`${text}[secret]${text}`);
});

test('and a long one, and text that nearly is one a thousand times, take no time', () => {
  const value = 'ab+/'.repeat(900);
  const began = performance.now();
  expect(masker([value])(`${value.slice(0, -1).repeat(100)}`)).not.toContain('[secret]');
  expect(masker(['aaaaaaaaab'])('a'.repeat(1_000_000) + '\\'.repeat(100_000))).not.toContain('[secret]');
  expect(performance.now() - began).toBeLessThan(3000);
});
