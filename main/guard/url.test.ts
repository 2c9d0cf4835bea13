import { describe, expect, test } from 'vitest';
import { FastbandError } from '../core/errors.ts';
import { checkAddress, parseTarget, rangeOf } from './url.ts';

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
  ])('%s', (url, host, port) => {
    expect(parseTarget(url, [])).toMatchObject({ host, port, allowedByPerson: false });
  });
});

describe('URLs that are refused', () => {
  test.each([
    ['another scheme', 'file:///etc/passwd'],
    ['a script', 'javascript:alert(1)'],
    ['no scheme', 'example.com'],
    ['credentials', 'https://user:pass@example.com/'],
    ['a mail port', 'http://example.com:25/'],
    ['loopback', 'http://127.0.0.1/'],
    ['loopback by name', 'http://localhost/'],
    ['loopback below its name', 'http://a.localhost/'],
    ['loopback in one number', 'http://2130706433/'],
    ['loopback in octal', 'http://0177.0.0.1/'],
    ['loopback in hexadecimal', 'http://0x7f000001/'],
    ['loopback, short', 'http://127.1/'],
    ['loopback in full-width digits', 'http://１２７.0.0.1/'],
    ['IPv6 loopback', 'http://[::1]/'],
    ['IPv4 mapped into IPv6', 'http://[::ffff:127.0.0.1]/'],
    ['the metadata address', 'http://169.254.169.254/latest/meta-data/'],
    ['the unspecified address', 'http://0.0.0.0/'],
    ['NAT64 of loopback', 'http://[64:ff9b::7f00:1]/'],
  ])('%s: %s', (_, url) => {
    expect(outcome(() => parseTarget(url, []))).toBe('url_refused');
  });
});

describe('what a person allowed', () => {
  test.each([
    ['http://localhost:3000/', 'localhost:3000', 'allowed'],
    ['http://localhost:3001/', 'localhost:3000', 'url_refused'],
    ['http://127.0.0.1:3001/', '127.0.0.1:*', 'allowed'],
    ['http://[::1]:3001/', '[::1]:3001', 'allowed'],
    ['http://169.254.169.254/', '169.254.169.254:80', 'url_refused'],
    ['http://0.0.0.0:3000/', '0.0.0.0:3000', 'url_refused'],
  ])('%s with %s: %s', (url, allowed, expected) => {
    expect(outcome(() => parseTarget(url, [allowed]))).toBe(expected);
  });

  test('localhost that leads elsewhere is refused', () => {
    expect(outcome(() => checkAddress('10.0.0.1', 'localhost', 3000, true))).toBe('url_refused');
  });
});

test.each([
  ['8.8.8.8', 'unicast'],
  ['100.64.0.1', 'carrierGradeNat'],
  ['2606:4700::1111', 'unicast'],
  ['4000::1', 'reserved'],
  ['fe80::1%eth0', 'invalid'],
])('%s is %s', (address, range) => {
  expect(rangeOf(address)).toBe(range);
});
