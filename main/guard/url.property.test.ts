import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { anyText, runs } from '../core/property-testing.ts';
import { checkAddress, parseTarget, rangeOf } from './url.ts';

type Quad = readonly [number, number, number, number];
const byte = fc.integer({ min: 0, max: 255 });

/** Addresses that nobody may reach unasked: RFC 1918, 1122, 3927, 6598, 5771, 2544, 5737, 6890 and the broadcast address. */
const closed: fc.Arbitrary<Quad> = fc.oneof(
  fc.tuple(fc.constant(127), byte, byte, byte),
  fc.tuple(fc.constant(10), byte, byte, byte),
  fc.tuple(fc.constant(172), fc.integer({ min: 16, max: 31 }), byte, byte),
  fc.tuple(fc.constant(192), fc.constant(168), byte, byte),
  fc.tuple(fc.constant(169), fc.constant(254), byte, byte),
  fc.tuple(fc.constant(100), fc.integer({ min: 64, max: 127 }), byte, byte),
  fc.tuple(fc.constant(0), byte, byte, byte),
  fc.tuple(fc.integer({ min: 224, max: 255 }), byte, byte, byte),
  fc.tuple(fc.constant(192), fc.constant(0), fc.constant(2), byte),
  fc.tuple(fc.constant(198), fc.constantFrom(18, 19), byte, byte),
  fc.constant<Quad>([168, 63, 129, 16]),
);
const open: fc.Arbitrary<Quad> = fc.constantFrom<Quad>(
  [8, 8, 8, 8],
  [1, 1, 1, 1],
  [93, 184, 215, 14],
  [172, 32, 0, 1],
  [100, 128, 0, 1],
  [11, 0, 0, 1],
  [128, 0, 0, 1],
);

/** One number as browsers, libraries and people write it. */
const writeNumber = (value: number, how: number) =>
  [
    String(value),
    `0x${value.toString(16)}`,
    `0X${value.toString(16).toUpperCase()}`,
    `0${value.toString(8)}`,
    `0x000${value.toString(16)}`,
  ][how] ?? '';

/** The address in one of the forms that the WHATWG parser reads: fewer parts, other bases, a dot at the end, escapes. */
const spelled = (quads: fc.Arbitrary<Quad>) =>
  fc
    .record({
      quad: quads,
      parts: fc.integer({ min: 1, max: 4 }),
      how: fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 4, maxLength: 4 }),
      dot: fc.boolean(),
      disguise: fc.constantFrom<(text: string) => string>(
        (text) => text,
        (text) =>
          [...text]
            .map((one) => (/[0-9]/.test(one) ? String.fromCodePoint(0xff10 + Number(one)) : one))
            .join(''),
        (text) => [...text].map((one) => `%${one.charCodeAt(0).toString(16)}`).join(''),
        (text) => text.replaceAll('.', '。'),
        (text) => text.replace(/[0-9]/, (digit) => `${digit}\u00ad`),
      ),
    })
    .map(({ quad, parts, how, dot, disguise }) => {
      const last = quad.slice(parts - 1).reduce((sum, one) => sum * 256 + one, 0);
      const numbers = [...quad.slice(0, parts - 1), last].map((one, at) => writeNumber(one, how[at] ?? 0));
      return { quad, text: disguise(numbers.join('.') + (dot ? '.' : '')) };
    });

const refused = (run: () => unknown) => {
  try {
    run();
  } catch (error) {
    expect(error).toMatchObject({ code: 'url_refused' });
    return true;
  }
  return false;
};

const scheme = fc.constantFrom('http', 'https', 'HTTP', 'hTTps');
const rest = fc.constantFrom('', '/', '/a?b#c', ':8080/', ':443');

