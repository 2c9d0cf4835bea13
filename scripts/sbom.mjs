// `npm run sbom`: what is shipped, as CycloneDX. `npm sbom --omit=dev` leaves out what development uses too, such as zod.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { npmCommand, ROOT } from './node.mjs';

const { name: own, packages } = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8'));
const shipped = new Set(
  Object.entries(packages)
    .filter(([path, { dev, devOptional }]) => path !== '' && dev !== true && devOptional !== true)
    .map(([path, { version }]) => `${path.split('node_modules/').at(-1)}@${version}`),
);
const [command, ...args] = npmCommand();
const { status, stdout } = spawnSync(
  command,
  [...args, 'sbom', '--sbom-format', 'cyclonedx', '--package-lock-only'],
  { cwd: ROOT, encoding: 'utf8', maxBuffer: 1 << 28, stdio: ['ignore', 'pipe', 'inherit'] },
);
if (status !== 0) process.exit(1);
const bom = JSON.parse(stdout);
const kept = (components) => components.filter(({ name, version }) => shipped.has(`${name}@${version}`));
const components = kept(bom.components);
const refs = new Set([bom.metadata.component['bom-ref'], ...components.map((one) => one['bom-ref'])]);
const dependencies = bom.dependencies
  .filter(({ ref }) => refs.has(ref))
  .map((one) => ({ ...one, dependsOn: (one.dependsOn ?? []).filter((ref) => refs.has(ref)) }));
// npm names it after the folder that it lies in.
bom.metadata.component.name = own;
process.stdout.write(`${JSON.stringify({ ...bom, components, dependencies }, null, 2)}\n`);
