import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { KEYTAR } from './package-facts.ts';

const ROOT = join(import.meta.dirname, '..');

test('what is built can be packaged, and the package is as it must be [APP-8 DEP-4]', async () => {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [join(ROOT, 'scripts', 'dist.mjs'), '--check'],
    { cwd: ROOT, maxBuffer: 1 << 24 },
  ).catch((error: { stdout: string }) => error);
  const checks = stdout.split('\n').filter((line) => /^(ok|FAIL) /.test(line));
  expect(checks.filter((line) => line.startsWith('FAIL'))).toEqual([]);
  expect(stdout).toMatch(/\n12 passed, 0 failed\n$/);
  expect(checks.filter((line) => line.includes('NOT CHECKED'))).toHaveLength(
    existsSync(join(ROOT, KEYTAR)) ? 0 : 1,
  );
}, 120_000);
