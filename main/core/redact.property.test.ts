import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { anyJson, anyText, runs } from './property-testing.ts';
import { createRedactor, findSecrets } from './redact.ts';

const word = (alphabet: string, length: number) =>
  fc.string({ unit: fc.constantFrom(...alphabet), minLength: length, maxLength: length });
const ALNUM = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
const HEX = '0123456789abcdef';

/** Keys as their makers give them out. */
const KEYS: readonly fc.Arbitrary<string>[] = [
  word(`${ALNUM}_-`, 43).map((rest) => `fb_${rest}`),
  word(`${ALNUM}_-`, 90).map((rest) => `sk-ant-api03-${rest}`),
  word(`${ALNUM}_-`, 60).map((rest) => `sk-proj-${rest}`),
  word(`${ALNUM}_-`, 35).map((rest) => `AIza${rest}`),
  word('ABCDEFGHIJKLMNOPQRSTUVWXYZ234567', 16).map((rest) => `AKIA${rest}`),
  word(ALNUM, 36).map((rest) => `ghp_${rest}`),
  word(`${ALNUM}_`, 60).map((rest) => `github_pat_${rest}`),
  word(`${ALNUM}_-`, 20).map((rest) => `glpat-${rest}`),
  word(ALNUM, 24).map((rest) => `sk_live_${rest}`),
  word(ALNUM, 36).map((rest) => `npm_${rest}`),
  word(HEX, 64).map((rest) => `dop_v1_${rest}`),
  fc
    .tuple(word(`${ALNUM}_-`, 30), word(`${ALNUM}_-`, 60), word(`${ALNUM}_-`, 43))
    .map(([head, body, mac]) => `eyJ${head}.eyJ${body}.${mac}`),
  word(`${ALNUM}+/`, 300).map(
    (body) => `-----BEGIN RSA PRIVATE KEY-----\n${body}\n-----END RSA PRIVATE KEY-----`,
  ),
];
const key = fc.oneof(...KEYS);
/** What may stand next to a key without being part of it. */
const around = fc.constantFrom(
  '',
  ' ',
  '\n',
  '"',
  "'",
  '=',
  ': ',
  '(',
  ')',
  ',',
  ';',
  'key="',
  'é',
  '\u202e',
  '/ ',
);
/** Not a letter or digit: with one more of those it would be no key of this shape. */
const after = around.filter((one) => !/^\w/.test(one));
/** The most of a key that may be told, so that two can be told apart. */
const KEPT = 4;

function leaks(shown: string, secret: string): boolean {
  for (let at = 0; at + KEPT + 8 <= secret.length; at += 4)
    if (shown.includes(secret.slice(at, at + KEPT + 8)) && !/^-----/.test(secret.slice(at, at + 5)))
      return true;
  return false;
}

describe('what is written down [KEY-5]', () => {
  test('holds no known value, however it is written', () => {
    const secret = fc
      .string({ unit: 'grapheme', minLength: 6, maxLength: 40 })
      .filter(
        (one) => one.length >= 6 && one.isWellFormed() && !'[secret]'.includes(one) && new Set(one).size > 3,
      );
    const form = fc.constantFrom<(value: string) => string>(
      (value) => value,
      (value) => Buffer.from(value).toString('base64'),
      (value) => encodeURIComponent(value),
      (value) => JSON.stringify(value),
    );
    fc.assert(
      fc.property(secret, form, anyText(20), anyText(20), (value, write, before, after) => {
        const { text, json } = createRedactor(() => [value]);
        const shown = text(`${before}${write(value)}${after}`);
        expect(shown).not.toContain(value);
        expect(shown).not.toContain(write(value));
        expect(JSON.stringify(json({ [`k ${write(value)}`]: [{ deep: write(value) }] }))).not.toContain(
          value,
        );
      }),
      runs(800),
    );
  });

  test('holds no key of a known shape, whatever stands beside it', () => {
    fc.assert(
      fc.property(key, around, after, anyText(20), (secret, left, right, rest) => {
        const { text } = createRedactor(() => []);
        expect(leaks(text(`${rest}\n${left}${secret}${right}\n${rest}`), secret)).toBe(false);
      }),
      runs(1500),
    );
  });

  test('holds none of several keys, in any order', () => {
    fc.assert(
      fc.property(
        fc.array(key, { minLength: 2, maxLength: 6 }),
        fc.constantFrom(' ', '\n', ', '),
        (keys, between) => {
          const shown = createRedactor(() => []).text(keys.join(between));
          for (const one of keys) expect(leaks(shown, one)).toBe(false);
        },
      ),
      runs(400),
    );
  });

  test('a value in JSON stays where it was, and nothing else changes', () => {
    fc.assert(
      fc.property(anyJson(), (value) => {
        const { json } = createRedactor(() => []);
        const once = json(value);
        expect(Object.keys(Object(once))).toEqual(Object.keys(Object(value)));
        expect(({} as Record<string, unknown>).polluted).toBeUndefined();
        if (
          !/[sS]k|eyJ|:\/\/|basic|bearer|pass|token|secret|key|auth|cookie|cred|pwd/i.test(
            JSON.stringify(value),
          )
        )
          expect(JSON.stringify(once)).toBe(JSON.stringify(value));
      }),
      runs(500),
    );
  });

  test('every key is found on its own line, with nothing of it in the excerpt', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.oneof(
            key.filter((one) => !one.includes('\n')),
            fc.constantFrom('', 'const a = 1;'),
          ),
          { maxLength: 8 },
        ),
        (lines) => {
          const found = findSecrets(lines.join('\n'));
          const expected = lines.flatMap((line, index) =>
            line.length > 15 && !isPlaceholder(line) ? [index + 1] : [],
          );
          expect(found.map(({ line }) => line)).toEqual(expected);
          for (const { line, excerpt } of found) expect(leaks(excerpt, lines[line - 1] ?? '')).toBe(false);
        },
      ),
      runs(300),
    );
  });
});

