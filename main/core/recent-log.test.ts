import { expect, test } from 'vitest';
import { recentLog } from './recent-log.ts';
import { createRedactor } from './redact.ts';
import { silentLog } from './testing.ts';

test('keeps the last 200 lines, without secrets and without stacks', () => {
  const log = recentLog(
    silentLog,
    createRedactor(() => ['correct-horse-battery']),
    () => 0,
  );
  for (let i = 0; i < 250; i++) log.info({ i }, 'line');
  log.error({ err: new Error('failed with correct-horse-battery'), password: 'x' }, 'it broke');
  log.debug({}, 'not kept');
  const lines = log.lines();
  expect(lines).toHaveLength(200);
  expect(lines[0]).toBe('1970-01-01T00:00:00.000Z info line {"i":51}');
  expect(lines.at(-1)).toContain('error it broke');
  expect(lines.at(-1)).not.toMatch(/correct-horse|recent-log\.test|"x"/);
});
