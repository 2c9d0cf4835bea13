import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FastbandError } from '../core/errors.ts';
import { checkAddress, hostWarnings, parseTarget, rangeOf } from './url.ts';

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
  test.each([
    ['a file', 'file:///etc/passwd'],
    ['a script', 'javascript:alert(1)'],
    ['data', 'data:text/html,x'],
    ['gopher', 'gopher://127.0.0.1:6379/_INFO'],
    ['dict', 'dict://127.0.0.1:11211/stats'],
    ['ftp', 'ftp://example.com/'],
    ['blob', 'blob:https://example.com/1'],
    ['a scheme within a scheme', 'view-source:http://example.com/'],
    ['no scheme', 'example.com'],
    ['no scheme, two slashes', '//example.com/'],
    ['credentials', 'https://user:pass@example.com/'],
    ['a name alone', 'https://user@example.com/'],
    ['a host that is a password', 'https://example.com:443@127.0.0.1/'],
    ['an @ behind a blank', 'http://1.1.1.1 &@127.0.0.1# @3.3.3.3/'],
    ['a backslash before the @', 'http://example.com\\@127.0.0.1/', 'allowed'],
    ['backslashes for slashes', 'http:\\\\127.0.0.1\\'],
    ['one slash', 'http:/127.0.0.1/'],
    ['three slashes', 'http:///127.0.0.1/'],
    ['a tab and a line feed inside', 'ht\ntp://12\t7.0.\r0.1/'],
    ['a NUL in the host', 'http://127.0.0.1%00.example.com/'],
    ['a port out of range', 'http://example.com:99999/'],
    ['port 0', 'http://example.com:0/'],
    ['a mail port', 'http://example.com:25/'],
    ['an IRC port', 'http://example.com:6667/'],
    ['ssh', 'http://example.com:22/'],
    ['no host', 'http://?a'],
    ['an empty part of a name', 'http://a..example/'],
    ['two dots at the end', 'http://localhost../'],
    ['an address with two dots at the end', 'http://127.0.0.1../'],
    ['a name that begins with a dot', 'http://.example.com/'],
    ['a name that a rule would read as many', 'http://*.example.com/'],
    ['a name with a shell in it', 'http://$(id)/'],
    ['a name too long', `http://${'a'.repeat(64)}.example/`],
    ['a whole too long', `http://${'a.'.repeat(130)}example/`],
    ['loopback', 'http://127.0.0.1/'],
    ['all of loopback', 'http://127.200.3.4/'],
    ['loopback with a dot', 'http://127.0.0.1./'],
    ['loopback by name', 'http://localhost/'],
    ['loopback by name with a dot', 'http://localhost./'],
    ['loopback by name in capitals', 'http://LOCALHOST/'],
    ['loopback below its name', 'http://a.localhost/'],
    ['loopback in one number', 'http://2130706433/'],
    ['loopback in octal', 'http://0177.0.0.1/'],
    ['loopback in one octal number', 'http://017700000001/'],
    ['loopback with zeros before', 'http://0000177.0.0.1/'],
    ['loopback in hexadecimal', 'http://0x7f000001/'],
    ['loopback, each part in its own way', 'http://0x7f.0.00.1/'],
    ['loopback, short', 'http://127.1/'],
    ['loopback, three parts', 'http://127.0.1/'],
    ['loopback in full-width digits', 'http://１２７.0.0.1/'],
    ['loopback in ringed digits', 'http://①②⑦.0.0.1/'],
    ['loopback with ideographic dots', 'http://127。0。0。1/'],
    ['loopback with half-width dots', 'http://127｡0｡0｡1/'],
    ['loopback, percent-encoded', 'http://%31%32%37.0.0.1/'],
    ['localhost in full width', 'http://ｌｏｃａｌｈｏｓｔ/'],
    ['localhost with a soft hyphen', 'http://local\u00adhost/'],
    ['localhost with a zero-width joiner', 'http://local\u200dhost./'],
    ['IPv6 loopback', 'http://[::1]/'],
    ['IPv6 loopback in full', 'http://[0000:0000:0000:0000:0000:0000:0000:0001]/'],
    ['IPv6 unspecified', 'http://[::]/'],
    ['IPv4 mapped into IPv6', 'http://[::ffff:127.0.0.1]/'],
    ['IPv4 mapped, in hexadecimal', 'http://[::ffff:7f00:1]/'],
    ['a public IPv4 mapped', 'http://[::ffff:8.8.8.8]/'],
    ['IPv4 compatible', 'http://[::127.0.0.1]/'],
    ['IPv4 translated', 'http://[::ffff:0:127.0.0.1]/'],
    ['NAT64', 'http://[64:ff9b::7f00:1]/'],
    ['NAT64 of a local prefix', 'http://[64:ff9b:1::7f00:1]/'],
    ['6to4', 'http://[2002:7f00:1::]/'],
    ['Teredo', 'http://[2001:0:4136:e378:8000:63bf:3fff:fdd2]/'],
    ['IPv6 link-local', 'http://[fe80::1]/'],
    ['IPv6 with a zone', 'http://[fe80::1%25eth0]/'],
    ['IPv6 site-local', 'http://[fec0::1]/'],
    ['IPv6 unique local', 'http://[fd12:3456::1]/'],
    ['IPv6 multicast', 'http://[ff02::1]/'],
    ['IPv6 documentation', 'http://[2001:db8::1]/'],
    ['IPv6 that is not given out', 'http://[4000::1]/'],
    ['segment routing', 'http://[5f00::1]/'],
    ['the metadata address', 'http://169.254.169.254/latest/meta-data/'],
    ['the metadata address in one number', 'http://2852039166/'],
    ['the metadata address mapped', 'http://[::ffff:a9fe:a9fe]/'],
    ['metadata of AWS over IPv6', 'http://[fd00:ec2::254]/'],
    ['metadata of Google over IPv6', 'http://[fd20:ce::254]/'],
    ['metadata of Alibaba', 'http://100.100.100.200/'],
    ['metadata of Oracle', 'http://192.0.0.192/'],
    ['the wire server of Azure, which is public', 'http://168.63.129.16/'],
    ['the unspecified address', 'http://0.0.0.0/'],
    ['the unspecified address as 0', 'http://0/'],
    ['this network', 'http://0.1.2.3/'],
    ['private 10', 'http://10.0.0.1/'],
    ['private 172', 'http://172.31.255.255/'],
    ['private 192', 'http://192.168.0.1/'],
    ['carrier-grade NAT', 'http://100.64.0.1/'],
    ['benchmarking', 'http://198.18.0.1/'],
    ['documentation', 'http://203.0.113.1/'],
    ['6to4 relays', 'http://192.88.99.1/'],
    ['multicast', 'http://224.0.0.1/'],
    ['reserved', 'http://240.0.0.1/'],
    ['broadcast', 'http://255.255.255.255/'],
    ['a number too large', 'http://4294967296/'],
  ])('%s: %s', (name, url, expected = 'url_refused') => {
    // What looks like credentials is the path of a public host here: the parser's reading is the one that is dialled.
    if (name === 'a backslash before the @') expect(parseTarget(url, []).host).toBe('example.com');
    expect(outcome(() => parseTarget(url, []))).toBe(expected);
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
    expect(hostWarnings(host)).toEqual([expect.stringContaining('“аpple.com”')]);
  });
  test('plain names are not', () => {
    expect(hostWarnings('example.com')).toEqual([]);
  });
});
