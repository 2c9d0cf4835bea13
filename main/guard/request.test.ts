import { expect, test } from 'vitest';
import { boundUrl } from './request.ts';

test.each([
  [{ address: '127.0.0.1', family: 'IPv4', port: 7850 }, 'http://127.0.0.1:7850/mcp'],
  [{ address: '::', family: 'IPv6', port: 80 }, 'http://[::]:80/mcp'],
])('%o is shown as %s: where it listens is told by the socket [ACC-1]', (address, url) => {
  expect(boundUrl(address, '/mcp')).toBe(url);
});
