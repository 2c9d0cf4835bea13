import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FastbandError } from '../core/errors.ts';
import { checkAddress, hostWarnings, parseTarget, rangeOf } from './url.ts';
import { REFUSED_URLS } from './url-testing.ts';

function outcome(work: () => unknown): string {
  try {
    work();
    return 'allowed';
  } catch (error) {
    return error instanceof FastbandError ? error.code : String(error);
  }
}

describe('URLs that may be asked for', () => {
  test.each([
    ['https://example.com/', 'example.com', 443],
    ['http://EXAMPLE.com.:8080/a?b#c', 'example.com', 8080],
    ['https://[2606:2800:220:1::1]/', '2606:2800:220:1::1', 443],
    ['https://93.184.216.34/', '93.184.216.34', 443],
    ['https://a_b.example.com/', 'a_b.example.com', 443],
    ['https://münchen.example/', 'xn--mnchen-3ya.example', 443],
    ['https://%65xample.com/', 'example.com', 443],
    ['https://example.com/#@127.0.0.1/', 'example.com', 443],
    ['https://example.com/?u=http://127.0.0.1/', 'example.com', 443],
  ])('%s', (url, host, port) => {
    expect(parseTarget(url, [])).toMatchObject({ host, port, allowedByPerson: false });
  });

  test.each(['ws://example.com/', 'wss://example.com/'])('%s, where the caller speaks that', (url) => {
    expect(outcome(() => parseTarget(url, []))).toBe('url_refused');
    expect(outcome(() => parseTarget(url, [], ['ws:', 'wss:']))).toBe('allowed');
  });
});

describe('URLs that are refused [NET-1 NET-2]', () => {
  test.each(REFUSED_URLS)('%s: %s', (_, url) => {
    expect(outcome(() => parseTarget(url, []))).toBe('url_refused');
  });

  test('a backslash before the @ makes a path of what looks like a host, as it does for who dials', () => {
    expect(parseTarget('http://example.com\\@127.0.0.1/', []).host).toBe('example.com');
  });

  test('a scheme whose host the parser leaves as it was written, even where a caller names it', () => {
    expect(outcome(() => parseTarget('postgres://0x7f000001/', ['*:*'], ['postgres:']))).toBe('url_refused');
  });

  test('every IPv4 address, written in any form, is judged by what it is', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 0xffffffff }), (value) => {
        const parts = [value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255];
        const plain = outcome(() => parseTarget(`http://${parts.join('.')}/`, []));
        const forms = [
          String(value),
          `0x${value.toString(16)}`,
          `0${value.toString(8)}`,
          parts.map((part) => `0x${part.toString(16)}`).join('.'),
          parts.map((part) => `0${part.toString(8)}`).join('.'),
          `${parts[0]}.${value & 0xffffff}`,
          `${parts.join('.')}.`,
        ];
        for (const form of forms) expect(outcome(() => parseTarget(`http://${form}/`, []))).toBe(plain);
      }),
      { numRuns: 500 },
    );
  });
});

describe('what a person allowed', () => {
  test.each([
    ['http://localhost:3000/', 'localhost:3000', 'allowed'],
    ['http://localhost.:3000/', 'localhost:3000', 'allowed'],
    ['http://localhost:3001/', 'localhost:3000', 'url_refused'],
    ['http://127.0.0.1:3001/', '127.0.0.1:*', 'allowed'],
    ['http://2130706433:3001/', '127.0.0.1:*', 'allowed'],
    ['http://127.0.0.2:3001/', '127.0.0.1:*', 'url_refused'],
    ['http://127.0.0.1:3000/', 'localhost:3000', 'url_refused'],
    ['http://[::1]:3001/', '[::1]:3001', 'allowed'],
    ['http://[::1]:3001/', '[0:0:0:0:0:0:0:1]:3001', 'allowed'],
    ['http://192.168.1.20:8080/', '192.168.1.20:8080', 'allowed'],
    ['https://192.168.1.20/', '192.168.1.20:443', 'allowed'],
    ['http://127.0.0.1:25/', '127.0.0.1:*', 'url_refused'],
    ['http://169.254.169.254/', '169.254.169.254:80', 'url_refused'],
    ['http://[fd00:ec2::254]/', '[fd00:ec2::254]:80', 'url_refused'],
    ['http://100.100.100.200/', '100.100.100.200:*', 'url_refused'],
    ['http://0.0.0.0:3000/', '0.0.0.0:3000', 'url_refused'],
    ['http://[::ffff:127.0.0.1]:3000/', '127.0.0.1:3000', 'url_refused'],
    ['http://224.0.0.1/', '224.0.0.1:*', 'url_refused'],
  ])('%s with %s: %s', (url, allowed, expected) => {
    expect(outcome(() => parseTarget(url, [allowed]))).toBe(expected);
  });

  test('localhost that leads elsewhere is refused', () => {
    expect(outcome(() => checkAddress('10.0.0.1', 'localhost', 3000, true))).toBe('url_refused');
  });
});

describe('public addresses of this machine and its neighbours', () => {
  const own = ['198.100.7.5/24', '2606:4700:1::5/64'];
  test.each([
    ['198.100.7.5', false, 'url_refused'],
    ['198.100.7.99', false, 'url_refused'],
    ['198.100.7.99', true, 'allowed'],
    ['198.100.8.1', false, 'allowed'],
    ['2606:4700:1::99', false, 'url_refused'],
    ['2606:4700:2::99', false, 'allowed'],
  ])('%s (allowed by a person: %s): %s', (address, allowed, expected) => {
    expect(outcome(() => checkAddress(address, 'a.example', 80, allowed, own))).toBe(expected);
  });
});

test.each([
  ['8.8.8.8', 'unicast'],
  ['100.64.0.1', 'carrierGradeNat'],
  ['2606:4700::1111', 'unicast'],
  ['4000::1', 'reserved'],
  ['fe80::1%eth0', 'invalid'],
  ['1', 'invalid'],
  ['0x7f.1', 'invalid'],
  ['', 'invalid'],
  ['168.63.129.16', 'metadata'],
])('%s is %s', (address, range) => {
  expect(rangeOf(address)).toBe(range);
});

describe('names in other scripts', () => {
  test('are said to be such, with how they look', () => {
    const { host } = parseTarget('https://аpple.com/', []);
    expect(host).toBe('xn--pple-43d.com');
    expect(hostWarnings(host)).toEqual([
      { code: 'foreignLetters', about: ['xn--pple-43d.com', 'аpple.com'] },
    ]);
  });
  test('plain names are not', () => {
    expect(hostWarnings('example.com')).toEqual([]);
  });
});
