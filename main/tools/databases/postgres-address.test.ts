import { describe, expect, test } from 'vitest';
import { addressOf, mustEncrypt } from './postgres-address.ts';
import type { PlannedServer } from './source.ts';

const PLANNED: PlannedServer = {
  kind: 'server',
  name: 'pg:shop',
  secret: 'secret:shop',
  host: 'db.example.com',
  port: 5432,
};

describe('a connection’s URL', () => {
  test.each([
    ['postgres://shop:a%40b@db.example.com/items', { user: 'shop', password: 'a@b', database: 'items' }],
    ['postgresql://shop@DB.example.com.:5432', { user: 'shop', password: '', database: 'shop' }],
    ['postgres://shop@db.example.com/a?application_name=x&sslmode=disable', { encryption: 'none' }],
    ['postgres://shop@db.example.com/a?sslmode=require', { encryption: 'must' }],
    ['postgres://shop@db.example.com/a', { encryption: 'unless-local' }],
  ])('%s is read', (url, address) => {
    expect(addressOf(url, PLANNED)).toMatchObject({ host: 'db.example.com', port: 5432, ...address });
  });

  test.each([
    ['another scheme', 'mysql://shop@db.example.com/a'],
    ['no user', 'postgres://db.example.com/a'],
    ['another host', 'postgres://shop@evil.example.com/a'],
    ['another port', 'postgres://shop@db.example.com:5433/a'],
    ['another host as a parameter', 'postgres://shop@db.example.com/a?host=evil.example.com'],
    ['a file of ours', 'postgres://shop@db.example.com/a?sslkey=/home/me/.ssh/id_ed25519'],
    ['options for the server', 'postgres://shop@db.example.com/a?options=-c%20x=y'],
    ['a mode that checks no certificate', 'postgres://shop@db.example.com/a?sslmode=no-verify'],
    ['a mode by the name of a method', 'postgres://shop@db.example.com/a?sslmode=constructor'],
    ['half an escape', 'postgres://shop:%E0%A4%A@db.example.com/a'],
  ])('with %s is refused, and not repeated', (_, url) => {
    let error: unknown;
    try {
      addressOf(url, PLANNED);
    } catch (one) {
      error = one;
    }
    expect(error).toMatchObject({ code: expect.stringMatching(/^(?:invalid_input|url_refused)$/) });
    expect(String(error)).not.toMatch(/evil|id_ed25519|no-verify/);
  });
});

test.each([
  ['must', '127.0.0.1', true],
  ['unless-local', '127.0.0.1', false],
  ['unless-local', '::1', false],
  ['unless-local', '::ffff:127.0.0.1', false],
  ['unless-local', '10.0.0.1', true],
  ['unless-local', '203.0.113.9', true],
  ['unless-local', '', true],
  ['none', '203.0.113.9', false],
] as const)('encryption %s at %j: %s [DB-9]', (encryption, remote, expected) => {
  expect(mustEncrypt({ encryption }, remote)).toBe(expected);
});
