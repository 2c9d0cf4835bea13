import { describe, expect, it } from 'vitest';
import { createRedactor, findSecrets } from './redact.ts';

const redactor = createRedactor(() => []);
const run = (length: number, alphabet = 'aB3dE5gH7jK9mN1pQ') =>
  Array.from({ length }, (_, i) => alphabet[(i * 7 + 3) % alphabet.length]).join('');
const hex = (length: number) => run(length, '0123456789abcdef');
const upper = (length: number) => run(length, 'ABCDEFGHJKLMNPQRSTUVWXYZ234567');

// Put together here, so that nothing that scans this file takes them for real.
const KEYS: [string, string][] = [
  ['Fastband token', `fb_${run(43)}`],
  ['Anthropic key', `sk-ant-${'api03'}-${run(90)}`],
  ['OpenAI key', `sk-${'proj'}-${run(60)}`],
  ['OpenAI key', `sk-${run(48)}`],
  ['Google key', `AI${'za'}${run(35)}`],
  ['AWS key id', `AK${'IA'}${upper(16)}`],
  ['GitHub token', `gh${'p_'}${run(36)}`],
  ['GitHub token', `github${'_pat_'}${run(60)}`],
  ['GitLab token', `gl${'pat-'}${run(20)}`],
  ['Slack token', `xox${'b-'}123456789012-${run(24)}`],
  ['Stripe key', `sk_${'live_'}${run(24)}`],
  ['Twilio key', `S${'K'}${hex(32)}`],
  ['SendGrid key', `SG${'.'}${run(22)}.${run(43)}`],
  ['npm token', `npm${'_'}${run(36)}`],
  ['PyPI token', `pypi${'-'}${run(120)}`],
  ['Hugging Face token', `hf${'_'}${run(34)}`],
  ['DigitalOcean token', `dop${'_v1_'}${hex(64)}`],
  ['age key', `AGE-SECRET-${'KEY-1'}${upper(58)}`],
  ['JSON web token', `ey${'J'}${run(20)}.ey${'J'}${run(40)}.${run(43)}`],
];

