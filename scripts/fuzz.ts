// `npm run fuzz -- --seconds 60 --seed 7`: requests by chance against a host of its own. Exit code 1 when one did harm.
import { parseArgs } from 'node:util';
import { fuzz } from '../e2e/fuzz.ts';

const { values } = parseArgs({
  options: { seconds: { type: 'string', default: '60' }, seed: { type: 'string' } },
});
const seconds = Number(values.seconds);
const seed = Number(values.seed ?? Date.now() % 1_000_000);
if (!(seconds > 0) || !Number.isSafeInteger(seed)) {
  console.error('Usage: npm run fuzz -- [--seconds N] [--seed N]');
  process.exit(2);
}
console.log(`seed ${seed}, ${seconds} s`);
const report = await fuzz({ seconds, seed, say: (text) => console.log(text) });
console.log(JSON.stringify({ ...report, found: report.found.length }, null, 2));
for (const one of report.found) console.log(one);
process.exit(report.found.length === 0 ? 0 : 1);
