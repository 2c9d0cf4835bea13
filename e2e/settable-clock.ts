import { readFileSync } from 'node:fs';

/**
 * `node --import …/settable-clock.ts`: the system's clock as this process and its threads see it is off by as many
 * milliseconds as the file that `TEST_CLOCK` names says. What counts the time that passes is left alone, as it is when
 * a person or a server sets a machine's clock.
 */
const file = process.env.TEST_CLOCK;
if (file !== undefined) {
  const Real = Date;
  const now = () => Real.now() + Number(readFileSync(file, 'utf8'));
  globalThis.Date = new Proxy(Real, {
    construct: (_, args: unknown[], of) =>
      Reflect.construct(Real, args.length === 0 ? [now()] : args, of) as object,
    apply: () => new Real(now()).toString(),
    get: (_, name) => (name === 'now' ? now : Reflect.get(Real, name)),
  });
}
