/**
 * `npm run torture [-- --rounds N --seed N]`: kills the built host at random moments under load, and after each time
 * holds the next one to everything that was answered. Ends with 1 and the seed where something was not kept.
 */
import { randomInt } from 'node:crypto';
import { constants } from 'node:os';
import { parseArgs } from 'node:util';
import { torture } from '../e2e/torture.ts';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '1000' },
    seed: { type: 'string', default: String(randomInt(2 ** 31)) },
  },
});
const [rounds, seed] = [values.rounds, values.seed].map(Number);
if (
  rounds === undefined ||
  seed === undefined ||
  !(Number.isInteger(rounds) && rounds > 0 && Number.isInteger(seed))
)
  throw new Error('--rounds and --seed are whole numbers');

// Its host and its folder go with it: see e2e/ends-with-us.ts.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
  process.on(signal, () => process.exit(128 + constants.signals[signal]));

const say = (line: string) => process.stdout.write(`${line}\n`);
say(`${rounds} rounds with seed ${seed}`);
try {
  const report = await torture({ rounds, seed, progress: say });
  say(
    `${report.rounds} rounds in ${Math.round(report.seconds)} s (${report.killedStarting} killed while starting, ` +
      `${report.rounds - report.killedStarting} under load): ${report.acknowledged} rows acknowledged, ${report.lost} lost; ` +
      `the log verified ${report.verified} times, ${report.rows} rows in the end; ${report.undone} writes undone.`,
  );
} catch (error) {
  say(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}