function isPlaceholder(value: string): boolean {
  return /x{8,}|your[_-]|example|placeholder|0{12,}/i.test(value);
}

describe('how long it takes', () => {
  /** What the shapes begin with, and what they look for next. */
  const BAIT = [
    '-----BEGIN PRIVATE KEY-----',
    '-----BEGIN ',
    'PRIVATE KEY',
    '-eyJ',
    'eyJ',
    '.eyJ',
    '-eyJaaaaaaaa.eyJ',
    'sk-',
    '-sk-ant-',
    'fb_',
    'AIza',
    'ya29.',
    'aws',
    ' secret',
    '="',
    'aws secret = ',
    'ghp_',
    'github_pat_',
    'xox',
    'xapp-',
    'hooks.slack.com/services/',
    'discord.com/api/webhooks/1234567890123456/',
    'SG.',
    'npm_',
    'pypi-',
    'AccountKey=',
    'a://',
    'a://b:',
    '@',
    ':',
    'https://u:',
    'bearer ',
    'basic    ',
    'AGE-SECRET-KEY-1',
    'a.a.a.',
    'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa',
    '\n',
    ' ',
  ];
  const SIZE = 100_000;
  const bait = fc
    .array(fc.constantFrom(...BAIT), { minLength: 1, maxLength: 3 })
    .map((parts) => parts.join(''))
    .map((unit) => unit.repeat(Math.ceil(SIZE / unit.length)));
  /** Of work, not on the wall: others may use this machine. A request's body may be forty times as large. */
  const MAX_MS = 150;

  const timed = (run: () => void) => {
    const before = process.cpuUsage();
    run();
    return process.cpuUsage(before).user / 1000;
  };

  test.each(BAIT)('no text of "%s" again and again keeps the host from answering', (unit) => {
    const text = unit.repeat(Math.ceil(SIZE / unit.length));
    const { text: redact } = createRedactor(() => []);
    expect(
      Math.min(
        timed(() => redact(text)),
        timed(() => redact(text)),
      ),
    ).toBeLessThan(MAX_MS);
    expect(
      Math.min(
        timed(() => findSecrets(text)),
        timed(() => findSecrets(text)),
      ),
    ).toBeLessThan(MAX_MS);
  });

  test('nor does any mixture', () => {
    const { text: redact } = createRedactor(() => []);
    fc.assert(
      fc.property(bait, (text) => {
        expect(
          Math.min(
            timed(() => redact(text)),
            timed(() => redact(text)),
          ),
        ).toBeLessThan(MAX_MS);
      }),
      runs(15),
    );
  });

  test('many keys on many lines are found in a time that grows with their number alone', () => {
    const text = 'token: sk-proj-abcdefghijklmnopqrst12\n'.repeat(20_000);
    expect(timed(() => expect(findSecrets(text)).toHaveLength(20_000))).toBeLessThan(4 * MAX_MS);
  });
});
