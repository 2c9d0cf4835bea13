import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FastbandError } from '../../core/errors.ts';
import { runs } from '../../core/property-testing.ts';
import { addressOf, mustEncrypt } from './postgres-address.ts';
import type { PlannedServer } from './source.ts';

const PLANNED: PlannedServer = {
  kind: 'server',
  name: 'pg:shop',
  secret: 'secret:shop',
  host: 'db.example.com',
  port: 5432,
};
/** Long and of letters that no message of ours has in a row: where it shows, it got out. */
const hidden = fc.stringMatching(/^zq[a-z0-9]{8}qz$/);

const often = <T>(usual: T, ...others: readonly T[]) =>
  fc.oneof({ weight: 3 * others.length, arbitrary: fc.constant(usual) }, fc.constantFrom(...others));
/** Connection URLs, most of them with something wrong about them; with what must not be repeated. */
const url = fc
  .record({
    scheme: often('postgres://', 'postgresql://', 'POSTGRES://', 'mysql://', 'postgres:', ''),
    user: fc.oneof(hidden, fc.constant('')),
    password: hidden,
    host: fc.oneof(fc.constant('db.example.com'), fc.constant('DB.example.com.'), hidden, fc.constant('')),
    port: often('', ':5432', ':5433', ':99999', ':x'),
    path: fc.oneof(hidden, fc.constantFrom('', '%', '%E0%A4%A')),
    more: often('', '&host=', '&sslkey=/', '&options=-c%20', '&sslrootcert=', '&hostaddr='),
    mode: fc.constantFrom(
      '',
      'disable',
      'prefer',
      'require',
      'verify-full',
      'no-verify',
      '__proto__',
      'REQUIRE',
    ),
  })
  .map(({ scheme, user, password, host, port, path, more, mode }) => ({
    text: `${scheme}${user}:${password}@${host}${port}/${path}?${mode === '' ? '' : `sslmode=${mode}`}${more === '' ? '' : `${more}${password}`}`,
    parts: [user, password, host, path].filter((one) => one.startsWith('zq')),
    mode,
  }));

describe('any connection URL', () => {
  test('leads to the server that was approved or is refused, and no refusal repeats what it says [KEY-4 KEY-5]', () => {
    const counted = { read: 0, refused: 0 };
    fc.assert(
      fc.property(url, ({ text, parts }) => {
        try {
          const { host, port } = addressOf(text, PLANNED);
          expect({ host, port }).toEqual({ host: 'db.example.com', port: 5432 });
          counted.read++;
        } catch (error) {
          if (!(error instanceof FastbandError)) throw error;
          const told = `${error.message} ${error.stack} ${JSON.stringify(error)} ${String(error.cause)}`;
          for (const part of parts) expect(told).not.toContain(part);
          counted.refused++;
        }
      }),
      runs(3000),
    );
    expect(counted.read).toBeGreaterThan(20);
    expect(counted.refused).toBeGreaterThan(500);
  });

  test('is encrypted to another machine, unless it says otherwise in so many words [DB-9]', () => {
    const remote = fc.oneof(
      fc.ipV4(),
      fc.ipV6(),
      fc.ipV4().map((one) => `::ffff:${one}`),
      fc.constantFrom('127.0.0.1', '::1', '::ffff:127.0.0.1', '', '127.0.0.1.example.com', '1127.0.0.1'),
    );
    fc.assert(
      fc.property(url, remote, ({ text, mode }, address) => {
        let read: ReturnType<typeof addressOf>;
        try {
          read = addressOf(text, PLANNED);
        } catch {
          return;
        }
        const local = /^(?:::ffff:)?127\.\d+\.\d+\.\d+$|^::1$/.test(address);
        if (mode !== 'disable' && !local) expect([mode, mustEncrypt(read, address)]).toEqual([mode, true]);
        if (mode === 'require' || mode === 'verify-full') expect(mustEncrypt(read, address)).toBe(true);
      }),
      runs(5000),
    );
  });
});
