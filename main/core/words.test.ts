import { describe, expect, test } from 'vitest';
import type { Effect } from '../../contract/effects.ts';
import { titleWords } from './words.ts';

const net = (method: string, url: string): Effect => {
  const { hostname, port, protocol } = new URL(url);
  const usual = protocol === 'https:' ? 443 : 80;
  return { kind: 'net', method, host: hostname.replace(/^\[|\]$/g, ''), port: Number(port) || usual, url };
};

describe('what a person reads of a request', () => {
  test.each([
    ['a page', [net('GET', 'https://example.com/a')], 'reach example.com (GET)'],
    ['another port', [net('GET', 'https://example.com:8443/')], 'reach example.com:8443 (GET)'],
    ['not encrypted', [net('GET', 'http://localhost:3000/')], 'reach localhost:3000 (GET, not encrypted)'],
    [
      'what may change something',
      [net('DELETE', 'https://example.com/a')],
      'send example.com a DELETE request',
    ],
    ['an IPv6 address', [net('GET', 'https://[2606:4700::1]/')], 'reach [2606:4700::1] (GET)'],
    [
      'a name in another script, as it is looked up',
      [net('POST', 'https://аpple.com/')],
      'send xn--pple-43d.com a POST request',
    ],
    [
      'a secret that goes along',
      [net('POST', 'https://api.example.com/a'), { kind: 'secret', provider: 'secret:shop' } as const],
      'send api.example.com a POST request with the secret shop',
    ],
    ['a key alone', [{ kind: 'secret', provider: 'secret:shop' } as const], 'use the secret shop'],
  ])('%s', (_, effects, words) => {
    expect(titleWords('Claude Code', effects)).toBe(`Claude Code wants to ${words}`);
  });
});