describe('an address that is not on the public internet [NET-2]', () => {
  test('is refused however it is written', () => {
    fc.assert(
      fc.property(spelled(closed), scheme, rest, ({ text }, how, more) => {
        expect(refused(() => parseTarget(`${how}://${text}${more}`, []))).toBe(true);
      }),
      runs(3000),
    );
  });

  test('is refused inside an IPv6 address that stands for it', () => {
    const hex = (quad: Quad) => {
      const [a, b, c, d] = quad;
      return `${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`;
    };
    const inside = fc.constantFrom<(quad: Quad) => string>(
      (quad) => `::ffff:${quad.join('.')}`,
      (quad) => `::ffff:${hex(quad)}`,
      (quad) => `::${quad.join('.')}`,
      (quad) => `0:0:0:0:0:FFFF:${hex(quad).toUpperCase()}`,
      (quad) => `64:ff9b::${hex(quad)}`,
      (quad) => `2002:${hex(quad)}::1`,
      (quad) => `::ffff:0:${hex(quad)}`,
    );
    fc.assert(
      fc.property(closed, inside, scheme, (quad, write, how) => {
        expect(refused(() => parseTarget(`${how}://[${write(quad)}]/`, []))).toBe(true);
        expect(refused(() => checkAddress(write(quad), 'name.example', 443, false))).toBe(true);
      }),
      runs(800),
    );
  });

  test('is refused when a name leads to it, whatever the name', () => {
    fc.assert(
      fc.property(
        closed,
        fc.constantFrom('example.com', '127.0.0.1', 'localhost', 'a.localhost'),
        fc.integer({ min: 1, max: 65535 }),
        (quad, host, port) => {
          expect(refused(() => checkAddress(quad.join('.'), host, port, false))).toBe(true);
          expect(rangeOf(quad.join('.'))).not.toBe('unicast');
        },
      ),
      runs(500),
    );
  });
});

describe('an address on the public internet', () => {
  test('can be reached, and is known by its usual form', () => {
    fc.assert(
      fc.property(spelled(open), ({ quad, text }) => {
        expect(parseTarget(`https://${text}/`, []).host).toBe(quad.join('.'));
      }),
      runs(500),
    );
  });
});

describe('what a person allowed [NET-2]', () => {
  test('opens this host and port, and nothing beside it', () => {
    const host = fc.constantFrom(
      'localhost',
      '127.0.0.1',
      '192.168.1.20',
      '[::1]',
      '10.0.0.5',
      'dev.localhost',
    );
    const port = fc.constantFrom(80, 3000, 8080);
    fc.assert(
      fc.property(
        host,
        port,
        host,
        port,
        fc.constantFrom('80', '3000', '8080', '*'),
        (allowed, _, asked, askedPort, allowedPort) => {
          const may = !refused(() =>
            parseTarget(`http://${asked}:${askedPort}/`, [`${allowed}:${allowedPort}`]),
          );
          expect(may).toBe(allowed === asked && (allowedPort === '*' || Number(allowedPort) === askedPort));
        },
      ),
      runs(500),
    );
  });
});

describe('any text', () => {
  const urlish = fc
    .tuple(
      fc.constantFrom(
        'http://',
        'https://',
        'http:',
        'https:/',
        '//',
        'file:///',
        'javascript:',
        'ftp://',
        'ws://',
        'blob:http://',
        '',
      ),
      fc.constantFrom('', 'user@', 'user:pw@', ':@', '@', 'a%40'),
      fc.oneof(
        fc.constantFrom(
          'example.com',
          'EXAMPLE.com.',
          '*.example.com',
          'localhost',
          'xn--a',
          '[::1]',
          '[fe80::1%25eth0]',
          '0',
          '..',
          'ex ample.com',
          'a'.repeat(300),
        ),
        anyText(12),
      ),
      fc.constantFrom('', ':0', ':22', ':65536', ':-1', ':8080', ':', ':٣'),
      fc.oneof(fc.constantFrom('', '/', '\\evil.com', '/..//', '?@127.0.0.1', '#@127.0.0.1'), anyText(12)),
    )
    .map((parts) => parts.join(''));

  test('is a target that means the same when it is read again, or is refused', () => {
    fc.assert(
      fc.property(fc.oneof(urlish, anyText(60)), (text) => {
        let target: ReturnType<typeof parseTarget>;
        try {
          target = parseTarget(text, []);
        } catch (error) {
          expect(error).toMatchObject({ code: 'url_refused' });
          return;
        }
        const { url, host, port } = target;
        expect(['http:', 'https:']).toContain(url.protocol);
        expect(url.username + url.password).toBe('');
        expect(host).toMatch(/^[a-z0-9_.:-]+$/);
        expect(port).toBeGreaterThan(0);
        // What is checked is what is dialled: a second reading finds the same place.
        const again = parseTarget(url.href, []);
        expect([again.host, again.port]).toEqual([host, port]);
      }),
      runs(3000),
    );
  });
});
