import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { ROOT } from './node.mjs';

const Bom = z.object({
  bomFormat: z.literal('CycloneDX'),
  specVersion: z.string().regex(/^1\.\d$/),
  metadata: z.object({ component: z.object({ name: z.literal('fastband') }) }),
  components: z.array(
    z.object({ name: z.string(), version: z.string(), purl: z.string().regex(/^pkg:npm\//) }),
  ),
  dependencies: z.array(z.object({ ref: z.string(), dependsOn: z.array(z.string()) })),
});

test('the list of what is shipped is CycloneDX, names every package of it, and none of development alone', () => {
  const { stdout } = spawnSync(process.execPath, [join(ROOT, 'scripts', 'sbom.mjs')], {
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  });
  const { components } = Bom.parse(JSON.parse(stdout));
  const named = new Set(components.map(({ name, version }) => `${name}@${version}`));
  const read = (file) => JSON.parse(readFileSync(join(ROOT, file), 'utf8'));
  const manifest = read('package.json');
  for (const name of Object.keys({ ...manifest.dependencies, ...manifest.optionalDependencies }))
    expect(components.map((one) => one.name)).toContain(name);
  const missing = Object.entries(read('package-lock.json').packages)
    .filter(([path, { dev, devOptional }]) => path !== '' && dev !== true && devOptional !== true)
    .map(([path, { version }]) => `${path.split('node_modules/').at(-1)}@${version}`)
    .filter((one) => !named.has(one));
  expect(missing).toEqual([]);
  expect(components.map((one) => one.name)).not.toContain('vitest');
});
