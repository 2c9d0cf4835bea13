import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { describe, expect, onTestFinished, test } from 'vitest';
import { parsePolicy, policyText } from './policy-file.ts';
import { readPolicy } from './policy-reader.ts';
import { loadProjectRules } from './project-policy.ts';

const DENY = `version: 1
rules:
  - effect: deny
    match: { kind: write, paths: ['src/**'] }
`;

/** Texts that a YAML parser goes through again and again. */
const TANGLED: readonly (readonly [name: string, text: string])[] = [
  ['braces within braces', '{'.repeat(60_000)],
  ['brackets and braces by turns', '[{'.repeat(30_000)],
  ['keys that are keys of keys', '? '.repeat(30_000)],
  [
    'many keys that must each be another',
    `{${Array.from({ length: 25_000 }, (_, i) => `k${i}: 1`).join(',')}}`,
  ],
  [
    'an alias for each anchor',
    `x: [${Array.from({ length: 14_000 }, (_, i) => `&a${i} 1,*a${i}`).join(',')}]`,
  ],
];

describe('a policy file that a stranger wrote', () => {
  test('is read as any', async () => {
    const rules = Array.from({ length: 1000 }, (_, i) => ({
      effect: 'deny' as const,
      match: { kind: 'write' as const, paths: [`src/${i}/**`] },
    }));
    const text = policyText({ version: 1, rules });
    expect(await readPolicy(text, 'it')).toEqual(parsePolicy(text, 'it'));
    await expect(readPolicy(`${DENY}rule: 1\n`, 'This file')).rejects.toThrow(
      'This file is no valid policy: line 5: there is no key "rule"',
    );
  });

  test.each(TANGLED)(
    'holds up nothing, and its workspace is closed: %s [POL-4 FLT-3]',
    async (_name, text) => {
      const root = mkdtempSync(join(tmpdir(), 'fastband-policy-'));
      onTestFinished(() => rmSync(root, { recursive: true }));
      await mkdir(join(root, '.fastband'));
      writeFileSync(join(root, '.fastband', 'policy.yaml'), text);
      const delay = monitorEventLoopDelay({ resolution: 10 });
      delay.enable();
      const workspace = { name: 'shop', root, readOnly: false, createdAt: 0 };
      const { rules, problems } = await loadProjectRules([workspace], undefined);
      delay.disable();
      expect(rules.map(({ effect, match }) => `${effect} ${match.kind}`)).toEqual([
        'deny write',
        'deny exec',
        'deny query',
      ]);
      expect(problems).toEqual([
        expect.stringMatching(/^In shop, .*cannot be understood: .*may be changed or run there\.$/),
      ]);
      expect(problems.join().length).toBeLessThan(1000);
      expect(delay.max / 1e6).toBeLessThan(1000);
    },
    30_000,
  );

  test('is read once, however often it is looked at', async () => {
    const text = `${DENY}${'# a long one\n'.repeat(1000)}`;
    const began = performance.now();
    await readPolicy(text, 'it');
    const first = performance.now() - began;
    const again = performance.now();
    for (let i = 0; i < 100; i++) await readPolicy(text, 'it');
    expect(performance.now() - again).toBeLessThan(first);
  });
});