describe('a key in a text [KEY-5]', () => {
  it.each(KEYS)('%s is masked and named', (name, key) => {
    const masked = redactor.text(`before ${key} after`);
    expect(masked).toContain(`[${name} …`);
    expect(masked).not.toContain(key.slice(4, -4));
    expect(masked).toMatch(/^before .* after$/s);
    expect(findSecrets(`one\ntwo ${key}`)).toMatchObject([{ name, line: 2 }]);
  });

  it('a private key is masked whole, also when it is cut off', () => {
    const body = `-----BEGIN ${'OPENSSH PRIVATE KEY'}-----\n${run(64)}\n${run(64)}\n`;
    for (const text of [`${body}-----END ${'OPENSSH PRIVATE KEY'}-----\nrest`, body]) {
      expect(redactor.text(text)).not.toContain(run(30));
    }
  });

  it.each([
    ['ends like another', `ey${'J'}${run(30)}.ey${'J'}${run(60)}.sk-${run(40)}`],
    [
      'has another in its middle',
      `ey${'J'}${run(8)}-AK${'IA'}${upper(16)}-${run(8)}.ey${'J'}${run(60)}.${run(43)}`,
    ],
    ['holds a value that is known', `ey${'J'}${run(30)}.ey${'J'}${run(30)}known-value${run(30)}.${run(43)}`],
  ])('one that %s is masked whole', (_, key) => {
    const masked = createRedactor(() => ['known-value']).text(`before ${key} sk_${'live_'}${run(24)} after`);
    expect(masked).toMatch(/^before \[(?:JSON web token ….{4}|secret)\] \[Stripe key ….{4}\] after$/);
  });

  it('a password in a URL and a bearer token are masked, and what is around them is not', () => {
    expect(redactor.text('postgres://ada:hunter2secret@db.example/shop')).toMatch(
      /^postgres:\/\/ada:\[password in a URL …\]@db\.example\/shop$/,
    );
    expect(redactor.text(`Authorization: Bearer ${run(40)}`)).toMatch(/^Authorization: Bearer \[/);
    expect(redactor.text('https://example.org:8080/a@b')).toBe('https://example.org:8080/a@b');
  });

  it.each([
    'task-ant-colony',
    'desk-proj-x',
    'sk-short',
    'AKIA is a prefix',
    'ghp_tooshort',
    'a SK in a word',
    'eyJust a word.eyJ.x',
    'key-value pairs',
    'the basic idea of it',
  ])('is not seen in %j', (text) => {
    expect(redactor.text(text)).toBe(text);
    expect(findSecrets(text)).toEqual([]);
  });

  it('that is a placeholder stops no commit', () => {
    expect(findSecrets(`sk-ant-${'x'.repeat(40)}`)).toEqual([]);
    expect(findSecrets('postgres://user:password@localhost/db')).toEqual([]);
  });
});

describe('a JSON value [KEY-5]', () => {
  it('is masked at every depth, in names too, and under telling names whatever it looks like', () => {
    const [, key] = KEYS[0] ?? ['', ''];
    const masked = redactor.json({
      a: [{ b: `x ${key}` }],
      password: 'plain',
      api_key: 'abc',
      nested: { clientSecret: 'y', token_count: 3 },
      [key]: 1,
      n: 1,
      none: null,
    });
    expect(JSON.stringify(masked)).not.toContain(key);
    expect(masked).toMatchObject({
      password: '[hidden]',
      api_key: '[hidden]',
      nested: { clientSecret: '[hidden]', token_count: 3 },
      n: 1,
      none: null,
    });
  });

  it('cannot reach a prototype', () => {
    const masked = redactor.json(JSON.parse('{"__proto__":{"x":1}}') as object);
    expect(Object.getPrototypeOf(masked)).toBe(Object.prototype);
    expect(({} as Record<string, unknown>).x).toBeUndefined();
  });
});

describe('a value that the vault holds [KEY-5]', () => {
  it('is masked in every form that it may take', () => {
    const value = 'correct "horse" battery/staple';
    const masking = createRedactor(() => ['abc', value]);
    for (const form of [
      value,
      Buffer.from(value).toString('base64'),
      encodeURIComponent(value),
      JSON.stringify(value),
    ]) {
      const masked = masking.text(`<${form}>`);
      expect(masked).not.toContain('horse');
      expect(masked).toContain('[secret]');
    }
    expect(masking.text('abc is too short to mask')).toBe('abc is too short to mask');
  });

  it('is masked whole where it shares a part with itself or another', () => {
    expect(createRedactor(() => ['abcabc', 'bcdefg']).text('<abcabcabcdefg> defg')).toBe('<[secret]> defg');
    expect(createRedactor(() => ['s3cret']).text(`sk-${'proj'}-${run(40)}s3cret`)).toBe('[secret]');
  });
});

describe('a text made to be slow', () => {
  it.each([
    ['dashes', '-'.repeat(1_000_000)],
    ['unclosed keys', `-----BEGIN RSA ${'PRIVATE'} KEY-----\n`.repeat(2000)],
    ['half tokens', `ey${'J'}${'a'.repeat(200)}.`.repeat(4000)],
    ['URLs', 'http://a'.repeat(100_000)],
    ['aws words', 'aws secret = '.repeat(50_000)],
    ['one long word', `sk-${'a'.repeat(1_000_000)}`],
    ['a known value in itself', 'abcabc'.repeat(200_000)],
  ])('of %s takes less than a second of work', (_, text) => {
    const before = process.cpuUsage();
    createRedactor(() => ['abcabc']).text(text);
    findSecrets(text);
    expect(process.cpuUsage(before).user).toBeLessThan(1_000_000);
  });
});
