import fc from 'fast-check';
import { expect, test } from 'vitest';
import { anyText, runs } from '../core/property-testing.ts';
import { foreign, ownHosts } from './request.ts';

const port = fc.integer({ min: 1, max: 65_535 });
/** Names of this machine and such as look alike, with any port, and any text. */
const host = fc.oneof(
  anyText(),
  fc
    .tuple(
      fc.constantFrom(
        '127.0.0.1',
        'localhost',
        '[::1]',
        'LOCALHOST',
        '127.0.0.1.',
        '127.1',
        '0.0.0.0',
        'a.example',
      ),
      fc.oneof(port.map(String), fc.constantFrom('', '0', '7850@a', '7850.a')),
    )
    .map(([name, at]) => `${name}:${at}`),
);

test('only the three names of this server, to the letter, are its Host [ACC-2]', () => {
  fc.assert(
    fc.property(port, host, (own, asked) => {
      const ours = [`127.0.0.1:${own}`, `localhost:${own}`, `[::1]:${own}`];
      expect(foreign({ host: asked }, ownHosts(own)) === undefined).toBe(ours.includes(asked));
      for (const one of ours) expect(foreign({ host: one }, ownHosts(own))).toBeUndefined();
    }),
    runs(2000),
  );
});

test('a page of any other origin is refused, also of another name or port of this machine [ACC-2]', () => {
  fc.assert(
    fc.property(
      port,
      fc.nat(2),
      fc.oneof(
        anyText(),
        host.map((name) => `http://${name}`),
        host.map((name) => `https://${name}`),
      ),
      (own, which, origin) => {
        const asked = [...ownHosts(own)][which] ?? '';
        expect(foreign({ host: asked, origin }, ownHosts(own)) === undefined).toBe(
          origin === `http://${asked}`,
        );
        expect(foreign({ host: asked, origin: `http://${asked}` }, ownHosts(own))).toBeUndefined();
      },
    ),
    runs(2000),
  );
});
